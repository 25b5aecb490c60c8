"""Wrong REST bodies and paths: status, envelope, the offending name, a hint, nothing changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.devops_door import Door, open_door, state_of

from shipway.azure.entra import personal_access_tokens
from shipway.devops import definitions, environments, projects, repositories

ZERO = "0" * 40
MAIN = "refs/heads/main"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as running:
        project = projects.create(running.store, name="flights")
        repository = repositories.create(
            running.store, project_id=project.project_id, name="flights"
        )
        definitions.create(
            running.store, project_id=project.project_id, name="ml",
            repository_id=repository.repository_id,
        )  # fmt: skip
        environments.create(running.store, project_id=project.project_id, name="dev")
        yield running


def push_of(path: str, **changes: Any) -> dict[str, Any]:
    change = {
        "changeType": "add", "item": {"path": path},
        "newContent": {"content": "x", "contentType": "rawtext"}, **changes,
    }  # fmt: skip
    commit = {"comment": "c", "changes": [change]}
    return {"refUpdates": [{"name": MAIN, "oldObjectId": ZERO}], "commits": [commit]}


APPROVAL = {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"}
RESOURCE = {"type": "environment", "id": "1"}
GIT = "flights/_apis/git/repositories/flights"
CHECKS = "flights/_apis/pipelines/checks/configurations"
ENDPOINTS = "flights/_apis/serviceendpoint/endpoints"
WRONG: list[tuple[str, str, Any, int, str]] = [
    # method, path, body, status, the word that the answer has to name
    ("POST", "_apis/projects", {"description": "no name"}, 400, "name"),
    ("POST", "_apis/projects", {"name": "a/b"}, 400, "a/b"),
    ("POST", "_apis/projects", {"name": "FLIGHTS"}, 409, "FLIGHTS"),
    ("POST", "_apis/projects", {"name": ["list"]}, 400, "name"),
    ("POST", "_apis/projects", b"{not json", 400, "line 1 column 2"),
    ("POST", "_apis/projects", b"\x80rubbish", 400, "UTF-8"),
    ("POST", "_apis/projects", b"[]", 400, "list"),
    ("GET", "_apis/projects?colour=red", None, 400, "colour"),
    ("GET", "_apis/projects?api-version=99.9", None, 400, "99.9"),
    ("GET", "_apis/projects?api-version=banana", None, 400, "banana"),
    ("GET", "_apis/wit/workitems/1", None, 501, "/shipway/_apis/wit/workitems/1"),
    ("DELETE", "_apis/operations/1", None, 405, "DELETE"),
    ("GET", "nowhere/_apis/pipelines", None, 404, "nowhere"),
    ("POST", "flights/_apis/git/repositories", {"name": "a:b"}, 400, "a:b"),
    ("POST", f"{GIT}/pushes", push_of("../../etc/passwd"), 400, "../../etc/passwd"),
    ("POST", f"{GIT}/pushes", push_of("/.git/config"), 400, ".git/config"),
    ("POST", f"{GIT}/pushes", push_of("/a", changeType="paint"), 400, "paint"),
    ("POST", f"{GIT}/pushes", push_of("/a", changeType="edit"), 409, "/a"),
    ("POST", f"{GIT}/pushes", push_of("/a", newContent={"content": "%", "contentType":
     "base64encoded"}), 400, "newContent.content"),
    ("POST", f"{GIT}/pushes", {"refUpdates": [], "commits": []}, 400, "refUpdates"),
    ("GET", f"{GIT}/items?path=/none&versionDescriptor.version=none", None, 404, "none"),
    ("POST", "flights/_apis/pipelines", {"name": "x", "configuration": {"type": "classic"}}, 400,
     "configuration.type"),
    ("POST", "flights/_apis/pipelines/7/runs", {}, 404, "7"),
    ("POST", "flights/_apis/pipelines/1/runs", {"variables": {"a": {"value": "1"}}}, 400, "main"),
    ("POST", "flights/_apis/pipelines/1/preview", {"previewRun": True}, 400, "main"),
    ("POST", "flights/_apis/build/builds", {"definition": {"id": "one"}}, 400, "definition.id"),
    ("POST", "flights/_apis/build/definitions", {"name": "c", "process": {"type": 1},
     "repository": {"id": "flights"}}, 400, "process.type"),
    ("GET", "flights/_apis/build/builds/abc", None, 400, "abc"),
    ("GET", "flights/_apis/build/builds/12345", None, 404, "12345"),
    ("POST", "flights/_apis/distributedtask/environments", {"name": "DEV"}, 409, "DEV"),
    ("POST", "flights/_apis/distributedtask/variablegroups", {"name": "g", "variables": {}}, 400,
     "variables"),
    ("POST", "flights/_apis/distributedtask/variablegroups", {"name": "g", "variables":
     {"a": {"value": "1"}, "A": {"value": "2"}}}, 400, "A"),
    ("POST", ENDPOINTS, {"name": "c", "type": "azurerm", "authorization": {"scheme":
     "WorkloadIdentityFederation", "parameters": {"tenantid": "t"}}}, 400, "serviceprincipalid"),
    ("POST", ENDPOINTS, {"name": "c", "type": "jenkins", "authorization": {"scheme": "None"}},
     400, "jenkins"),
    ("POST", CHECKS, {"type": APPROVAL, "resource": RESOURCE, "settings": {"approvers": []}},
     400, "approvers"),
    ("POST", CHECKS, {"type": APPROVAL, "resource": RESOURCE, "settings": {"approvers":
     [{"id": "nobody"}]}}, 400, "nobody"),
    ("POST", CHECKS, {"type": {"name": "Horoscope"}, "resource": RESOURCE}, 400, "horoscope"),
    ("PATCH", "flights/_apis/pipelines/approvals", [{"approvalId": "x", "status": "maybe"}], 400,
     "maybe"),
    ("PATCH", "flights/_apis/pipelines/approvals", [{"approvalId": "x", "status": "approved"}],
     404, "x"),
    ("POST", "flights/_apis/build/builds", {"definition": {"id": 1}, "demands": ["gpu"]}, 400,
     "demands"),
    ("POST", "flights/_apis/build/builds", {"definition": {"id": 1}, "priority": "high"}, 400,
     "priority"),
    ("POST", "flights/_apis/build/builds", {"definition": {"id": 1}, "queue": {"id": 2}}, 400,
     "queue.id"),
    ("POST", "flights/_apis/build/builds", {"definition": {"id": 1}, "requestedFor":
     {"id": "other"}}, 400, "requestedFor"),
    ("POST", "flights/_apis/pipelines/1/runs", {"resources": {"pipelines": {"up":
     {"version": "1"}}}}, 400, "resources.pipelines"),
    ("POST", "flights/_apis/pipelines/1/runs", {"resources": {"repositories": {"other":
     {"refName": "refs/heads/a"}}}}, 400, "resources.repositories.other"),
    ("POST", "flights/_apis/pipelines/1/runs", {"stages": ["a"]}, 400, "stages"),
    ("POST", "flights/_apis/build/definitions", {"name": "c", "jobTimeoutInMinutes": 5,
     "repository": {"id": "flights"}}, 400, "jobTimeoutInMinutes"),
    ("POST", "flights/_apis/build/definitions", {"name": "c", "queue": {"name": "Big"},
     "repository": {"id": "flights"}}, 404, "Big"),
    ("POST", CHECKS, {"type": APPROVAL, "resource": RESOURCE, "colour": "red"}, 400, "colour"),
    ("POST", CHECKS, {"type": APPROVAL, "resource": RESOURCE, "settings": {"approvers":
     [{"id": "x"}], "definitionRef": {"id": "wrong"}}}, 400, "x"),
    ("POST", "flights/_apis/distributedtask/environments", {"name": "e", "tags": ["a"]}, 400,
     "tags"),
    ("POST", f"{GIT}/importrequests", {"parameters": {}}, 400, "importing"),
    ("POST", f"{GIT}/annotatedtags", {"name": "v1", "taggedObject": {"objectId": "a" * 40}}, 400,
     "taggedobject"),
    ("POST", "_apis/graph/groups?scopeDescriptor=scp.1", {"displayName": "g"}, 404, "scp.1"),
    ("POST", "_apis/graph/groups", {"displayName": "a/b"}, 400, "a/b"),
    ("GET", "_apis/graph/memberships/aad.1?direction=up", None, 404, "aad.1"),
    ("PATCH", "flights/_apis/pipelines/pipelinepermissions/teapot/1", {}, 400, "teapot"),
    ("PATCH", "flights/_apis/pipelines/pipelinepermissions/endpoint/none", {"allPipelines":
     {"authorized": True}}, 404, "none"),
    ("POST", "flights/_apis/policy/configurations",
     {"type": {"id": "40e92b44-2fe1-4dd6-b3d8-74a9c21d0c6e"}, "isEnabled": True,
      "isBlocking": True, "settings": {"scope": [{"matchKind": "DefaultBranch"}]}}, 501,
     "Work item linking"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status", "word"), WRONG)
def test_a_wrong_request_is_answered_by_name_and_changes_nothing(
    door: Door, method: str, path: str, body: Any, status: int, word: str
) -> None:
    before = state_of(door.store)
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}
    answer = requests.request(
        method, f"{door.url}/{path}", auth=("", door.owner_token), timeout=30, **sent
    )
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert {"message", "typeKey", "typeName", "errorCode", "eventId"} <= said.keys()
    assert word in said["message"] or word.lower() in said["message"].lower()
    assert said["typeKey"]
    assert state_of(door.store) == before


def test_a_stranger_learns_nothing(door: Door) -> None:
    personal_access_tokens.issue_job_token(door.store, run_id=1)  # makes the tenant's key
    before = state_of(door.store)
    for header in (
        None, "Basic !!!", "Basic OndyZGZ3", "Bearer a.b.c", "Digest x",
        "Bearer " + "A" * 2000,
    ):  # fmt: skip
        headers = {"Authorization": header} if header else {}
        answer = requests.get(f"{door.url}/_apis/projects", headers=headers, timeout=30)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert "TF400813" in answer.json()["message"] or "invalid" in answer.json()["message"]
    assert state_of(door.store) == before


def test_a_contributor_may_not_administer(door: Door) -> None:
    before = state_of(door.store)
    for permission, path, body in (
        ("organize", "_apis/projects", {"name": "mine"}),
        ("build", CHECKS, {"type": APPROVAL, "resource": RESOURCE, "settings": {}}),
        ("administer", "flights/_apis/git/repositories", {"name": "more"}),
    ):
        answer = requests.post(
            f"{door.url}/{path}", json=body, auth=("", door.user_token), timeout=30
        )
        assert answer.status_code == 403
        assert f"dana needs the permission '{permission}'" in answer.json()["message"]
    assert state_of(door.store) == before


def test_a_job_s_token_looks_and_changes_nothing(door: Door) -> None:
    from shipway.devops import runs

    project = projects.get(door.store, "flights")
    definition = definitions.get(door.store, project_id=project.project_id, definition_id=1)
    run = runs.queue_run(
        door.store, definition=definition, branch=MAIN, version=ZERO, reason="manual",
        requested_by=door.user,
    )  # fmt: skip
    token = personal_access_tokens.issue_job_token(door.store, run_id=run.run_id)
    headers = {"Authorization": f"Bearer {token}"}
    seen = requests.get(f"{door.url}/flights/_apis/build/builds", headers=headers, timeout=30)
    assert seen.json()["value"][0]["id"] == run.run_id
    before = state_of(door.store)
    projects_seen = requests.post(
        f"{door.url}/flights/_apis/pipelines/1/runs", json={}, headers=headers, timeout=30
    )
    assert projects_seen.status_code == 403
    assert state_of(door.store) == before
