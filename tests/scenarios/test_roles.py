"""Roles decide, and nothing else does: what a step, a job and a scoring process can reach.

One script asks Azure for the workspace. It runs three times without a role (403 in Azure's own
envelope, naming who may not do what) and three times with one.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running
from tests.support import identities, ml_world
from tests.support.identities import Azure

from shipway.azure.arm import resource_groups, role_assignments
from shipway.azure.entra import managed_identities
from shipway.azure.entra.principals import Principal
from shipway.devops import logs
from shipway.ml import computes, online_endpoints

ACTION = "Microsoft.MachineLearningServices/workspaces/read"

# what somebody may have in the shell in which the server is started
ODD = {
    "ODD_VARIABLE": "from-the-shell",
    "AZURE_CLIENT_ID": "shell-client",
    "AZURE_CLIENT_SECRET": "shell-secret",
    "AWS_SECRET_ACCESS_KEY": "shell-aws",
    "SHIPWAY_ODD": "shell-shipway",
    "PYTHONSTARTUP": "/shell/startup.py",
    "GIT_AUTHOR_NAME": "shell-author",
}

# the very same text is a pipeline's script, a job's code and a scoring script
SCRIPT = """
import json, os, subprocess, urllib.error, urllib.request

def token():
    if "IDENTITY_ENDPOINT" in os.environ:
        url = os.environ["IDENTITY_ENDPOINT"] + "?api-version=2019-08-01"
        ask = urllib.request.Request(url + "&resource=https://management.azure.com/")
        ask.add_header("X-IDENTITY-HEADER", os.environ["IDENTITY_HEADER"])
        return json.load(urllib.request.urlopen(ask))["access_token"]
    return subprocess.run(
        ["az", "account", "get-access-token", "--query", "accessToken", "-o", "tsv"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()

def ask():
    url = "https://management.azure.com@WORKSPACE@?api-version=2024-10-01"
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token()})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)

def told():
    status, body = ask()
    error = body.get("error", {})
    return {"status": status, "code": error.get("code"), "message": error.get("message"),
            "name": body.get("name"), "environment": dict(os.environ)}

def init():
    pass

def run(data):
    return told()

if __name__ == "__main__":
    print("TOLD " + json.dumps(told()), flush=True)
"""


@dataclass(kw_only=True)
class World:
    """One server with everything that acts in it."""

    server: ShipwayServer
    azure: Azure
    project: ProjectRepository
    connection: Principal


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("roles"), **ODD) as server:
        azure = identities.make_azure(server)
        project = server.project()
        connection, _ = identities.connect(project, "to-azure")
        (project.folder / "ask.py").write_text(script(azure))
        # a role somewhere, or `az` does not even find the subscription
        resource_groups.create_or_update(server.store, name="elsewhere", location="westeurope")
        role_assignments.assign(
            server.store, principal_id=connection.object_id, role="Reader",
            scope=f"{azure.workspace.resource_id.partition('/providers/')[0].rpartition('/')[0]}"
            "/elsewhere",
        )  # fmt: skip
        yield World(server=server, azure=azure, project=project, connection=connection)
        azure.call("DELETE", "onlineEndpoints/asks")


def script(azure: Azure) -> str:
    return SCRIPT.replace("@WORKSPACE@", azure.workspace.resource_id)


def told_in(text: str) -> dict[str, Any]:
    """What the script printed, as JSON."""
    line = next(line for line in text.splitlines() if "TOLD " in line)
    return dict(json.loads(line.partition("TOLD ")[2]))


def grant(world: World, principal_id: str) -> None:
    role_assignments.assign(
        world.server.store, principal_id=principal_id, role="Reader",
        scope=world.azure.workspace.resource_id,
    )  # fmt: skip


def expect_refused(told: dict[str, Any], principal_id: str) -> None:
    assert (told["status"], told["code"]) == (403, "AuthorizationFailed"), told
    assert f"with object id '{principal_id}' does not have authorization" in told["message"]
    assert f"to perform action '{ACTION}'" in told["message"]


def expect_answered(told: dict[str, Any]) -> None:
    assert (told["status"], told["name"]) == (200, "mlw"), told


def expect_built_from_nothing(found: dict[str, str]) -> None:
    """No variable, and no value, of the shell that started the server."""
    assert not set(ODD) & set(found)
    assert not set(ODD.values()) & set(found.values())
    mine = {n: v for n, v in os.environ.items() if n.startswith(("PYTEST", "VIRTUAL_ENV"))}
    assert not {n for n, v in mine.items() if found.get(n) == v}
    assert not {n for n in found if n.startswith(("AZURE_CLIENT", "AZURE_TENANT", "AZURE_FED"))}


def step_text(world: World, run_id: int, name: str) -> str:
    record = next(r for r in world.server.records(run_id, "Task") if r.name == name)
    assert record.log_id is not None
    log = logs.get(world.server.store, run_id=run_id, log_id=record.log_id)
    return "\n".join(logs.read(world.server.store, log, with_times=False))


PIPELINE = """
steps:
- task: AzureCLI@2
  displayName: asks
  inputs:
    azureSubscription: to-azure
    scriptType: bash
    scriptLocation: inlineScript
    inlineScript: python3 ask.py
