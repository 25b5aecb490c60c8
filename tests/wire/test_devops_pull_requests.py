"""The official Python client (azure-devops 7.1) against policies and pull requests."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.devops_door import Door, open_door
from tests.pull_requests_lab import MAIN, Lab, make_lab

from shipway.azure.entra import groups, users
from shipway.devops import members, policy_types, repositories, security_groups

pytestmark = [
    pytest.mark.git,
    # the client leaves the sockets of streamed answers open
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in.*socket.socket:pytest.PytestUnraisableExceptionWarning"
    ),
]
ZERO = "0" * 40


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.fixture
def lab(door: Door, tmp_path: Path) -> Lab:
    return make_lab(door, tmp_path)


@pytest.fixture
def clients(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Any]]:
    """The client's factory for each person, with caches of its own."""
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", str(tmp_path))
    from azure.devops import _file_cache
    from azure.devops.client import Client
    from azure.devops.connection import Connection
    from msrest.authentication import BasicAuthentication

    for cache in (_file_cache.OPTIONS_CACHE, _file_cache.RESOURCE_CACHE):
        monkeypatch.setattr(cache, "file_name", str(tmp_path / f"cache-{id(cache)}.json"))
        monkeypatch.setattr(cache, "data", {})
    monkeypatch.setattr(Client, "_locations_cache", {})
    made: dict[str, Any] = {}

    def of(name: str) -> Any:
        if name not in made:
            credential = BasicAuthentication("", lab.tokens[name])
            made[name] = Connection(base_url=lab.door.url, creds=credential)
        return made[name].clients_v7_1

    yield of
    for connection in made.values():
        for client in connection._client_cache.values():
            client._client.close()
    gc.collect()


def reviewers_policy(lab: Lab, **settings: Any) -> dict[str, Any]:
    """As microsoft/azuredevops sends it."""
    scope = {"repositoryId": lab.repository.repository_id, "refName": MAIN, "matchKind": "Exact"}
    return {
        "type": {"id": policy_types.MIN_REVIEWERS}, "isEnabled": True, "isBlocking": True,
        "settings": {
            "minimumApproverCount": 1, "creatorVoteCounts": False, "allowDownvotes": False,
            "resetOnSourcePush": False, "requireVoteOnLastIteration": False,
            "requireVoteOnEachIteration": False, "resetRejectionsOnSourcePush": False,
            "blockLastPusherVote": False, **settings, "scope": [scope],
        },
    }  # fmt: skip


def test_a_policy_is_made_changed_found_and_deleted(
    lab: Lab, clients: Callable[[str], Any]
) -> None:
    client, project = clients("owner").get_policy_client(), lab.name
    asked = reviewers_policy(lab)
    made = client.create_policy_configuration(asked, project)
    assert (made.revision, made.is_enabled, made.is_blocking, made.is_deleted) == (
        1, True, True, False,
    )  # fmt: skip
    assert (made.settings, made.type.display_name) == (
        asked["settings"], "Minimum number of reviewers",
    )  # fmt: skip
    changed = client.update_policy_configuration(
        {**reviewers_policy(lab, minimumApproverCount=2), "id": made.id, "isBlocking": False},
        project, made.id,
    )  # fmt: skip
    assert (changed.revision, changed.settings["minimumApproverCount"]) == (2, 2)
    assert [c.id for c in client.get_policy_configurations(project)] == [made.id]
    assert client.get_policy_configurations(project, policy_type=policy_types.BUILD) == []
    git = clients("owner").get_git_client()
    found = git.get_policy_configurations(
        project, repository_id=lab.repository.repository_id, ref_name=MAIN
    )
    listed = found if isinstance(found, list) else found.policy_configurations
    assert [c.id for c in listed] == [made.id]
    revisions = client.get_policy_configuration_revisions(project, made.id)
    assert [r.revision for r in revisions] == [2, 1]
    first = client.get_policy_configuration_revision(project, made.id, 1)
    assert first.settings["minimumApproverCount"] == 1
    client.delete_policy_configuration(project, made.id)
    assert client.get_policy_configuration(project, made.id).is_deleted
    assert client.get_policy_configurations(project) == []


