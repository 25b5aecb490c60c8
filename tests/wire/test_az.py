"""The stand-in for az and `shipway jobs submit` against a running server, as scripts use them."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.ml_lab import make_workspace
from tests.shipway_server import ShipwayServer, running

from shipway.azure.arm import developer_credential, role_assignments
from shipway.azure.entra import federated_credentials, service_principals, tenant
from shipway.ml import computes

SUBJECT = "sc://shipway/lab/azure"
COMPONENT = """\
type: command
name: say
environment: azureml:local:1
command: echo ${{inputs.text}} | tee ${{outputs.out}}/said.txt
inputs: {text: {type: string}}
outputs: {out: {type: uri_folder}}
"""
JOB = """\
type: pipeline
display_name: told
settings: {default_compute: azureml:local}
outputs: {said: {type: uri_folder}}
jobs:
  one:
    type: command
    component: ./say.yml
    inputs: {text: hello}
    outputs: {out: "${{parent.outputs.said}}"}
"""
FAILING = """\
type: command
environment: azureml:local:1
compute: azureml:local
command: echo about to fail; exit 4
"""


@dataclass
class Caller:
    """Somebody with az on PATH, a folder and a login of their own."""

    server: ShipwayServer
    folder: Path
    variables: dict[str, str]

    def az(
        self, *words: str, code: int = 0, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return self.run("az", *words, code=code, folder=folder)

    def run(
        self, *words: str, code: int = 0, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            words, env=self.variables, cwd=folder or self.folder, capture_output=True, text=True,
            check=False, timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def sign_in(self) -> None:
        secret = developer_credential.get(self.server.store)
        self.az(
            "login", "--service-principal", "-u", secret.client_id, "-p", secret.client_secret,
            "--tenant", secret.tenant_id,
        )  # fmt: skip
        self.az("configure", "--defaults", "group=rg", "workspace=lab")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("az"), SHIPWAY_AZ="stand-in") as made:
        key = make_workspace(made.store)
        computes.create(
            made.store, workspace=key, name="cpu", compute_type="AmlCompute",
            location="westeurope",
        )  # fmt: skip
        yield made


@pytest.fixture
def caller(server: ShipwayServer, tmp_path: Path) -> Caller:
    return make_caller(server, tmp_path)


def make_caller(server: ShipwayServer, folder: Path) -> Caller:
    door = server.door().variables()
    kept = {
        name: value
        for name, value in door.items()
        if not name.startswith(("AZURE_CLIENT", "AZURE_TENANT"))
    }
    path = f"{server.home}/agent-tools/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
    own = {"AZURE_CONFIG_DIR": str(folder / "azure"), "PATH": path, "HOME": str(folder)}
    (folder / "say.yml").write_text(COMPONENT)
    (folder / "job.yml").write_text(JOB)
    (folder / "failing.yml").write_text(FAILING)
    return Caller(server=server, folder=folder, variables={**kept, **own})


def test_nobody_is_signed_in_at_first(caller: Caller) -> None:
    for words in (["account", "show"], ["account", "get-access-token"], ["ml", "job", "list"]):
        said = caller.az(*words, code=1).stderr
        assert said == "ERROR: Please run 'az login' to setup account.\n"


def test_a_secret_signs_in_and_lies_in_private_files(caller: Caller) -> None:
    caller.sign_in()
    told = json.loads(caller.az("account", "show").stdout)
    facts = tenant.facts(caller.server.store)
    assert told["id"] == facts.subscription_id
    assert told["tenantId"] == facts.tenant_id
    assert told["user"]["type"] == "servicePrincipal"
    for file in (caller.folder / "azure").iterdir():
        if file.name != "config":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE((caller.folder / "azure").stat().st_mode) == 0o700
    caller.az("logout")
    caller.az("account", "show", code=1)


def test_a_wrong_secret_is_told_in_entras_words(caller: Caller) -> None:
    secret = developer_credential.get(caller.server.store)
    words = ["login", "--service-principal", "-u", secret.client_id, "-p", "no", "--tenant"]
    assert "AADSTS7000215" in caller.az(*words, secret.tenant_id, code=1).stderr
    caller.az("account", "show", code=1)


@pytest.mark.parametrize("kind", ["secret", "federated"])
def test_the_sdks_own_cli_credential_takes_its_token(caller: Caller, kind: str) -> None:
    """azure-identity runs `az account get-access-token` and reads what it prints."""
    store = caller.server.store
    if kind == "secret":
        caller.sign_in()
        expected = developer_credential.get(store).client_id
    else:
        app = service_principals.create_with_application(store, display_name="connection")
        federated_credentials.create(store, app_id=app.app_id, name="ado", subject=SUBJECT)
        scope = f"/subscriptions/{tenant.facts(store).subscription_id}"
        role_assignments.assign(store, principal_id=app.object_id, role="Reader", scope=scope)
        assertion = federated_credentials.issue_assertion(store, subject=SUBJECT)
        caller.az(
            "login", "--service-principal", "-u", app.app_id, "--federated-token", assertion,
            "--tenant", tenant.facts(store).tenant_id,
        )  # fmt: skip
        expected = app.app_id
    script = (
        "import json, base64; from azure.identity import AzureCliCredential as C;"
        "t = C().get_token('https://management.azure.com/.default').token.split('.')[1];"
        "print(json.loads(base64.urlsafe_b64decode(t + '=='))['appid'])"
    )
    assert caller.run(sys.executable, "-c", script).stdout.strip() == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ml", "job", "creat", "-f", "x"], "Did you mean 'ml job create'"),
        (["nonsense"], "'nonsense' is misspelled or not recognized"),
        (["ml", "job", "show"], "the following arguments are required: --name/-n"),
        (["ml", "job", "show", "-n", "x", "--colour"], "unrecognized arguments: --colour"),
        (["ml", "job", "show", "-n", "x", "-o", "xml"], "invalid choice: 'xml'"),
        (["account", "list", "--query", "[?"], "argument --query: invalid jmespath_type value"),
    ],
)
def test_wrong_usage_ends_with_2(caller: Caller, words: list[str], said: str) -> None:
    caller.sign_in()
    assert said in caller.az(*words, code=2).stderr


def test_what_is_not_there_ends_with_3(caller: Caller) -> None:
    caller.sign_in()
    assert "nowhere" in caller.az("ml", "compute", "show", "-n", "nowhere", code=3).stderr


def test_a_file_that_is_not_there_is_named(caller: Caller) -> None:
    caller.sign_in()
    done = caller.az("ml", "job", "create", "-f", "gone.yml", code=1)
    assert "gone.yml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_job_from_file_to_download(caller: Caller) -> None:
    caller.sign_in()
    name = caller.az("ml", "job", "create", "-f", "job.yml", "--query", "name", "-o", "tsv")
    job = name.stdout.strip()
    streamed = caller.az("ml", "job", "stream", "-n", job).stdout
    assert f"RunId: {job}" in streamed
    assert "Execution Summary" in streamed
    status = caller.az("ml", "job", "show", "-n", job, "--query", "status", "-o", "tsv")
    assert status.stdout == "Completed\n"
    children = caller.az("ml", "job", "list", "-p", job, "--query", "[].status", "-o", "tsv")
    assert children.stdout == "Completed\n"
    caller.az("ml", "job", "download", "-n", job, "--output-name", "said", "-p", "got")
    found = [file.read_text() for file in (caller.folder / "got").rglob("said.txt")]
    assert found == ["hello\n"]


def test_a_failed_command_job_is_streamed_and_ends_with_1(caller: Caller) -> None:
    caller.sign_in()
    done = caller.az("ml", "job", "create", "-f", "failing.yml", "-n", "fails", "--stream", code=1)
    assert "about to fail" in done.stdout
    assert done.stderr.startswith("ERROR: ") or "ERROR: " in done.stderr
    told = json.loads(caller.az("ml", "job", "show", "-n", "fails").stdout)
    assert (told["name"], told["status"], told["type"]) == ("fails", "Failed", "command")
    assert told["resourceGroup"] == "rg"
    assert list(told) == sorted(told)


def test_a_running_job_is_canceled(caller: Caller) -> None:
    caller.sign_in()
    caller.az(
        "ml", "job", "create", "-f", "failing.yml", "-n", "long", "--set", "command=sleep 100",
        "-o", "none",
    )  # fmt: skip
    caller.az("ml", "job", "cancel", "-n", "long")
    said = caller.az("ml", "job", "stream", "-n", "long", code=1)
    assert "Canceled" in said.stderr


def test_a_component_is_registered_shown_and_listed(caller: Caller) -> None:
    caller.sign_in()
    words = ["-f", "say.yml", "--version", "7", "--query", "version", "-o", "tsv"]
    assert caller.az("ml", "component", "create", *words).stdout == "7\n"
    shown = caller.az("ml", "component", "show", "-n", "say", "-v", "7", "-o", "table").stdout
    assert shown.splitlines()[1].startswith("---")
    listed = caller.az("ml", "component", "list", "-n", "say", "--query", "[].version", "-o", "tsv")
    assert listed.stdout == "7\n"


def submit(caller: Caller, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """As a person in a shell that knows nothing but the home."""
    plain = {name: caller.variables[name] for name in ("PATH", "HOME", "SHIPWAY_HOME")}
    bare = Caller(server=caller.server, folder=caller.folder, variables=plain)
    return bare.run(sys.executable, "-m", "shipway", "jobs", *words, code=code)


def test_submit_needs_no_login(caller: Caller) -> None:
    said = submit(caller, "submit", "job.yml", "--stream", "-w", "lab").stdout
    assert "one" in said
    assert said.splitlines()[-1].endswith("Completed")
    told = json.loads(submit(caller, "submit", "job.yml", "-w", "lab", "--stream", "--json").stdout)
    assert (told["status"], told["children"][0]["reused"]) == ("Completed", True)
    why = submit(caller, "why", told["name"]).stdout
    assert "reused" in why
    shown = json.loads(submit(caller, "show", told["name"], "--json").stdout)
    assert shown["name"] == told["name"]
    names = [one["name"] for one in json.loads(submit(caller, "list", "--json").stdout)]
    assert told["name"] in names


def test_a_submitted_job_that_fails_ends_with_1(caller: Caller) -> None:
    done = submit(caller, "submit", "failing.yml", "--stream", "-w", "lab", code=1)
    assert "about to fail" in done.stdout
    assert [line.split(":")[0].strip() for line in done.stderr.splitlines()[-2:]] == [
        "where", "to do",
    ]  # fmt: skip


def test_wrong_submissions_are_told_in_three_parts(caller: Caller) -> None:
    (caller.folder / "bad.yml").write_text("type: pipeline\njobs: {a: {type: nothing}}\n")
    for words, where in ((["gone.yml"], "gone.yml"), (["bad.yml"], "bad.yml")):
        done = submit(caller, "submit", *words, "-w", "lab", code=1)
        assert done.stderr.startswith("error: ")
        assert f"  where: {where}\n" in done.stderr
        assert "Traceback" not in done.stderr
    done = submit(caller, "submit", "job.yml", "-w", "nowhere", code=1)
    assert "there is no workspace 'nowhere'" in done.stderr
    assert "rg/lab" in done.stderr
    assert "usage: shipway jobs submit" in submit(caller, "submit", code=2).stderr


def test_a_home_without_a_workspace_gets_one(tmp_path: Path) -> None:
    with running(tmp_path / "fresh", SHIPWAY_AZ="stand-in") as server:
        caller = make_caller(server, tmp_path)
        said = submit(caller, "submit", "job.yml", "--stream").stdout
        assert said.startswith("this home had no workspace: made default/default\n")
        again = submit(caller, "submit", "job.yml", "--stream").stdout
        assert "made default" not in again
        assert "(reused)" in again


def test_submit_without_a_server_says_what_to_do(tmp_path: Path) -> None:
    variables = {"PATH": os.environ["PATH"], "SHIPWAY_HOME": str(tmp_path / "none")}
    words = [sys.executable, "-m", "shipway", "jobs", "submit", "job.yml"]
    done = subprocess.run(
        words, env=variables, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "Start it with `shipway up`" in done.stderr
