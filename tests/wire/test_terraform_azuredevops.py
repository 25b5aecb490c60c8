"""The resources of azuredevops by the real terraform, and that what they make is real."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.shipway_server import ShipwayServer, running, wait_for
from tests.support.needs_terraform import needs_terraform
from tests.support.terraform_root import TerraformFolder, variables
from tests.wire.azuredevops_everything import CHANGING, COUNT, EVERYTHING, HEAD, PROVIDER
from tests.wire.azuredevops_parts import DATA, LOOP, SMALL, WRONG

from shipway.azure.entra import users
from shipway.devops import approvals, projects, runs

pytestmark = [pytest.mark.terraform, needs_terraform]
Devops = Callable[..., Any]
Folder = Callable[[str], TerraformFolder]
# secrets and choices that no service gives back: a plan after an import sends them again
NOT_IMPORTED = {
    # resetting all votes resets the approving ones too: the service tells both, one was asked for
    "azuredevops_branch_policy_min_reviewers.main",
    "azuredevops_build_definition.ml",
    "azuredevops_git_repository.stack",
    "azuredevops_git_repository.empty",
    "azuredevops_git_repository_file.pipeline",
    "azuredevops_serviceendpoint_azurerm.key",
    "azuredevops_serviceendpoint_generic.hook",
    "azuredevops_serviceendpoint_github.github",
    "azuredevops_variable_group.ml",
    "azuredevops_project_features.ml",
}
NO_IMPORT = ("azuredevops_group_membership", "azuredevops_team_members")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("azuredevops")) as made:
        users.ensure_demo_users(made.store)
        users.create(made.store, name="newcomer")
        yield made


@pytest.fixture(scope="module")
def env_vars(server: ShipwayServer) -> dict[str, str]:
    return variables(server)


@pytest.fixture
def folder(server: ShipwayServer, env_vars: dict[str, str], tmp_path: Path) -> Folder:
    """A folder with these resources, initialised."""

    def make(text: str) -> TerraformFolder:
        data = server.home.parent / "terraform-data"
        made = TerraformFolder(folder=tmp_path / "root", data=data, env_vars=env_vars)
        made.write(text)
        made.init()
        return made

    return make


@pytest.fixture
def devops(server: ShipwayServer, env_vars: dict[str, str]) -> Devops:
    """A call of Azure DevOps by the provider's own personal access token."""
    secret = base64.b64encode(f":{env_vars['AZDO_PERSONAL_ACCESS_TOKEN']}".encode()).decode()

    def call(method: str, path: str, body: object = None) -> Any:
        answer = server.door().azure(
            method, "dev.azure.com", f"/shipway{path}",
            body=None if body is None else json.dumps(body),
            headers={
                "Content-Type": "application/json", "Accept": "application/json",
                "Authorization": f"Basic {secret}",
            },
        )  # fmt: skip
        assert answer.status < 300, answer
        return answer.json() if answer.status != 204 else None

    return call


def _imported_as(address: str, attributes: dict[str, Any]) -> str:
    """What `terraform import` takes for a resource."""
    kind = address.partition(".")[0].removeprefix("azuredevops_")
    if kind == "git_repository_file":
        return f"{attributes['id']}:{attributes['branch']}"
    if kind == "build_folder":
        return f"{attributes['project_id']}/{attributes['path']}"
    if "project_id" not in attributes or kind in ("pipeline_authorization", "project_features"):
        return str(attributes["id"])
    return f"{attributes['project_id']}/{attributes['id']}"


