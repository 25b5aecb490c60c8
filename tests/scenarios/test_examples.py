"""The examples run as their pages say: set up by their script, pushed, watched, approved."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.shipway_server import SHIPWAY, ShipwayServer, running, wait_for

from shipway.azure.entra import users
from shipway.devops import runs
from shipway.devops.runs import Run

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    """One server for all examples, with the people whom `shipway seed` makes."""
    with running(tmp_path_factory.mktemp("examples")) as started:
        users.ensure_demo_users(started.store)
        yield started


def push(server: ShipwayServer, name: str, *options: str) -> Run:
    """Set the example up, push it, and give the run that it started."""
    subprocess.run(
        [*SHIPWAY, "exec", "--", sys.executable, str(EXAMPLES / "set_up.py"), name, *options],
        env=server.environment(), check=True, timeout=60,
    )  # fmt: skip
    folder = server.home.parent / name
    shutil.copytree(EXAMPLES / name, folder)
    server.git(folder, "init", "-q", "-b", "main")
    server.git(folder, "add", ".")
    server.git(folder, "commit", "-q", "-m", "The example")
    before = {run.run_id for run in runs.list_of(server.store)}
    server.git(folder, "push", "-q", f"https://dev.azure.com/shipway/examples/_git/{name}", "main")
    (made,) = (run for run in runs.list_of(server.store) if run.run_id not in before)
    return made


def log(server: ShipwayServer, run: Run) -> str:
    """What the run's steps wrote."""
    return server.command("logs", str(run.run_id)).stdout


def test_minimal_says_what_was_pushed(server: ShipwayServer) -> None:
    run = push(server, "minimal")
    assert server.finished(run.run_id).result == "succeeded"
    assert f"commit {run.source_version} of minimal was pushed" in log(server, run)
    assert [r.name for r in server.records(run.run_id, "Task")][-1] == "Say what was pushed"


def test_approval_waits_for_the_approver_and_then_delivers(server: ShipwayServer) -> None:
    run = push(server, "approval", "--environment", "production", "--approver", "avery")
    number = str(run.run_id)
    waiting = server.command("runs", "watch", number, "--until-waiting", check=False)
    assert waiting.returncode == 4  # neither good nor bad yet
    assert "production" in server.command("approve").stdout
    refused = server.command("approve", number, check=False)
    assert refused.returncode == 1
    assert "may not approve" in refused.stderr
    assert "Good morning." not in log(server, run)
    server.command("approve", number, "--as", "avery", "--comment", "looks good")
    assert server.finished(run.run_id).result == "succeeded"
    assert "Good morning." in log(server, run)


def test_matrix_runs_a_job_per_language_and_hands_on_what_one_found(server: ShipwayServer) -> None:
    run = push(server, "matrix-and-templates")
    assert server.finished(run.run_id).result == "succeeded"
    said = wait_for(lambda: log(server, run) or None)
    assert "Hello, world" in said
    assert "in German it is 'Hallo, world'" in said
    assert {r.name for r in server.records(run.run_id, "Job")} == {
        "Greet en",
        "Greet de",
        "Summary",
    }
