"""Wrong REST bodies and paths: status, envelope, the offending name, a hint, nothing changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.devops_door import Door, open_door, state_of

from shipway.azure.entra import personal_access_tokens
from shipway.base import ids
from shipway.devops import (
    definitions,
    environments,
    projects,
    pull_requests,
    repositories,
    runs,
    security_groups,
    service_connections,
    variable_groups,
)
from shipway.devops.pull_requests import PullRequest
from shipway.devops.runs import Requester

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
     {"branch": "main"}}}}, 400, "resources.pipelines.up.branch"),
    ("POST", "flights/_apis/pipelines/1/runs", {"resources": {"repositories": {"other":
     {"token": "t"}}}}, 400, "resources.repositories.other.token"),
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


@pytest.fixture
def hidden(door: Door) -> dict[str, str]:
    """A project that dana is not in: ids of what is in it."""
    project_id = projects.create(door.store, name="hidden").project_id
    group = security_groups.well_known(door.store, "Contributors", project_id=project_id)
    security_groups.remove_member(
        door.store, group_id=group.group_id, member_id=door.user.object_id
    )
    repository = repositories.create(door.store, project_id=project_id, name="vault")
    who = Requester(object_id=ids.new_guid(), name="avery")
    variables = variable_groups.create(
        door.store, project_id=project_id, name="g",
        variables={"a": variable_groups.GroupVariable(value="1")},
    )  # fmt: skip
    connection = service_connections.create(
        door.store, project_id=project_id, name="c", kind="generic", scheme="None", url="https://a"
    )
    number = pull_requests.next_id(door.store)
    pull_requests.save(
        door.store,
        PullRequest(
            pull_request_id=number, project_id=project_id, title="t", source_ref="refs/heads/a",
            repository_id=repository.repository_id, target_ref=MAIN, created_by=who,
            created_at=door.store.clock.now(),
        ),
    )  # fmt: skip
    return {
        "project": project_id, "repository": repository.repository_id, "request": str(number),
        "group": str(variables.group_id), "connection": connection.connection_id,
        "environment": str(
            environments.create(door.store, project_id=project_id, name="e").environment_id
        ),
        "team": security_groups.default_team(door.store, project_id).group_id,
    }  # fmt: skip


REPOSITORY = "_apis/git/repositories/{repository}"
HIDDEN: list[tuple[str, str, Any, str]] = [
    # method, path, body, who asks: each is found in a project that they do not see
    *[("GET", f"{REPOSITORY}{tail}", None, who) for who in ("dana", "job")
      for tail in ("", "/refs", "/commits", "/items?path=/a", "/pushes", "/stats/branches",
                   "/pullrequests", "/pullrequests/{request}",
                   "/pullrequests/{request}/threads")],
    ("PATCH", REPOSITORY, {"name": "x"}, "dana"),
    ("DELETE", REPOSITORY, None, "dana"),
    ("POST", f"{REPOSITORY}/pushes", push_of("/a"), "dana"),
    ("POST", f"{REPOSITORY}/refs", [], "dana"),
    ("PATCH", f"{REPOSITORY}/pullrequests/{{request}}", {"title": "x"}, "dana"),
    ("GET", "_apis/git/pullrequests/{request}", None, "dana"),
    ("GET", "_apis/git/pullrequests/{request}", None, "job"),
    ("GET", "flights/_apis/git/pullrequests/{request}", None, "dana"),
    ("GET", "flights/_apis/policy/evaluations"
     "?artifactId=vstfs:///CodeReview/CodeReviewId/{flights}/{request}", None, "dana"),
    ("PUT", "_apis/distributedtask/variablegroups/{group}", {"name": "x"}, "dana"),
    ("DELETE", "_apis/distributedtask/variablegroups/{group}", None, "dana"),
    ("GET", "flights/_apis/distributedtask/variablegroups/{group}", None, "dana"),
    ("POST", "_apis/distributedtask/variablegroups",
     {"name": "x", "variables": {"a": {"value": "1"}}, "variableGroupProjectReferences":
      [{"name": "x", "projectReference": {"name": "hidden"}}]}, "dana"),
    ("PUT", "_apis/serviceendpoint/endpoints/{connection}", {"name": "x"}, "dana"),
    ("PATCH", "_apis/serviceendpoint/endpoints/{connection}", [], "dana"),
    ("DELETE", "_apis/serviceendpoint/endpoints/{connection}?projectIds={project}", None, "dana"),
    ("GET", "flights/_apis/pipelines/pipelinepermissions/endpoint/{connection}", None, "dana"),
    ("GET", "flights/_apis/pipelines/pipelinepermissions/variablegroup/{group}", None, "dana"),
    ("GET", "flights/_apis/pipelines/pipelinepermissions/environment/{environment}", None, "dana"),
    ("GET", "flights/_apis/pipelines/pipelinepermissions/repository/{project}.{repository}", None,
     "dana"),
    ("GET", "_apis/projects/hidden", None, "dana"),
    ("GET", "_apis/projects/{project}/teams", None, "dana"),
]  # fmt: skip


def test_what_is_in_another_project_is_not_there_for_whoever_does_not_see_it(
    door: Door, hidden: dict[str, str]
) -> None:
    names = {**hidden, "flights": projects.get(door.store, "flights").project_id}
    asking = {"dana": door.user_token, "job": job_token(door)}
    before = state_of(door.store)
    for method, path, body, who in HIDDEN:
        answer = requests.request(
            method, f"{door.url}/{path.format(**names)}", json=body, auth=("", asking[who]),
            timeout=30,
        )  # fmt: skip
        # a job's token is told that it is limited to its own project
        expected = (403, 404) if who == "job" else (404,)
        assert answer.status_code in expected, f"{who} {method} {path}: {answer.text}"
    assert state_of(door.store) == before


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("_apis/projects", "hidden"), ("_apis/teams", "hidden"),
        ("_apis/git/repositories", "vault"),
        ("_apis/accesscontrollists/5a27515b-ccd7-42c9-84f1-54c998f03866"
         "?token={project}\\{team}", "{team}"),
    ],
)  # fmt: skip
def test_a_list_of_the_organization_leaves_out_what_is_not_seen(
    door: Door, hidden: dict[str, str], path: str, inside: str
) -> None:
    security_groups.update(
        door.store, group_id=hidden["team"], administrator_ids=(door.user.object_id,)
    )
    seen = {
        who: requests.get(
            f"{door.url}/{path.format(**hidden)}", auth=("", token), timeout=30
        ).text
        for who, token in (
            ("owner", door.owner_token), ("dana", door.user_token), ("job", job_token(door)),
        )
    }  # fmt: skip
    word = inside.format(**hidden)
    assert word in seen["owner"]
    assert word not in seen["dana"]
    assert word not in seen["job"]


def job_token(door: Door) -> str:
    """The token of a job of a run in the project that dana is in."""
    project = projects.get(door.store, "flights")
    definition = definitions.get(door.store, project_id=project.project_id, definition_id=1)
    run = runs.queue_run(
        door.store, definition=definition, branch=MAIN, version=ZERO, reason="manual",
        requested_by=door.user,
    )  # fmt: skip
    return personal_access_tokens.issue_job_token(door.store, run_id=run.run_id)