def test_all_types_through_their_life(folder: Folder, server: ShipwayServer) -> None:
    """Create, no change, change in place, import, replace, destroy."""
    root = folder(EVERYTHING)
    first = root.applied("-var", "place=life")
    assert first.counts() == (COUNT, 0, 0)
    known = root.state()
    for address, attributes in known.items():
        assert attributes["id"], address
    project = known["azuredevops_project.ml"]["id"]
    connection = known["azuredevops_serviceendpoint_azurerm.federated"]
    assert (
        connection["workload_identity_federation_subject"] == "sc://shipway/all-life/azure-ml-life"
    )
    permitted = known["azuredevops_pipeline_authorization.environment"]["id"]
    environment = known["azuredevops_environment.ml"]["id"]
    definition = known["azuredevops_build_definition.ml"]["id"]
    assert permitted == f"{project}/environment/{environment};pipeline_id={definition}"
    root.unchanged("-var", "place=life")

    changed = root.applied("-var", "place=life", "-var", "changed=true")
    assert changed.counts() == (0, CHANGING, 0), changed.changes()
    root.unchanged("-var", "place=life", "-var", "changed=true")
    assert all("two" in one for one in root.outputs()["made_of_names"])

    _import_everything(root, root.state())

    renamed = ("-var", "place=life", "-var", "changed=true", "-var", "readme=docs/why.md")
    assert root.plan(*renamed).changes() == {"azuredevops_git_repository_file.readme": "replace"}
    assert root.applied(*renamed).counts() == (1, 0, 1)

    gone = root.told("destroy", "-auto-approve", "-input=false", "-var", "place=life")
    assert gone.code == 0, gone.summaries
    assert projects.find(server.store, project) is None


def _import_everything(root: TerraformFolder, known: dict[str, dict[str, Any]]) -> None:
    """Forget all that can be imported, import it, and see what a plan would send again."""
    addresses = [one for one in known if one.partition(".")[0] not in ("data", *NO_IMPORT)]
    text = "".join(
        f'import {{\n  to = {one}\n  id = "{_imported_as(one, known[one])}"\n}}\n'.replace(
            "\\", "\\\\"
        )
        for one in addresses
    )
    assert root.run("state", "rm", *addresses).returncode == 0
    root.write(text, "imports.tf")
    outcome = root.applied("-var", "place=life", "-var", "changed=true")
    added, _, destroyed = outcome.counts()
    assert (added, destroyed) == (0, 0)
    actions = outcome.changes()
    assert {one for one, action in actions.items() if action == "update"} == NOT_IMPORTED
    (root.folder / "imports.tf").unlink()
    root.unchanged("-var", "place=life", "-var", "changed=true")
    after = root.state()
    assert {one: after[one]["id"] for one in addresses} == {
        one: known[one]["id"] for one in addresses
    }


PIPELINE = """
trigger: none
stages:
- stage: Train
  variables: [{group: ml-dev}]
  jobs:
  - job: T
    steps: [{checkout: none}, {script: 'echo "workspace $(WORKSPACE), secret $(KEY)"'}]
- stage: Release
  jobs:
  - deployment: Ship
    environment: dev-approval
    strategy: {runOnce: {deploy: {steps: [{script: echo shipped}]}}}
"""


def test_a_push_starts_what_terraform_made(
    folder: Folder, server: ShipwayServer, devops: Devops, tmp_path: Path
) -> None:
    """The repository, pipeline, variable group and approval of a configuration work together."""
    root = folder(HEAD + LOOP)
    root.applied()
    clone = tmp_path / "clone"
    server.git(tmp_path, "clone", "-q", root.outputs()["clone_url"], str(clone))
    (clone / "azure-pipelines.yml").write_text(PIPELINE)
    server.git(clone, "add", "-A")
    server.git(clone, "commit", "-q", "-m", "Add the pipeline")
    server.git(clone, "push", "-q", "origin", "HEAD:refs/heads/other")
    assert not _runs(server, root)  # the trigger of the definition is for main only
    server.git(clone, "push", "-q", "origin", "HEAD:main")
    [run] = _runs(server, root)
    approval = wait_for(
        lambda: next((a for a in approvals.list_of(server.store) if a.run_id == run.run_id), None),
        seconds=90,
    )
    log = _log_of(devops, root, run.run_id)
    assert "workspace mlw-flights, secret ***" in log
    assert "hush-hush" not in log
    assert approval.status == "pending"
    told = server.command("approve", str(run.run_id), "--as", "avery", check=False)
    assert told.returncode == 0, told.stderr
    assert server.finished(run.run_id, seconds=90).result == "succeeded"
    server.git(clone, "fetch", "-q", "origin")
    root.unchanged()