def test_the_types_are_told_and_others_refused_by_name(
    lab: Lab, clients: Callable[[str], Any]
) -> None:
    client = clients("owner").get_policy_client()
    types = {t.display_name: t.id for t in client.get_policy_types(lab.name)}
    assert types["Build"] == "0609b952-1397-4640-95ec-e00a01b2c241"
    assert client.get_policy_type(lab.name, types["Build"]).display_name == "Build"
    asked = {**reviewers_policy(lab), "type": {"id": "cbdc66da-9728-4af8-aada-9a5a32e4a226"}}
    with pytest.raises(Exception, match="type 'Status' are not enforced here"):
        client.create_policy_configuration(asked, lab.name)
    with pytest.raises(Exception, match="has no setting 'teapot'"):
        client.create_policy_configuration(reviewers_policy(lab, teapot=1), lab.name)


def test_a_contributor_makes_no_policy(lab: Lab, clients: Callable[[str], Any]) -> None:
    with pytest.raises(Exception, match="needs the permission 'administer'"):
        clients("dana").get_policy_client().create_policy_configuration(
            reviewers_policy(lab), lab.name
        )


def test_a_protected_branch_is_not_moved_over_rest(lab: Lab, clients: Callable[[str], Any]) -> None:
    lab.protect(policy_types.MIN_REVIEWERS, minimumApproverCount=1)
    git, tip = clients("owner").get_git_client(), lab.tip()
    change = {"changeType": "add", "item": {"path": "/b.txt"},
              "newContent": {"content": "b", "contentType": "rawtext"}}  # fmt: skip
    push = {"refUpdates": [{"name": MAIN, "oldObjectId": tip}],
            "commits": [{"comment": "c", "changes": [change]}]}  # fmt: skip
    with pytest.raises(Exception, match="TF402455: Pushes to this branch are not permitted"):
        git.create_push(push, lab.repository.repository_id)
    moves = [{"name": MAIN, "oldObjectId": tip, "newObjectId": ZERO},
             {"name": "refs/heads/topic", "oldObjectId": ZERO, "newObjectId": tip}]  # fmt: skip
    results = git.update_refs(moves, lab.repository.repository_id)
    assert [(r.success, r.update_status) for r in results] == [
        (False, "rejectedByPolicy"), (True, "succeeded"),
    ]  # fmt: skip
    assert lab.tip() == tip


def test_a_pull_request_from_creation_to_completion(
    lab: Lab, clients: Callable[[str], Any]
) -> None:
    lab.protect(policy_types.MIN_REVIEWERS, minimumApproverCount=1)
    lab.protect(policy_types.MERGE_STRATEGY, allowSquash=True)
    lab.push("topic", {"b.txt": "b"})
    repository_id = lab.repository.repository_id
    dana, avery = clients("dana").get_git_client(), clients("avery").get_git_client()
    reviewer = users.get(lab.store, "avery").object_id
    made = dana.create_pull_request(
        {"sourceRefName": "refs/heads/topic", "targetRefName": MAIN, "title": "t",
         "description": "d", "reviewers": [{"id": reviewer}]},
        repository_id,
    )  # fmt: skip
    assert (made.status, made.merge_status, made.created_by.display_name) == (
        "active", "succeeded", "Dana Requester",
    )  # fmt: skip
    assert made.is_draft is False
    assert [(r.id, r.vote) for r in made.reviewers] == [(reviewer, 0)]
    number = made.pull_request_id
    assert dana.get_pull_request_by_id(number, project=lab.name).title == "t"
    from azure.devops.v7_1.git.models import GitPullRequestSearchCriteria

    mine = GitPullRequestSearchCriteria(reviewer_id=reviewer, target_ref_name=MAIN)
    assert [p.pull_request_id for p in dana.get_pull_requests(repository_id, mine)] == [number]
    other = GitPullRequestSearchCriteria(status="completed")
    assert dana.get_pull_requests_by_project(lab.name, other) == []
    changed = dana.update_pull_request({"title": "better"}, repository_id, number)
    assert (changed.title, changed.description) == ("better", "d")
    commits = dana.get_pull_request_commits(repository_id, number)
    assert [c.comment for c in commits] == ["change b.txt"]
    vote = avery.create_pull_request_reviewer({"vote": 10}, repository_id, number, reviewer)
    assert vote.vote == 10
    assert [r.vote for r in dana.get_pull_request_reviewers(repository_id, number)] == [10]
    done = {"status": "completed", "lastMergeSourceCommit": {
        "commitId": made.last_merge_source_commit.commit_id}}  # fmt: skip
    with pytest.raises(Exception, match="'noFastForward' is not allowed; allowed: squash"):
        dana.update_pull_request(done, repository_id, number)
    done["completionOptions"] = {"mergeStrategy": "squash", "deleteSourceBranch": True}
    closed = dana.update_pull_request(done, repository_id, number)
    assert (closed.status, closed.closed_by.display_name) == ("completed", "Dana Requester")
    assert closed.last_merge_commit.commit_id == lab.tip()
    assert list(repositories.refs_of(lab.store, lab.repository, "refs/heads/")) == [MAIN]
    evaluations = (
        clients("dana").get_policy_client().get_policy_evaluations(lab.name, closed.artifact_id)
    )
    assert {e.status for e in evaluations} == {"approved"}


