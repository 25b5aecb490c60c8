"""The official Python client (azure-devops 7.1) against Azure DevOps' routes."""

import gc
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.devops.exceptions import AzureDevOpsServiceError
from tests.devops_door import Door, open_door
from tests.support.begun_runs import (
    begin,
    deployment,
    end_jobs,
    is_running,
    job,
    settle,
    stage_of,
)

from shipway.devops import (
    artifacts,
    definitions,
    environment_machines,
    environments,
    logs,
    pipeline_permissions,
    runs,
)
from shipway.devops.runs import Issue, Record
from shipway.wire.devops import locations, table
from shipway.wire.http import RouteTable

# the client leaves the sockets of streamed answers open
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*socket.socket:pytest.PytestUnraisableExceptionWarning"
)
YAML = "trigger: [main]\nsteps:\n- script: echo hello\n"
MAIN = "refs/heads/main"
ZERO = "0" * 40


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as running:
        yield running


@pytest.fixture
def clients(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The client's factory, with a cache of its own, so that nothing is left in the home."""
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", str(tmp_path))
    from azure.devops import _file_cache
    from azure.devops.client import Client
    from azure.devops.connection import Connection
    from msrest.authentication import BasicAuthentication

    for cache in (_file_cache.OPTIONS_CACHE, _file_cache.RESOURCE_CACHE):
        monkeypatch.setattr(cache, "file_name", str(tmp_path / f"cache-{id(cache)}.json"))
        monkeypatch.setattr(cache, "data", {})
    monkeypatch.setattr(Client, "_locations_cache", {})
    credential = BasicAuthentication("", door.owner_token)
    connection = Connection(base_url=door.url, creds=credential)
    yield connection.clients_v7_1
    for client in connection._client_cache.values():
        client._client.close()
    gc.collect()


@pytest.fixture
def project(clients: Any) -> Any:
    clients.get_core_client().queue_create_project(
        {"name": "Flight Delays", "description": "d", "visibility": "private"}
    )
    return clients.get_core_client().get_project("Flight Delays")


@pytest.fixture
def repository(clients: Any, project: Any) -> Any:
    """The project's first repository with one commit, pushed over REST."""
    git = clients.get_git_client()
    found = git.get_repositories(project=project.id)[0]
    git.create_push(push_of({"/azure-pipelines.yml": YAML, "/src/train.py": "pass\n"}), found.id,
                    project=project.id)  # fmt: skip
    return git.get_repository(found.id)


@pytest.fixture
def pipeline(door: Door, clients: Any, project: Any, repository: Any) -> Any:
    """Made over plain HTTP: the client's model of a configuration knows only its type."""
    answer = requests.post(
        f"{door.url}/{project.id}/_apis/pipelines?api-version=7.1",
        auth=("", door.owner_token), timeout=30,
        json={
            "name": "ml", "folder": "\\team",
            "configuration": {
                "type": "yaml", "path": "/azure-pipelines.yml",
                "repository": {"id": repository.id, "type": "azureReposGit"},
            },
        },
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return clients.get_pipelines_client().get_pipeline(project.id, answer.json()["id"])


def push_of(files: dict[str, str], *, old: str = ZERO, kind: str = "add") -> dict[str, Any]:
    changes = [
        {"changeType": kind, "item": {"path": path},
         "newContent": {"content": text, "contentType": "rawtext"}}
        for path, text in files.items()
    ]  # fmt: skip
    return {
        "refUpdates": [{"name": MAIN, "oldObjectId": old}],
        "commits": [{"comment": "a change", "changes": changes}],
    }


def test_every_location_that_is_told_is_answered(door: Door) -> None:
    served = RouteTable(table.routes(door.store))
    for one in locations.LOCATIONS:
        parts = [
            {"area": one.area, "resource": one.resource}.get(p.strip("{}*"), "1")
            if p.startswith("{") else p
            for p in one.template.split("/")
        ]  # fmt: skip
        path = "/shipway/" + "/".join(parts)
        shorter = path.rpartition("/")[0]
        assert served.methods(path) or served.methods(shorter), one


def test_a_project_is_made_found_renamed_and_deleted(clients: Any, project: Any) -> None:
    core = clients.get_core_client()
    assert (project.name, project.state) == ("Flight Delays", "wellFormed")
    assert [p.name for p in core.get_projects()] == ["Flight Delays"]
    operation = core.update_project({"description": "new"}, project.id)
    assert operation.status == "queued"
    assert clients.get_operations_client().get_operation(operation.id).status == "succeeded"
    assert core.get_project(project.id).description == "new"
    core.queue_delete_project(project.id)
    assert core.get_projects() == []


def test_code_is_pushed_and_read_back(clients: Any, project: Any, repository: Any) -> None:
    git = clients.get_git_client()
    assert repository.default_branch == MAIN
    tip = git.get_refs(repository.id, filter="heads/main")[0].object_id
    content = b"".join(git.get_item_content(repository.id, "/src/train.py", project=project.id))
    assert content == b"pass\n"
    listed = git.get_items(repository.id, recursion_level="full", scope_path="/")
    assert [i.path for i in listed][1:] == ["/azure-pipelines.yml", "/src", "/src/train.py"]
    git.create_push(push_of({"/src/train.py": "x = 1\n"}, old=tip, kind="edit"), repository.id)
    commits = git.get_commits(repository.id, search_criteria=None)
    assert [c.comment for c in commits] == ["a change", "a change"]
    assert commits[1].commit_id == tip
    changes = git.get_changes(commits[0].commit_id, repository.id).changes
    assert [(c["changeType"], c["item"]["path"]) for c in changes] == [("edit", "/src/train.py")]
    assert git.get_branches(repository.id)[0].ahead_count == 0
    assert [p.push_id for p in git.get_pushes(repository.id)] == [2, 1]


def test_branches_are_made_and_deleted_through_refs(clients: Any, repository: Any) -> None:
    git = clients.get_git_client()
    tip = git.get_refs(repository.id, filter="heads/main")[0].object_id
    made = git.update_refs(
        [
            {"name": "refs/heads/topic", "oldObjectId": ZERO, "newObjectId": tip},
            {"name": "refs/heads/main", "oldObjectId": "1" * 40, "newObjectId": tip},
            {"name": "refs/heads/a..b", "oldObjectId": ZERO, "newObjectId": tip},
        ],
        repository.id,
    )
    assert [(r.success, r.update_status) for r in made] == [
        (True, "succeeded"), (False, "staleOldObjectId"), (False, "invalidRefName"),
    ]  # fmt: skip
    gone = {"name": "refs/heads/topic", "oldObjectId": tip, "newObjectId": ZERO}
    assert git.update_refs([gone], repository.id)[0].success
    assert [r.name for r in git.get_refs(repository.id)] == [MAIN]


def test_a_push_over_rest_starts_the_pipeline(
    door: Door, clients: Any, project: Any, repository: Any, pipeline: Any
) -> None:
    git = clients.get_git_client()
    tip = git.get_refs(repository.id, filter="heads/main")[0].object_id
    git.create_push(push_of({"/a.txt": "a"}, old=tip), repository.id, project=project.id)
    (build,) = clients.get_build_client().get_builds(project.id)
    assert (build.reason, build.status, build.source_branch) == ("individualCI", "notStarted", MAIN)
    assert build.requested_for.display_name == "Owner of this machine"
    assert build.definition.name == "ml"


def test_a_pipeline_is_run_seen_and_cancelled(
    door: Door, clients: Any, project: Any, repository: Any, pipeline: Any
) -> None:
    noun, build = clients.get_pipelines_client(), clients.get_build_client()
    assert noun.get_pipeline(project.id, pipeline.id).configuration.type == "yaml"
    assert [p.name for p in noun.list_pipelines(project.id)] == ["ml"]
    chosen = {"pipelines": {"up": {"version": "7"}}}
    run = noun.run_pipeline(
        {"templateParameters": {"size": "3"}, "resources": chosen}, project.id, pipeline.id
    )
    assert runs.get(door.store, run.id).pipeline_versions == {"up": "7"}
    assert (run.state, run.template_parameters) == ("inProgress", {"size": "3"})
    assert noun.get_run(project.id, pipeline.id, run.id).name == run.name
    assert [r.id for r in noun.list_runs(project.id, pipeline.id)] == [run.id]
    queued = build.queue_build({"definition": {"id": pipeline.id}}, project.id)
    assert queued.id == run.id + 1
    kept = build.update_build({"keepForever": True, "buildNumber": "1.0"}, project.id, queued.id)
    assert (kept.keep_forever, kept.build_number, kept.status) == (True, "1.0", "notStarted")
    cancelled = build.update_build({"status": "cancelling"}, project.id, queued.id)
    assert cancelled.status == "cancelling"
    listed = build.get_builds(project.id, status_filter="cancelling")
    assert [b.id for b in listed] == [queued.id]
    assert build.add_build_tag(project.id, run.id, "gate") == ["gate"]
    assert build.add_build_tags(["a/b", "Gate"], project.id, run.id) == ["gate", "a/b"]
    assert [b.id for b in build.get_builds(project.id, tag_filters=["GATE"])] == [run.id]
    changes = {"tagsToAdd": ["late"], "tagsToRemove": ["a/b"]}
    assert build.update_build_tags(changes, project.id, run.id) == ["gate", "late"]
    assert build.get_tags(project.id) == ["gate", "late"]
    assert build.delete_tag(project.id, "late") == ["gate"]
    assert build.delete_build_tag(project.id, run.id, "gate") == []
    assert build.get_build_tags(project.id, run.id) == []


def test_stages_are_tried_again_started_and_stopped(
    door: Door, clients: Any, project: Any, pipeline: Any
) -> None:
    store, build = door.store, clients.get_build_client()
    definition = definitions.get(store, project_id=project.id, definition_id=pipeline.id)
    run = begin(store, definition, stage_of("CI", job("A"), job("B")),
                stage_of("Ship", job("C"), trigger="manual"))  # fmt: skip
    end_jobs(store, run, "failed")
    assert build.get_build(project.id, run.run_id).result == "failed"
    build.update_stage({"state": "retry"}, run.run_id, "CI", project=project.id)
    settle(store)
    timeline = build.get_build_timeline(project.id, run.run_id)
    (stage,) = (r for r in timeline.records if r.name == "CI")
    (before,) = stage.previous_attempts
    assert (stage.attempt, stage.state, before.attempt) == (2, "inProgress", 1)
    old = build.get_build_timeline(project.id, run.run_id, before.timeline_id)
    assert {r.id: r.result for r in old.records}[before.record_id] == "failed"
    build.update_stage({"state": "cancel"}, run.run_id, "CI", project=project.id)
    settle(store)
    end_jobs(store, run, "canceled")
    assert build.get_build(project.id, run.run_id).result == "canceled"
    build.update_stage({"state": 2}, run.run_id, "Ship", project=project.id)
    settle(store)
    end_jobs(store, run)
    assert build.get_build(project.id, run.run_id).status == "completed"
    again = build.update_build({}, project.id, run.run_id, retry=True)
    assert again.status == "inProgress"
    with pytest.raises(AzureDevOpsServiceError, match="nothing of build"):
        build.update_stage({"state": "run"}, run.run_id, "nothing", project=project.id)


def test_a_definition_keeps_its_branch_filter_and_hides_its_secrets(
    door: Door, clients: Any, project: Any, repository: Any
) -> None:
    build = clients.get_build_client()
    made = build.create_definition(
        {
            "name": "ml-dev", "path": "\\", "type": "build",
            "repository": {"id": repository.id, "type": "TfsGit", "defaultBranch": "develop"},
            "process": {"type": 2, "yamlFilename": "azure-pipelines.yml"},
            "triggers": [
                {"triggerType": "continuousIntegration", "settingsSourceType": 1,
                 "branchFilters": ["+refs/heads/develop"], "pathFilters": []}
            ],
            "variables": {"plain": {"value": "1", "allowOverride": True},
                          "hidden": {"value": "s3cret-of-the-definition", "isSecret": True}},
        },
        project.id,
    )  # fmt: skip
    assert made.triggers[0]["branchFilters"] == ["+refs/heads/develop"]
    assert made.variables["hidden"].value is None
    assert made.repository.default_branch == "refs/heads/develop"
    again = build.get_definition(project.id, made.id)
    again.name = "ml-dev-2"
    changed = build.update_definition(again, project.id, made.id)
    assert (changed.name, changed.revision) == ("ml-dev-2", 2)
    assert door.store.secrets.find(f"definition/{made.id}/hidden") == "s3cret-of-the-definition"
    run = build.queue_build(
        {"definition": {"id": made.id}, "sourceBranch": "main", "parameters": '{"plain": "2"}'},
        project.id,
    )
    assert runs.get(door.store, run.id).variables == {"plain": "2"}
    build.delete_definition(project.id, made.id)
    assert build.get_definitions(project.id) == []


def test_a_timeline_its_logs_and_artifacts_come_back(
    door: Door, clients: Any, project: Any, pipeline: Any, tmp_path: Path
) -> None:
    store, build = door.store, clients.get_build_client()
    run = clients.get_pipelines_client().run_pipeline({}, project.id, pipeline.id)
    log = logs.create(store, run_id=run.id, record_id="b" * 8)
    with logs.writer(store, log) as writer:
        writer.write("one\ntwo\nthree")
    stage = Record(record_id="a" * 8, run_id=run.id, kind="Stage", name="CI", state="inProgress")
    job = Record(
        record_id="b" * 8, run_id=run.id, parent_id=stage.record_id, kind="Job", name="Job",
        state="completed", result="failed", log_id=log.log_id, task_name="CmdLine",
        issues=(Issue(kind="error", message="exit code 1"),),
    )  # fmt: skip
    for record in (job, stage):
        runs.set_record(store, record)
    timeline = build.get_build_timeline(project.id, run.id)
    assert [(r.type, r.name, r.state, r.result) for r in timeline.records] == [
        ("Stage", "CI", "inProgress", None), ("Job", "Job", "completed", "failed"),
    ]  # fmt: skip
    assert timeline.records[1].issues[0].message == "exit code 1"
    assert timeline.records[1].log.id == log.log_id
    assert build.get_build_logs(project.id, run.id)[0].line_count == 3
    lines = build.get_build_log_lines(project.id, run.id, 1, start_line=2)
    assert [line.split(" ", 1)[1] for line in lines] == ["two", "three"]
    text = b"".join(build.get_build_log(project.id, run.id, 1)).decode()
    assert text.endswith(" three\n")
    assert (
        clients.get_pipelines_client().get_log(project.id, pipeline.id, run.id, 1).line_count == 3
    )

    folder = tmp_path / "drop"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "model.txt").write_text("weights")
    artifacts.publish(store, run_id=run.id, name="drop", source=folder)
    found = build.get_artifact(project.id, run.id, "drop")
    assert (found.resource.type, found.resource.properties["artifactsize"]) == (
        "PipelineArtifact", "7",
    )  # fmt: skip
    packed = b"".join(build.get_artifact_content_zip(project.id, run.id, "drop"))
    with zipfile.ZipFile(io.BytesIO(packed)) as content:
        assert content.read("drop/sub/model.txt") == b"weights"
    assert not list(store.home.temporary.iterdir())


def test_environments_and_what_was_deployed(door: Door, clients: Any, project: Any) -> None:
    task = clients.get_task_agent_client()
    made = task.add_environment({"name": "dev", "description": "d"}, project.id)
    assert [e.name for e in task.get_environments(project.id, name="DEV")] == ["dev"]
    changed = task.update_environment({"name": "dev2"}, project.id, made.id)
    assert changed.name == "dev2"
    assert task.get_environment_deployment_execution_records(project.id, made.id) == []
    task.delete_environment(project.id, made.id)
    assert environments.list_of(door.store, project_id=project.id) == []


def test_machines_of_an_environment_as_an_agent_registers_them(
    door: Door, clients: Any, project: Any
) -> None:
    made = clients.get_task_agent_client().add_environment({"name": "fleet"}, project.id)
    base = f"{door.url}/{project.id}/_apis/distributedtask/environments/{made.id}"
    place = f"{base}/providers/virtualmachines"

    def ask(method: str, url: str, body: Any = None, token: str = "") -> requests.Response:
        auth = ("", token or door.owner_token)
        return requests.request(method, url, json=body, auth=auth, timeout=30)

    agent = {"name": "vm1", "agent": {"name": "vm1", "version": "4.0.0"}, "tags": ["web", "web"]}
    added = ask("POST", place, agent).json()
    assert (added["name"], added["tags"], added["type"]) == ("vm1", ["web"], "virtualMachine")
    assert added["environmentReference"] == {"id": made.id, "name": "fleet"}
    ask("POST", place, {"name": "vm2"})
    assert [m["name"] for m in ask("GET", place).json()["value"]] == ["vm1", "vm2"]
    assert [m["name"] for m in ask("GET", f"{place}?tags=WEB").json()["value"]] == ["vm1"]
    changed = ask("PATCH", place, {"id": added["id"], "name": "vm1", "tags": ["db"]}).json()
    assert ask("GET", f"{place}/{added['id']}").json() == changed
    assert changed["tags"] == ["db"]
    task = clients.get_task_agent_client()
    shown = task.get_environment_by_id(project.id, made.id, expands="resourceReferences")
    assert [(r.name, r.type, r.tags) for r in shown.resources] == [
        ("vm1", "virtualMachine", ["db"]), ("vm2", "virtualMachine", []),
    ]  # fmt: skip
    assert task.get_environment_by_id(project.id, made.id).resources == []
    for method, url, body, status in (
        ("POST", place, {"name": "VM1"}, 409),
        ("POST", place, {"name": "a/b"}, 400),
        ("POST", place, {"name": "c", "color": "red"}, 400),
        ("GET", f"{place}/999", None, 404),
    ):
        assert ask(method, url, body).status_code == status, (method, url, body)
    assert ask("DELETE", f"{place}/{added['id']}").status_code == 204
    task.delete_environment(project.id, made.id)
    assert environment_machines.list_of(door.store, environment_id=made.id) == []


def test_variable_groups_hide_their_secrets(door: Door, clients: Any, project: Any) -> None:
    task = clients.get_task_agent_client()
    place = {"projectReference": {"id": project.id, "name": project.name}, "name": "g"}
    group = {
        "name": "g", "type": "Vsts", "variableGroupProjectReferences": [place],
        "variables": {"a": {"value": "1"}, "s": {"value": "s3cret-of-group", "isSecret": True}},
    }  # fmt: skip
    made = task.add_variable_group(group)
    assert made.variables["s"].value is None
    (found,) = task.get_variable_groups(project.id, group_name="g")
    assert found.variables["a"].value == "1"
    group["variables"] = {"s": {"isSecret": True}, "b": {"value": "2"}}
    task.update_variable_group(group, made.id)
    assert door.store.secrets.find(f"variable-group/{made.id}/s") == "s3cret-of-group"
    task.delete_variable_group(made.id, [project.id])
    assert door.store.secrets.names(prefix="variable-group/") == []


def test_a_federated_service_connection_says_issuer_and_subject(clients: Any, project: Any) -> None:
    noun = clients.get_service_endpoint_client()
    place = {"projectReference": {"id": project.id, "name": project.name}, "name": "azure"}
    made = noun.create_service_endpoint(
        {
            "name": "azure", "type": "azurerm", "url": "https://management.azure.com/",
            "authorization": {"scheme": "WorkloadIdentityFederation", "parameters": {
                "tenantid": "t", "serviceprincipalid": "app"}},
            "data": {"subscriptionId": "s", "subscriptionName": "n", "scopeLevel": "Subscription"},
            "serviceEndpointProjectReferences": [place],
        }
    )  # fmt: skip
    said = made.authorization.parameters
    assert said["workloadIdentityFederationSubject"] == "sc://shipway/Flight Delays/azure"
    assert said["workloadIdentityFederationIssuer"].startswith("https://vstoken.dev.azure.com/")
    assert [c.id for c in noun.get_service_endpoints(project.id, type="azurerm")] == [made.id]
    named = noun.get_service_endpoints_by_names(project.id, ["AZURE"])
    assert named[0].name == "azure"
    permissions = clients.get_pipeline_permissions_client()
    after = permissions.update_pipeline_permisions_for_resource(
        {"allPipelines": {"authorized": True}}, project.id, "endpoint", made.id
    )
    assert after.all_pipelines.authorized
    noun.delete_service_endpoint(made.id, [project.id])
    assert noun.get_service_endpoints(project.id) == []


@pytest.mark.parametrize(
    ("kind", "scheme", "public", "secret"),
    [
        ("dockerregistry", "UsernamePassword",
         {"registry": "https://reg.example/", "username": "eva"}, "password"),
        ("externalnpmregistry", "Token", {}, "apitoken"),
    ],
)  # fmt: skip
def test_a_connection_to_a_registry_keeps_its_secret(
    clients: Any, project: Any, kind: str, scheme: str, public: dict[str, str], secret: str
) -> None:
    noun = clients.get_service_endpoint_client()
    place = {"projectReference": {"id": project.id, "name": project.name}, "name": kind}
    parameters = {**public, secret: "s3cret"}
    made = noun.create_service_endpoint(
        {
            "name": kind, "type": kind, "url": "https://reg.example/",
            "authorization": {"scheme": scheme, "parameters": parameters},
            "serviceEndpointProjectReferences": [place],
        }
    )  # fmt: skip
    assert (made.type, made.authorization.scheme) == (kind, scheme)
    said = made.authorization.parameters
    assert {name: said[name] for name in public} == public
    assert not said.get(secret)


def test_identities_are_found_to_be_named_as_approvers(door: Door, clients: Any) -> None:
    (found,) = clients.get_identity_client().read_identities(
        search_filter="General", filter_value="avery"
    )
    assert found.provider_display_name == "Avery Approver"
    data = clients.get_location_client().get_connection_data()
    assert data.authenticated_user.provider_display_name == "Owner of this machine"


def test_what_a_stage_waits_for_is_seen_and_passed_by(
    door: Door, clients: Any, project: Any, pipeline: Any
) -> None:
    store, client = door.store, clients.get_pipelines_checks_client()
    target = environments.create(store, project_id=project.id, name="prod")
    key = str(target.environment_id)
    pipeline_permissions.authorize(store, resource_type="environment", resource_id=key, by="me")
    resource = {"type": "environment", "id": key}
    check: Any = {
        "type": {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"},
        "resource": resource, "timeout": 60,
        "settings": {"approvers": [{"id": door.user.object_id}], "minRequiredApprovers": 1},
    }  # fmt: skip
    made = requests.post(
        f"{door.url}/{project.id}/_apis/pipelines/checks/configurations", json=check,
        auth=("", door.owner_token), timeout=30,
    ).json()  # fmt: skip
    definition = definitions.get(store, project_id=project.id, definition_id=pipeline.id)
    run = begin(store, definition, stage_of("Ship", deployment("prod")))
    records = clients.get_build_client().get_build_timeline(project.id, run.run_id).records
    (checkpoint,) = (r for r in records if r.type == "Checkpoint")
    suite = client.get_check_suite(project.id, checkpoint.id, expand="resources")
    (waiting,) = suite.check_runs
    assert (suite.status, waiting.status) == ("running", "running")
    assert waiting.check_configuration_ref.id == made["id"]
    assert waiting.id in {r.id for r in records if r.type == "Checkpoint.Approval"}
    bypassed = requests.patch(
        f"{door.url}/{project.id}/_apis/pipelines/checks/runs/{checkpoint.id}",
        json={waiting.id: {"status": "bypassed"}}, auth=("", door.owner_token), timeout=30,
    )  # fmt: skip
    assert bypassed.json()["status"] == "approved"
    settle(store)
    assert client.get_check_suite(project.id, checkpoint.id).check_runs[0].status == "bypassed"
    assert is_running(store, run, "Ship")
    asked = {"id": None, "resources": [resource]}
    assert client.evaluate_check_suite(asked, project.id).check_runs[0].status == "queued"


def test_an_error_reaches_the_client_with_its_words(clients: Any, project: Any) -> None:
    from azure.devops.exceptions import AzureDevOpsServiceError

    with pytest.raises(AzureDevOpsServiceError, match="The requested build 99 could not be found"):
        clients.get_build_client().get_build(project.id, 99)
    with pytest.raises(AzureDevOpsServiceError, match="does not exist: nowhere"):
        clients.get_core_client().get_project("nowhere")