def _runs(server: ShipwayServer, root: TerraformFolder) -> list[runs.Run]:
    definition = int(root.state()["azuredevops_build_definition.ml"]["id"])
    return [one for one in runs.list_of(server.store) if one.definition_id == definition]


def _log_of(devops: Devops, root: TerraformFolder, run_id: int) -> str:
    project = root.state()["azuredevops_project.ml"]["id"]
    logs = devops("GET", f"/{project}/_apis/build/builds/{run_id}/logs")["value"]
    lines: list[str] = []
    for one in logs:
        told = devops("GET", f"/{project}/_apis/build/builds/{run_id}/logs/{one['id']}")
        lines += told["value"]
    return "\n".join(lines)


def test_what_was_changed_or_deleted_behind_terraform_is_set_right(
    folder: Folder, devops: Devops
) -> None:
    root = folder(HEAD + SMALL)
    root.applied("-var", "place=drift")
    known = root.state()
    project = known["azuredevops_project.ml"]["id"]
    environment = known["azuredevops_environment.dev"]["id"]
    group = known["azuredevops_variable_group.ml"]["id"]
    place = f"/{project}/_apis/distributedtask"
    devops("PATCH", f"{place}/environments/{environment}", {"description": "by hand"})
    devops("DELETE", f"{place}/variablegroups/{group}")
    hook = known["azuredevops_serviceendpoint_generic.hook"]["id"]
    gone = f"/_apis/serviceendpoint/endpoints/{hook}?projectIds={project}"
    devops("DELETE", gone)
    outcome = root.applied("-var", "place=drift")
    assert outcome.changes() == {
        "azuredevops_environment.dev": "update",
        "azuredevops_variable_group.ml": "create",
        "azuredevops_serviceendpoint_generic.hook": "create",
    }
    root.unchanged("-var", "place=drift")
    devops("DELETE", f"/_apis/projects/{project}")
    again = root.plan("-var", "place=drift")
    assert set(again.changes().values()) == {"create"}
    assert len(again.changes()) == 5


def test_data_sources_tell_what_is_there(folder: Folder) -> None:
    root = folder(HEAD + SMALL + DATA)
    root.applied("-var", "place=data")
    root.unchanged("-var", "place=data")
    known = root.state()
    project = known["azuredevops_project.ml"]["id"]
    same = {
        "project.ml": "project.ml",
        "environment.by_name": "environment.dev",
        "environment.by_id": "environment.dev",
        "variable_group.ml": "variable_group.ml",
        "serviceendpoint_azurerm.by_name": "serviceendpoint_azurerm.ml",
        "serviceendpoint_github.by_id": "serviceendpoint_github.ml",
        "build_definition.ml": "build_definition.ml",
    }
    for source, made in same.items():
        data, resource = f"data.azuredevops_{source}", f"azuredevops_{made}"
        shared = set(known[data]) & set(known[resource]) - {"timeouts", "features", "variable"}
        told = {name: known[data][name] or None for name in shared}
        assert told == {name: known[resource][name] or None for name in shared}, data
    assert known["data.azuredevops_client_config.me"]["name"] == "shipway"
    assert [p["project_id"] for p in known["data.azuredevops_projects.one"]["projects"]] == [
        project
    ]
    repositories = known["data.azuredevops_git_repositories.all"]["repositories"]
    assert [one["name"] for one in repositories] == ["all-data"]
    groups = {one["display_name"]: one for one in known["data.azuredevops_groups.all"]["groups"]}
    contributors = known["data.azuredevops_group.contributors"]
    assert groups["Contributors"]["descriptor"] == contributors["descriptor"]
    assert known["data.azuredevops_user.dana"]["principal_name"] == "dana@shipway.local"
    descriptor = known["data.azuredevops_descriptor.dana"]["descriptor"]
    assert descriptor == known["data.azuredevops_user.dana"]["descriptor"]
    assert known["data.azuredevops_team.default"]["name"] == "all-data Team"
    assert known["data.azuredevops_agent_queue.hosted"]["agent_pool_id"] == int(
        known["data.azuredevops_agent_pool.hosted"]["id"]
    )


