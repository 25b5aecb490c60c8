"""Checks and permissions on every kind of protected resource, over Azure DevOps' routes."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
import requests
from tests.devops_door import Door, open_door

from shipway.azure.entra import personal_access_tokens, tenant, users
from shipway.devops import (
    check_runs,
    checks,
    definitions,
    environments,
    logs,
    projects,
    repositories,
    runs,
    security_groups,
    service_connections,
    variable_groups,
)
from shipway.devops.variable_groups import GroupVariable

CHECKS = "ml/_apis/pipelines/checks/configurations"
TASK_CHECK = "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7"
BRANCH_CONTROL = {
    "type": {"id": TASK_CHECK, "name": "Task Check"},
    "settings": {
        "displayName": "Branch control",
        "definitionRef": {
            "id": "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b", "name": "evaluatebranchProtection",
            "version": "0.0.1",
        },
        "inputs": {"allowedBranches": "refs/heads/main", "ensureProtectionOfBranch": "false"},
    },
}  # fmt: skip
BUSINESS_HOURS = {
    "type": {"id": TASK_CHECK, "name": "Task Check"},
    "settings": {
        "displayName": "Business hours",
        "definitionRef": {
            "id": "445fde2f-6c39-441c-807f-8a59ff2e075f", "name": "evaluateBusinessHours",
            "version": "0.0.1",
        },
        "inputs": {"businessDays": "Monday", "timeZone": "UTC", "startTime": "09:00",
                   "endTime": "17:00"},
    },
}  # fmt: skip
REST_API = {
    "type": {"id": TASK_CHECK, "name": "Task Check"},
    "settings": {
        "displayName": "Gate", "retryInterval": 5, "linkedVariableGroup": "g",
        "definitionRef": {
            "id": "9c3e8943-130d-4c78-ac63-8af81df62dfb", "name": "InvokeRESTAPI",
            "version": "1.220.0",
        },
        "inputs": {
            "connectedServiceNameSelector": "connectedServiceName", "connectedServiceName": "c",
            "method": "POST", "waitForCompletion": "false",
            "successCriteria": "eq(root['status'], 'ok')",
        },
    },
}  # fmt: skip
REQUIRED_TEMPLATE = {
    "type": {"id": "4020e66e-b0f3-47e1-bc88-48f3cc59b5f3", "name": "ExtendsCheck"},
    "settings": {
        "extendsChecks": [
            {"repositoryType": "git", "repositoryName": "ml/r", "repositoryRef": "refs/heads/main",
             "templatePath": "t.yml"}
        ]
    },
}  # fmt: skip
EXCLUSIVE_LOCK = {
    "type": {"id": "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "name": "ExclusiveLock"},
    "settings": {}, "timeout": 60,
}  # fmt: skip


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("checks")) as running:
        yield running


@pytest.fixture(scope="module")
def resources(door: Door) -> dict[str, dict[str, str]]:
    """One of each kind, as a body names it."""
    store = door.store
    project = projects.create(store, name="ml").project_id
    repository = repositories.create(store, project_id=project, name="r")
    definitions.create(store, project_id=project, name="p", repository_id=repository.repository_id)
    group = variable_groups.create(
        store, project_id=project, name="g", variables={"a": GroupVariable(value="1")}
    )
    connection = service_connections.create(
        store, project_id=project, name="c", kind="generic", scheme="None",
        url="https://example.org/",
    )  # fmt: skip
    target = environments.create(store, project_id=project, name="prod")
    return {
        "prod": {"type": "environment", "id": str(target.environment_id)},
        "c": {"type": "endpoint", "id": connection.connection_id},
        "g": {"type": "variablegroup", "id": str(group.group_id)},
        "r": {"type": "repository", "id": f"{project}.{repository.repository_id}"},
        "Default": {"type": "queue", "id": "2"},
    }


def ask(door: Door, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(
        method, f"{door.url}/{path}", json=body, auth=("", door.owner_token), timeout=30
    )


@pytest.mark.parametrize("name", ["prod", "c", "g", "r", "Default"])
def test_every_kind_of_resource_takes_a_check_and_tells_its_name(
    door: Door, resources: dict[str, dict[str, str]], name: str
) -> None:
    made = ask(door, "POST", CHECKS, {**EXCLUSIVE_LOCK, "resource": resources[name]})
    assert made.status_code == 200, made.text
    assert made.json()["resource"] == {**resources[name], "name": name}
    place = f"{CHECKS}/{made.json()['id']}"
    assert ask(door, "DELETE", place).status_code == 204
    assert ask(door, "GET", place).status_code == 404


@pytest.mark.parametrize("check", [BRANCH_CONTROL, BUSINESS_HOURS, REQUIRED_TEMPLATE, REST_API])
def test_a_check_is_made_read_changed_and_deleted(
    door: Door, resources: dict[str, dict[str, str]], check: dict[str, Any]
) -> None:
    body = {**check, "resource": resources["prod"], "timeout": 1440}
    made = ask(door, "POST", CHECKS, body).json()
    assert (made["type"]["id"], made["version"]) == (check["type"]["id"], 1)
    place = f"{CHECKS}/{made['id']}"
    assert "settings" not in ask(door, "GET", place).json()
    seen = ask(door, "GET", f"{place}?$expand=settings").json()
    assert seen["settings"] == check["settings"]
    changed = ask(door, "PATCH", place, {**body, "timeout": 60}).json()
    assert (changed["timeout"], changed["version"]) == (60, 2)
    where = "&".join(f"resource{k.title()}={v}" for k, v in resources["prod"].items())
    listed = ask(door, "GET", f"{CHECKS}?{where}&$expand=settings").json()["value"]
    queried = ask(
        door, "POST", "ml/_apis/pipelines/checks/queryconfigurations?$expand=settings",
        [resources["prod"], resources["g"]],
    ).json()["value"]  # fmt: skip
    assert [c["id"] for c in listed] == [c["id"] for c in queried] == [made["id"]]
    assert listed == queried
    ask(door, "DELETE", place)
    assert ask(door, "GET", f"{CHECKS}?{where}").json()["count"] == 0


def test_a_check_on_what_is_not_there_is_refused(
    door: Door, resources: dict[str, dict[str, str]]
) -> None:
    for kind, key, status in (
        ("environment", "99", 404),
        ("teapot", "1", 400),
        ("queue", "9", 404),
    ):
        wrong = {**EXCLUSIVE_LOCK, "resource": {"type": kind, "id": key}}
        assert ask(door, "POST", CHECKS, wrong).status_code == status
    assert ask(door, "GET", f"{CHECKS}?$expand=colours").status_code == 400


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        (BUSINESS_HOURS, {"timeZone": "Nowhere Standard Time"}),
        (BUSINESS_HOURS, {"businessDays": ""}),
        (REST_API, {"method": "PURGE"}),
        (REST_API, {"connectedServiceName": ""}),
        (REST_API, {"successCriteria": "is(root)"}),
    ],
)
def test_inputs_that_make_no_sense_are_refused(
    door: Door, resources: dict[str, dict[str, str]], check: dict[str, Any], wrong: dict[str, str]
) -> None:
    settings = check["settings"]
    inputs = {**settings["inputs"], **wrong}
    body = {**check, "settings": {**settings, "inputs": inputs}, "resource": resources["prod"]}
    said = ask(door, "POST", CHECKS, body)
    assert said.status_code == 400, said.text
    assert any(name in said.text for name in wrong) or "is(root)" in said.text


def test_a_task_that_no_check_runs_is_refused_by_its_name(
    door: Door, resources: dict[str, dict[str, str]]
) -> None:
    reference = {"id": "99a72e7f-25e4-4576-bf38-22a42b995ed8", "name": "AzureMonitor"}
    settings = {**REST_API["settings"], "definitionRef": reference}  # type: ignore[dict-item]
    body = {**REST_API, "settings": settings, "resource": resources["prod"]}
    said = ask(door, "POST", CHECKS, body)
    assert (said.status_code, "AzureMonitor" in said.text) == (501, True)


def test_checks_are_evaluated_outside_of_a_run(
    door: Door, resources: dict[str, dict[str, str]]
) -> None:
    made = [
        ask(door, "POST", CHECKS, {**check, "resource": resources["g"]}).json()["id"]
        for check in (BUSINESS_HOURS, EXCLUSIVE_LOCK)
    ]
    base = "ml/_apis/pipelines/checks/runs"
    suite_id = "11111111-2222-3333-4444-555555555555"
    asked = {"id": suite_id, "resources": [resources["g"]]}
    suite = ask(door, "POST", f"{base}?$expand=resources", asked).json()
    assert [run["checkConfigurationRef"]["id"] for run in suite["checkRuns"]] == made
    assert suite["resources"] == [{**resources["g"], "name": "g"}]
    assert suite["checkRuns"][0]["status"] in ("approved", "rejected")
    assert suite["checkRuns"][1]["status"] == "queued"
    again = ask(door, "GET", f"{base}/{suite_id}").json()
    assert (again["id"], again["status"]) == (suite_id, suite["status"])
    assert ask(door, "POST", base, {"resources": []}).json()["status"] == "approved"
    bypass = {suite["checkRuns"][1]["id"]: {"status": "bypassed"}}
    assert ask(door, "PATCH", f"{base}/{suite_id}", bypass).status_code == 409
    assert ask(door, "GET", f"{base}/{suite_id[:-1]}6").status_code == 404
    for key in made:
        ask(door, "DELETE", f"{CHECKS}/{key}")


def test_a_service_tells_its_decision_with_the_token_that_it_was_given(
    door: Door, resources: dict[str, dict[str, str]]
) -> None:
    store, project = door.store, projects.get(door.store, "ml").project_id
    settings: dict[str, Any] = dict(cast("dict[str, Any]", REST_API["settings"]))
    settings |= {"retryInterval": 0, "inputs": {**settings["inputs"], "waitForCompletion": "true"}}
    body = {**REST_API, "settings": settings, "resource": resources["r"]}
    key = ask(door, "POST", CHECKS, body).json()["id"]
    guarding = [checks.get(store, project_id=project, check_id=key)]
    definition = definitions.get(store, project_id=project, definition_id=1)
    run, other = (
        runs.queue_run(
            store, definition=definition, branch="refs/heads/main", version="0" * 40,
            reason="manual", requested_by=door.user,
        )
        for _ in range(2)
    )  # fmt: skip
    suite = "99999999-2222-3333-4444-555555555555"
    (one,) = check_runs.begin(
        store, suite_id=suite, project_id=project, run_id=run.run_id, stage_name="S",
        guarding=guarding,
    )  # fmt: skip
    check_runs.change(store, one, status="running", waits_for="callback")
    event = {"name": "TaskCompleted", "jobId": one.check_run_id, "taskId": one.check_run_id,
             "result": "failed"}  # fmt: skip
    path = f"{door.url}/ml/_apis/distributedtask/hubs/checks/plans/{suite}/events"

    def send(token: str, **more: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        body = {**event, **more}
        return requests.post(path, json=body, headers=headers, timeout=30).status_code

    mine, others = (
        personal_access_tokens.issue_check_token(
            store, run_id=number, check_run_id=name, seconds=60
        )
        for number, name in ((run.run_id, one.check_run_id), (other.run_id, "another"))
    )
    job = personal_access_tokens.issue_job_token(store, run_id=run.run_id)
    assert (send(others), send(job)) == (403, 403)
    assert send(mine, result="perhaps") == 400
    assert send(mine, taskId=suite) == 404
    base = f"{door.url}/ml/_apis/distributedtask/hubs/checks/plans/{suite}"
    bearer = {"Authorization": f"Bearer {mine}"}
    log = requests.post(f"{base}/logs", json={"path": "logs\\x"}, headers=bearer, timeout=30)
    place = f"{base}/logs/{log.json()['id']}"
    lines = requests.post(place, data=b"first\nsecond\n", headers=bearer, timeout=30)
    assert lines.json()["lineCount"] == 2
    record = {"id": one.check_run_id, "log": {"id": log.json()["id"]}}
    records = f"{base}/timelines/{suite}/records"
    told: Any = {"value": [record]}
    assert requests.patch(records, json=told, headers=bearer, timeout=30).status_code == 200
    feed: Any = {"value": ["third"]}
    path_of = f"{records}/{one.check_run_id}/feed"
    assert requests.post(path_of, json=feed, headers=bearer, timeout=30).status_code == 204
    kept = logs.get(store, run_id=run.run_id, log_id=log.json()["id"])
    assert logs.read(store, kept, with_times=False) == ["first", "second", "third"]
    assert send(mine) == 204
    said = [e for e in store.journal.of(f"run/{run.run_id}") if e.kind == "CheckDecided"]
    assert [(e.data["check_run_id"], e.data["passed"]) for e in said] == [(one.check_run_id, False)]
    ask(door, "DELETE", f"{CHECKS}/{key}")


def test_an_approval_names_groups_by_their_ids(
    door: Door, resources: dict[str, dict[str, str]]
) -> None:
    project = projects.get(door.store, "ml")
    team = security_groups.default_team(door.store, project.project_id)
    made = ask(
        door, "POST", CHECKS,
        {
            "type": {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"},
            "resource": resources["prod"],
            "settings": {
                "approvers": [{"id": team.group_id}], "executionOrder": "anyOrder",
                "minRequiredApprovers": 0, "requesterCannotBeApprover": False,
                "definitionRef": {"id": "26014962-64a0-49f4-885b-4b874119a5cc"},
            },
        },
    ).json()  # fmt: skip
    (approver,) = made["settings"]["approvers"]
    assert (approver["id"], approver["displayName"]) == (team.group_id, "ml Team")
    assert approver["descriptor"].startswith("vssgp.")
    ask(door, "DELETE", f"{CHECKS}/{made['id']}")


def test_permissions_of_several_resources_are_changed_at_once(
    door: Door, resources: dict[str, dict[str, str]]
) -> None:
    base = "ml/_apis/pipelines/pipelinepermissions"
    hosted = ask(door, "GET", f"{base}/queue/1").json()
    assert hosted["allPipelines"]["authorized"]
    body = [
        {"resource": one, "pipelines": [{"id": 1, "authorized": True}]}
        for one in resources.values()
    ]
    given = ask(door, "PATCH", base, body).json()["value"]
    assert [p["resource"]["id"] for p in given] == [r["id"] for r in resources.values()]
    for one in resources.values():
        seen = ask(door, "GET", f"{base}/{one['type']}/{one['id']}").json()
        assert [p["id"] for p in seen["pipelines"]] == [1]
    closed = {"pipelines": [{"id": 1, "authorized": False}], "allPipelines": {"authorized": True}}
    last = ask(door, "PATCH", f"{base}/queue/2", closed).json()
    assert (last["pipelines"], last["allPipelines"]["authorized"]) == ([], True)
    listed = "ml/_apis/build/authorizedresources"
    ask(door, "PATCH", listed, [{"type": "variablegroup", "id": "1", "authorized": True}])
    assert [r["name"] for r in ask(door, "GET", listed).json()["value"]] == ["g"]


def test_a_service_connection_that_is_gone_is_null(
    door: Door, resources: dict[str, dict[str, str]]
) -> None:
    project = projects.get(door.store, "ml")
    gone = service_connections.create(
        door.store, project_id=project.project_id, name="gone", kind="generic", scheme="None",
        url="https://example.org/",
    ).connection_id  # fmt: skip
    path = f"_apis/serviceendpoint/endpoints/{gone}"
    assert ask(door, "GET", f"ml/{path}").json()["name"] == "gone"
    assert ask(door, "DELETE", path).status_code == 400
    assert ask(door, "DELETE", f"{path}?projectIds={project.project_id}").status_code == 204
    answer = ask(door, "GET", f"ml/{path}")
    assert (answer.status_code, answer.json()) == (200, None)


def test_an_annotated_tag_names_a_commit(door: Door, resources: dict[str, dict[str, str]]) -> None:
    pushed = ask(
        door, "POST", "ml/_apis/git/repositories/r/pushes",
        {
            "refUpdates": [{"name": "refs/heads/main", "oldObjectId": "0" * 40}],
            "commits": [{"comment": "c", "changes": [
                {"changeType": "add", "item": {"path": "/a"},
                 "newContent": {"content": "a", "contentType": "rawtext"}}]}],
        },
    ).json()  # fmt: skip
    commit = pushed["refUpdates"][0]["newObjectId"]
    path = "ml/_apis/git/repositories/r/annotatedtags"
    body = {"name": "v1.0", "message": "first", "taggedObject": {"objectId": commit}}
    made = ask(door, "POST", path, body)
    assert made.status_code == 201, made.text
    seen = ask(door, "GET", f"{path}/{made.json()['objectId']}").json()
    assert (seen["name"], seen["message"]) == ("v1.0", "first")
    assert seen["taggedObject"]["objectId"] == commit
    owner = users.get(door.store, tenant.facts(door.store).owner_object_id)
    assert seen["taggedBy"]["email"] == owner.principal_name
    refs = ask(door, "GET", "ml/_apis/git/repositories/r/refs?filter=tags/").json()["value"]
    assert [(r["name"], r["objectId"]) for r in refs] == [("refs/tags/v1.0", seen["objectId"])]
    assert ask(door, "POST", path, body).status_code == 409
    assert ask(door, "POST", path, {**body, "name": "a b"}).status_code == 400
    assert ask(door, "GET", f"{path}/{commit}").status_code == 404


def test_types_of_service_connections_say_how_they_sign_in(door: Door) -> None:
    listed = ask(door, "GET", "_apis/serviceendpoint/types?type=AzureRM").json()["value"]
    ((name, schemes),) = [
        (t["name"], [s["scheme"] for s in t["authenticationSchemes"]]) for t in listed
    ]
    assert (name, schemes) == ("azurerm", ["WorkloadIdentityFederation", "ServicePrincipal"])