def test_required_reviewers_are_asked_and_waited_for(
    lab: Lab, clients: Callable[[str], Any]
) -> None:
    team = groups.create(lab.store, display_name="leads")
    avery = users.get(lab.store, "avery").object_id
    groups.add_member(lab.store, group_id=team.object_id, member_id=avery)
    everyone = security_groups.well_known(
        lab.store, "Contributors", project_id=lab.repository.project_id
    )
    wanted = [team.object_id, everyone.group_id]
    lab.protect(policy_types.REQUIRED_REVIEWERS, requiredReviewerIds=wanted)
    lab.push("topic", {"b.txt": "b"})
    number = lab.open(by="dana")
    listed = (
        clients("dana")
        .get_git_client()
        .get_pull_request_reviewers(lab.repository.repository_id, number)
    )
    assert [(r.id, r.is_required, r.is_container) for r in listed] == [
        (i, True, True) for i in wanted
    ]
    assert lab.evaluations(number) == {"Required reviewers": "queued"}
    lab.vote(number, 10, by="dana")  # the author's own
    assert lab.evaluations(number) == {"Required reviewers": "queued"}
    lab.vote(number, 10, by="avery")
    assert lab.evaluations(number) == {"Required reviewers": "approved"}


def test_a_comment_is_made_answered_and_settled(lab: Lab, clients: Callable[[str], Any]) -> None:
    lab.push("topic", {"b.txt": "b"})
    number, repository_id = lab.open(), lab.repository.repository_id
    git = clients("avery").get_git_client()
    thread = git.create_thread(
        {"comments": [{"content": "why?", "commentType": 1}], "status": "active",
         "threadContext": {"filePath": "/b.txt"}},
        repository_id, number,
    )  # fmt: skip
    answer = git.create_comment({"content": "so", "parentCommentId": 1}, repository_id, number,
                                thread.id)  # fmt: skip
    assert (answer.id, answer.parent_comment_id) == (2, 1)
    git.update_thread({"status": "closed"}, repository_id, number, thread.id)
    (found,) = git.get_threads(repository_id, number)
    assert (found.status, [c.content for c in found.comments]) == ("closed", ["why?", "so"])
    assert found.thread_context.file_path == "/b.txt"


def test_whoever_may_only_look_changes_nothing(lab: Lab, clients: Callable[[str], Any]) -> None:
    lab.push("topic", {"b.txt": "b"})
    number, repository_id = lab.open(), lab.repository.repository_id
    dana = users.get(lab.store, "dana").object_id
    members.add(lab.store, object_id=dana, role="Reader")
    git = clients("dana").get_git_client()
    asked: tuple[Callable[[], Any], ...] = (
        lambda: git.create_pull_request_reviewer({"vote": 10}, repository_id, number, dana),
        lambda: git.update_pull_request({"status": "abandoned"}, repository_id, number),
    )
    try:
        assert git.get_pull_request(repository_id, number).pull_request_id == number
        for change in asked:
            with pytest.raises(Exception, match="needs the permission 'contribute'"):
                change()
    finally:
        members.remove(lab.store, object_id=dana)