def test_a_data_source_that_finds_nothing_says_what(folder: Folder) -> None:
    absent = {
        "azuredevops_project": 'name = "nowhere"',
        "azuredevops_agent_pool": 'name = "nowhere"',
        "azuredevops_user": 'descriptor = "aad.nowhere"',
        "azuredevops_identity_user": 'name = "nowhere"',
    }
    blocks = "".join(f'data "{kind}" "x" {{\n{body}\n}}\n' for kind, body in absent.items())
    outcome = folder(PROVIDER + blocks).plan()
    told = {one["address"]: one["summary"] for one in outcome.errors}
    assert set(told) == {f"data.{kind}.x" for kind in absent}
    assert all("nowhere" in summary for summary in told.values()), told


def test_a_name_that_is_taken_is_told_at_the_name(folder: Folder, server: ShipwayServer) -> None:
    root = folder(HEAD + SMALL)
    root.applied("-var", "place=taken")
    project = root.state()["azuredevops_project.ml"]["id"]
    taken = {
        "azuredevops_project": ('name = "all-taken"', "name"),
        "azuredevops_environment": (f'project_id = "{project}"\nname = "dev"', "name"),
        "azuredevops_variable_group": (
            f'project_id = "{project}"\nname = "ml"\nvariable {{\nname = "A"\nvalue = "1"\n}}',
            "name",
        ),
        "azuredevops_serviceendpoint_generic": (
            f'project_id = "{project}"\nservice_endpoint_name = "hook"\n'
            'server_url = "https://hook.example.test"',
            "service_endpoint_name",
        ),
    }
    blocks = "".join(
        f'resource "{kind}" "again" {{\n{body}\n}}\n' for kind, (body, _) in taken.items()
    )
    root.write(HEAD + SMALL + blocks)
    outcome = root.apply("-var", "place=taken")
    assert outcome.code == 1
    told = {one["address"]: one for one in outcome.errors}
    for kind, (_, attribute) in taken.items():
        one = told[f"{kind}.again"]
        assert "already" in one["summary"], one
        assert attribute in one["snippet"]["code"], one
    assert f'"{project}/' in told["azuredevops_environment.again"]["summary"]


def test_wrong_values_are_told_by_validate_at_their_attributes(folder: Folder) -> None:
    root = folder(PROVIDER)
    for attribute, text in WRONG.items():
        root.write(PROVIDER + text)
        found = root.validate()
        assert found, attribute
        assert any(attribute in one["snippet"]["code"] for one in found), found


def test_who_may_not_is_told_so(folder: Folder, server: ShipwayServer) -> None:
    root = folder(HEAD)
    root.env_vars = {**root.env_vars, "AZDO_PERSONAL_ACCESS_TOKEN": server.token("avery")}
    outcome = root.apply("-var", "place=forbidden")
    assert outcome.code == 1
    assert "403" in outcome.summaries
    assert projects.find(server.store, "all-forbidden") is None


def test_what_is_not_supported_is_refused_in_the_plan(folder: Folder) -> None:
    definition = """
resource "azuredevops_build_definition" "ml" {
  project_id = azuredevops_project.ml.id
  name       = "nightly"
  repository {
    repo_type = "TfsGit"
    repo_id   = "11111111-1111-1111-1111-111111111111"
    yml_path  = "azure-pipelines.yml"
  }
  schedules {
    days_to_build = ["Mon"]
    branch_filter {
      include = ["main"]
    }
  }
}
"""
    outcome = folder(HEAD + definition).plan()
    assert outcome.code == 1
    [error] = outcome.errors
    assert error["summary"].startswith("`schedules` is not supported")
    assert error["address"] == "azuredevops_build_definition.ml"