"""


def test_a_task_may_do_what_its_connections_roles_allow(world: World) -> None:
    run_id = world.project.push(PIPELINE)
    assert world.server.finished(run_id).result == "succeeded", step_text(world, run_id, "asks")
    first = told_in(step_text(world, run_id, "asks"))
    expect_refused(first, world.connection.object_id)
    expect_built_from_nothing(first["environment"])
    grant(world, world.connection.object_id)
    run_id = world.project.push(PIPELINE)
    assert world.server.finished(run_id).result == "succeeded", step_text(world, run_id, "asks")
    expect_answered(told_in(step_text(world, run_id, "asks")))


def test_a_plain_script_has_no_azure_credential_at_all(world: World) -> None:
    """Neither before nor after a task of the same job that was logged in, whatever it tries."""
    url = f"http://127.0.0.1:{world.server.door().studio_port}/msi/token"
    query = "?api-version=2019-08-01&resource=https://management.azure.com/"
    tries = f"""
    found() {{ sed 's/^/FOUND /'; }}
    env | grep -iE '^(azure_(client|tenant|fed|sub)|identity_|msi_|arm_|idtoken|shipway_)' \\
      | grep -v '^SHIPWAY_PYTHON=' | found
    az account show > /dev/null 2>&1 && echo FOUND login
    az account get-access-token > /dev/null 2>&1 && echo FOUND token
    find "$AZURE_CONFIG_DIR" -name '*entries*' -size +0 | found
    status() {{ echo "$1 $(curl -s -o /dev/null -w '%{{http_code}}' -H "$2" "$3{query}")"; }}
    status IDENTITY 'X-Other: 1' {url}
    status IDENTITY 'X-IDENTITY-HEADER: a.b' {url}
    status METADATA 'Metadata: true' http://169.254.169.254/metadata/identity/oauth2/token
    echo "ENVIRONMENT $(python3 -c 'import json, os; print(json.dumps(dict(os.environ)))')"
"""
    run_id = world.project.push(f"""
steps:
- script: |{tries}
  displayName: before
- task: AzureCLI@2
  displayName: logged in
  inputs:
    azureSubscription: to-azure
    scriptType: bash
    scriptLocation: inlineScript
    inlineScript: az account show --query user.name -o tsv
- script: |{tries}
  displayName: after
""")
    assert world.server.finished(run_id).result == "succeeded"
    assert world.connection.app_id in step_text(world, run_id, "logged in")
    for name in ("before", "after"):
        lines = step_text(world, run_id, name).splitlines()
        assert [line for line in lines if line.startswith("FOUND")] == []
        said = [line for line in lines if line.startswith(("IDENTITY", "METADATA"))]
        assert said == ["IDENTITY 400", "IDENTITY 401", "METADATA 400"]
        line = next(line for line in lines if line.startswith("ENVIRONMENT "))
        expect_built_from_nothing(json.loads(line.removeprefix("ENVIRONMENT ")))


def test_a_job_may_do_what_its_computes_roles_allow(world: World) -> None:
    store, workspace = world.server.store, world.azure.workspace
    principal_id = computes.get(store, workspace=workspace.key, name="cpu").principal_id
    code = ml_world.scoring_code(store, workspace, "asking", script(world.azure))
    for number in (1, 2):
        ended = world.azure.job(f"asks-{number}", "python score.py", codeId=code)
        text = world.azure.job_log(f"asks-{number}")
        assert ended["status"] == "Completed", text
        told = told_in(text)
        if number == 1:
            expect_refused(told, principal_id)
            expect_built_from_nothing(told["environment"])
            grant(world, principal_id)
        else:
            expect_answered(told)


def test_an_identity_ends_with_its_job(world: World) -> None:
    """The secret with which a job asks for tokens is worth nothing once the job has ended."""
    world.azure.job("short", "echo TOLD $IDENTITY_HEADER")
    header = world.azure.job_log("short").partition("TOLD ")[2].split()[0]
    door = world.server.door()
    url = "/msi/token?api-version=2019-08-01&resource=https://management.azure.com/"
    answer = door.studio("GET", url, headers={"X-IDENTITY-HEADER": header})
    assert answer.status == 401, answer.body
    assert world.server.store.documents.find("identity_header", header.partition(".")[0]) is None


@pytest.mark.slow
def test_a_scoring_process_may_do_what_its_endpoints_roles_allow(world: World) -> None:
    world.azure.deploy("asks", script=script(world.azure))
    found = online_endpoints.get(
        world.server.store, workspace=world.azure.workspace.key, name="asks"
    )
    status, told = world.azure.score("asks", {})
    assert status == 200, told
    expect_refused(told, found.principal_id)
    expect_built_from_nothing(told["environment"])
    grant(world, found.principal_id)
    status, told = world.azure.score("asks", {})
    expect_answered(told)
    assert managed_identities.find_for(
        world.server.store, online_endpoints.resource_id(world.azure.workspace.key, "asks")
    ) is not None  # fmt: skip
