"""The command line against a real server: exit codes, three-part errors, down and its steps."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.running_server import (
    RunningServer,
    plain_environment,
    running_server,
    shipway,
)

from shipway.base import front_door, process
from shipway.base.home import Home


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("commands") / "h") as running:
        yield running


def test_usage_errors_end_with_2(tmp_path: Path) -> None:
    env_vars = plain_environment(tmp_path)
    for words in (["nonsense"], ["up", "--colour"], [], ["env", "--shell", "tcsh"]):
        done = shipway(*words, env_vars=env_vars, accept=(2,))
        assert "usage: shipway" in done.stderr


def test_help_and_version_end_with_0(tmp_path: Path) -> None:
    env_vars = plain_environment(tmp_path)
    said = shipway("--help", env_vars=env_vars).stdout
    for verb in ("up", "down", "status", "env", "exec", "doctor"):
        assert f"\n    {verb} " in said
    assert shipway("--version", env_vars=env_vars).stdout.strip()


def test_a_known_error_has_three_parts_and_ends_with_1(tmp_path: Path) -> None:
    done = shipway("env", env_vars=plain_environment(tmp_path / "none"), accept=(1,))
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: no server has been started on ")
    assert lines[1].startswith("  where: ")
    assert lines[2] == "  to do: Start it with `shipway up`."
    assert done.stdout == ""


def test_an_unexpected_error_ends_with_3_and_leaves_a_log(tmp_path: Path) -> None:
    home = tmp_path / "h"
    (home / "run").mkdir(parents=True)
    (home / "run" / "server.json").mkdir()  # what no one could have foreseen
    (home / "run" / "ports.json").mkdir()
    (home / "lock").mkdir()
    done = shipway("down", env_vars=plain_environment(home), accept=(3,))
    assert "shipway failed unexpectedly" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in (home / "logs" / "command.log").read_text()


def test_a_reader_that_goes_away_is_no_error(server: RunningServer) -> None:
    done = subprocess.run(
        ["sh", "-c", "shipway doctor | head -c 1; echo"], env=server.env_vars,
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "error" not in done.stderr


def test_status_as_json_has_what_the_page_shows(server: RunningServer) -> None:
    status = json.loads(server.run("status", "--json", "--refusals", "3").stdout)
    assert status["home"] == str(server.home)
    assert status["pid"] == server.pid
    assert {worker["name"] for worker in status["workers"]} >= {"agent"}
    assert isinstance(status["refusals"], list)


def test_doctor_is_content_with_a_healthy_home(server: RunningServer) -> None:
    findings = json.loads(server.run("doctor", "--json").stdout)
    assert [f["check"] for f in findings if f["level"] == "failure"] == []
    said = {finding["check"]: finding["found"] for finding in findings}
    assert said["server"] == f"process {server.pid} answers"
    assert said["authority"].startswith("valid until")


def test_doctor_names_keys_that_others_may_read(tmp_path: Path) -> None:
    with running_server(tmp_path / "h") as server:
        (server.home / "secrets.key").chmod(0o644)
        done = server.run("doctor", accept=(1,))
    assert "FAIL  home" in done.stdout
    assert f"to do: chmod go-rwx {server.home / 'secrets.key'}" in done.stdout


def test_a_given_port_is_used(tmp_path: Path, server: RunningServer) -> None:
    with running_server(tmp_path / "h") as first:
        ports = (first.proxy_port, first.studio_port)
    swapped = ("--proxy-port", str(ports[1]), "--studio-port", str(ports[0]))
    with running_server(tmp_path / "h", *swapped) as second:
        assert (second.studio_port, second.proxy_port) == ports
    assert server.owner("GET", "/status").status == 200


def test_down_leaves_steps_running_and_down_kill_ends_them(tmp_path: Path) -> None:
    with running_server(tmp_path / "h") as server:
        control = server.home / "runs" / "1" / "job" / "step-1"
        process.start(
            ["sleep", "300"], control=control, cwd=tmp_path, env_vars={"PATH": os.environ["PATH"]}
        )
        while process.look(control).state != "running":
            process.wait(control, seconds=0.01)
        server.run("down")
        assert process.look(control).state == "running"
        done = json.loads(server.run("down", "--kill", "--json").stdout)
        assert done == {"home": str(server.home), "pid": None, "deployments": 0, "killed": 1}
        assert process.wait(control, seconds=10).state == "ended"


def test_children_reach_azure_by_the_variables_of_the_ground_floor(server: RunningServer) -> None:
    values = front_door.variables(Home(server.home))
    assert not {name for name in values if name.startswith("AZURE")}
    done = subprocess.run(
        ["curl", "-sS", "https://graph.microsoft.com/v1.0/me", "http://169.254.169.254/latest"],
        env={"PATH": os.environ["PATH"], **values}, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    assert '"code":"AuthenticationFailed"' in done.stdout
    assert "169.254.169.254 is a link-local or metadata address" in done.stdout


def test_a_clone_carries_proxy_and_authority_in_its_own_config(
    server: RunningServer, tmp_path: Path
) -> None:
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0"}
    subprocess.run(["git", "init", "-q", "clone"], cwd=tmp_path, env=bare, check=True)
    for name, value in front_door.git_settings(Home(server.home)):
        subprocess.run(["git", "config", name, value], cwd=tmp_path / "clone", env=bare, check=True)
    done = subprocess.run(
        ["git", "ls-remote", "https://dev.azure.com/shipway/p/_git/r"], cwd=tmp_path / "clone",
        env=bare, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "could not read Username" in done.stderr, done.stderr


def test_no_secret_of_the_developer_lies_readable_in_the_home(server: RunningServer) -> None:
    told = server.owner("GET", "/credentials").json()
    server.token()
    server.run("env", "--shell", "sh")
    server.run("exec", "--", "true")
    secrets = [told["client_secret"], told["personal_access_token"]]
    forms = [form for secret in secrets for form in _forms(secret)]
    for path in server.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [form for form in forms if form in content], path


def _forms(secret: str) -> list[bytes]:
    """A secret plain, and in base64 at each of the three places where it may begin."""
    plain = secret.encode()
    shifted = [base64.b64encode(b"x" * pad + plain)[4:-4] for pad in (0, 1, 2)]
    return [plain, *shifted]
