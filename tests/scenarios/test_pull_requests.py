"""Pull requests against real git: from a branch to a protected one, and what stands between."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.devops_door import Door, git, open_door
from tests.pull_requests_lab import MAIN, Lab, make_lab

from shipway.base.errors import BadInput
from shipway.devops import policy_types, pull_requests, pushes, repositories, run_variables, runs
from shipway.devops.runs import Run
from shipway.loop import pull_request, pull_request_completion, push

pytestmark = pytest.mark.git
PULL = "git/repositories/flights/pullrequests"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.fixture
def lab(door: Door, tmp_path: Path) -> Lab:
    return make_lab(door, tmp_path)


def finish(lab: Lab, run: Run, result: str = "succeeded") -> None:
    """End a run as the loop does."""
    now = lab.store.clock.now()
    runs.set_run(lab.store, run.run_id, state="completed", result=result, finished_at=now)


def test_a_protected_branch_is_updated_by_a_pull_request(lab: Lab) -> None:
    lab.protect(policy_types.MIN_REVIEWERS, minimumApproverCount=1)
    source = lab.push("topic", {"b.txt": "b"})
    target = lab.tip()
    number = lab.open()
    shown = lab.show(number)
    assert (shown["status"], shown["mergeStatus"]) == ("active", "succeeded")
    assert shown["lastMergeSourceCommit"]["commitId"] == source
    assert shown["lastMergeTargetCommit"]["commitId"] == target
    assert lab.evaluations(number) == {"Minimum number of reviewers": "queued"}
    refused = lab.complete(number, status=403)
    assert refused["typeKey"] == "GitPullRequestUpdateRejectedByPolicyException"
    assert "Minimum number of reviewers (0 of 1 approvals)" in refused["message"]
    lab.vote(number, 10, by="owner")
    lab.complete(number, status=403)  # the author's own vote does not count
    lab.vote(number, 10, by="avery")
    before = len(runs.list_of(lab.store))
    done = lab.complete(number, by="dana", deleteSourceBranch=True)
    assert (done["status"], done["closedBy"]["displayName"]) == ("completed", "Dana Requester")
    tip = repositories.commit(lab.store, lab.repository, lab.tip())
    assert tip is not None
    assert (tip.commit_id, tip.parents) == (done["lastMergeCommit"]["commitId"], (target, source))
    assert tip.comment == f"Merged PR {number}: change"
    assert "refs/heads/topic" not in repositories.refs_of(lab.store, lab.repository)
    newest = runs.list_of(lab.store)
    assert len(newest) == before + 1
    assert (newest[0].source_branch, newest[0].source_version) == (MAIN, tip.commit_id)
    assert (newest[0].reason, newest[0].requested_for.name) == ("individualCI", "dana")
    last = pushes.list_of(lab.store, lab.repository)[0]
    assert [m.ref for m in last.moves] == [MAIN, "refs/heads/topic"]
    assert lab.show(number)["status"] == "completed"
    lab.call("PATCH", f"{PULL}/{number}", {"status": "abandoned"}, status=409)


@pytest.mark.parametrize("strategy", ["noFastForward", "squash", "rebase", "rebaseMerge"])
def test_each_merge_strategy_leaves_the_history_that_it_is_named_for(
    lab: Lab, strategy: str
) -> None:
    lab.push("topic", {"b.txt": "b"})
    lab.push("topic", {"c.txt": "c"})
    git("checkout", "-q", "main", cwd=lab.clone)
    target = lab.push("main", {"d.txt": "d"})
    number = lab.open()
    lab.complete(number, mergeStrategy=strategy, mergeCommitMessage="by hand")
    git("pull", "-q", "--rebase=false", "origin", "main", cwd=lab.clone)
    said = git("log", "--first-parent", "--format=%s|%an", f"{target}..main", cwd=lab.clone)
    lines = said.split("\n")[:-1]
    merge = git("rev-list", "--merges", "--count", f"{target}..main", cwd=lab.clone).strip()
    subjects = [line.split("|")[0] for line in lines]
    if strategy == "rebase":
        assert (lines, merge) == (["change c.txt|Dana", "change b.txt|Dana"], "0")
    else:
        assert subjects == ["by hand"]
        assert merge == ("0" if strategy == "squash" else "1")
    assert {p.name for p in lab.clone.iterdir()} >= {"a.txt", "b.txt", "c.txt", "d.txt"}
    if strategy == "rebaseMerge":
        side = git("log", "--format=%s", "main^1..main^2", cwd=lab.clone).split("\n")[:-1]
        assert side == ["change c.txt", "change b.txt"]


def test_conflicts_are_named_and_resolved_by_a_push(lab: Lab) -> None:
    lab.push("topic", {"a.txt": "one\nTWO\nthree\n"})
    number = lab.open()
    git("checkout", "-q", "main", cwd=lab.clone)
    lab.push("main", {"a.txt": "one\n2\nthree\n"})
    shown = lab.show(number)
    assert (shown["mergeStatus"], shown["mergeFailureMessage"]) == ("conflicts", "a.txt")
    assert f"refs/pull/{number}/merge" not in repositories.refs_of(lab.store, lab.repository)
    for strategy in ("noFastForward", "rebase"):
        refused = lab.complete(number, status=409, mergeStrategy=strategy)
        assert "a.txt" in refused["message"]
    git("checkout", "-q", "topic", cwd=lab.clone)
    git("merge", "-q", "-X", "ours", "main", cwd=lab.clone)
    git("push", "-q", "origin", "topic", cwd=lab.clone)
    assert lab.show(number)["mergeStatus"] == "succeeded"
    lab.complete(number)
    assert repositories.read_file(
        lab.store, lab.repository, version=lab.tip(), path="a.txt"
    ) == b"one\nTWO\nthree\n"  # fmt: skip


def test_the_merged_branches_can_be_fetched(lab: Lab) -> None:
    lab.push("topic", {"b.txt": "b"})
    number = lab.open()
    git("fetch", "-q", "origin", f"refs/pull/{number}/merge", cwd=lab.clone)
    git("checkout", "-q", "FETCH_HEAD", cwd=lab.clone)
    assert (lab.clone / "b.txt").read_text() == "b"
    moved = [m.ref for p in pushes.list_of(lab.store, lab.repository) for m in p.moves]
    assert set(moved) == {MAIN, "refs/heads/topic"}


def test_a_build_policy_validates_the_merge_and_again_after_a_push(lab: Lab) -> None:
    lab.protect(
        policy_types.BUILD, buildDefinitionId=lab.definition.definition_id, displayName="tests",
        queueOnSourceUpdateOnly=True, validDuration=720,
    )  # fmt: skip
    source = lab.push("topic", {"b.txt": "b"})
    number = lab.open(by="dana")
    (run,) = lab.validations()
    merge = lab.show(number)["lastMergeCommit"]["commitId"]
    assert (run.source_branch, run.source_version) == (f"refs/pull/{number}/merge", merge)
    assert (run.requested_for.name, run.reason) == ("dana", "pullRequest")
    known = run_variables.shown(run_variables.predefined(lab.store, run))
    assert known["Build.Reason"] == "PullRequest"
    assert known["Build.SourceBranchName"] == "merge"
    assert {n: v for n, v in known.items() if n.startswith("System.PullRequest.")} == {
        "System.PullRequest.IsFork": "False",
        "System.PullRequest.PullRequestId": str(number),
        "System.PullRequest.PullRequestIteration": "1",
        "System.PullRequest.SourceBranch": "refs/heads/topic",
        "System.PullRequest.SourceCommitId": source,
        "System.PullRequest.SourceRepositoryURI": known["Build.Repository.Uri"],
        "System.PullRequest.TargetBranch": MAIN,
        "System.PullRequest.TargetBranchName": "main",
    }
    assert lab.evaluations(number) == {"Build": "running"}
    assert "tests (run" in lab.complete(number, status=403)["message"]
    finish(lab, run, "failed")
    assert lab.evaluations(number) == {"Build": "rejected"}
    said = git_push_again(lab)
    assert len(lab.validations()) == 2
    second = lab.validations()[1]
    assert f"run {second.run_id} of 'ml' is queued" in said
    assert lab.evaluations(number) == {"Build": "running"}
    finish(lab, second)
    assert lab.evaluations(number) == {"Build": "approved"}
    lab.complete(number)
    assert lab.evaluations(number) == {"Build": "approved"}


def git_push_again(lab: Lab) -> str:
    (lab.clone / "b.txt").write_text("better")
    git("commit", "-qam", "better", cwd=lab.clone)
    return git("push", "origin", "topic", cwd=lab.clone)


def test_a_build_expires_with_the_target_branch_and_auto_complete_repeats_it_once(
    lab: Lab,
) -> None:
    number_of = lab.definition.definition_id
    lab.protect(policy_types.BUILD, blocking=False, buildDefinitionId=number_of)
    lab.push("topic", {"b.txt": "b"})
    number = lab.open()
    one = pull_requests.get(lab.store, number)
    for turn in (1, 2):
        finish(lab, lab.validations()[-1])
        git("checkout", "-q", "main", cwd=lab.clone)
        lab.push("main", {"c.txt": str(turn)})
        assert (len(lab.validations()), lab.evaluations(number)) == (turn, {"Build": "rejected"})
        pull_request.set_auto_complete(lab.store, one, one.created_by)
        assert pull_request_completion.complete_due(lab.store) == []
    assert len(lab.validations()) == 2
    pull_request_completion.requeue_all(lab.store, number, one.created_by)
    finish(lab, lab.validations()[-1])
    assert pull_request_completion.complete_due(lab.store) == [number]


def test_a_newer_build_cancels_the_one_before_it(lab: Lab) -> None:
    lab.protect(policy_types.BUILD, buildDefinitionId=lab.definition.definition_id)
    lab.push("topic", {"b.txt": "b"})
    lab.open()
    git_push_again(lab)
    assert [r.state for r in lab.validations()] == ["canceling", "pending"]


def test_a_build_that_is_queued_by_hand_waits_for_it(lab: Lab) -> None:
    lab.protect(
        policy_types.BUILD, buildDefinitionId=lab.definition.definition_id, manualQueueOnly=True,
        filenamePatterns=["/src/*"],
    )  # fmt: skip
    lab.push("topic", {"b.txt": "b"})
    outside = lab.open()
    assert lab.evaluations(outside) == {}
    lab.push("other", {"src/b.py": "b"})
    number = lab.open("other")
    assert (lab.validations(), lab.evaluations(number)) == ([], {"Build": "queued"})
    place = f"vstfs:///CodeReview/CodeReviewId/{lab.repository.project_id}/{number}"
    (found,) = lab.call("GET", f"policy/evaluations?artifactId={place}")["value"]
    asked = lab.call("PATCH", f"policy/evaluations/{found['evaluationId']}")
    assert (asked["status"], len(lab.validations())) == ("running", 1)
    assert asked["context"]["buildId"] == lab.validations()[0].run_id


def test_a_policy_that_comes_later_builds_what_is_open(lab: Lab) -> None:
    lab.push("topic", {"b.txt": "b"})
    number = lab.open()
    assert lab.validations() == []
    asked = {
        "type": {"id": policy_types.BUILD}, "isEnabled": True, "isBlocking": True,
        "settings": {"buildDefinitionId": lab.definition.definition_id,
                     "scope": [{"matchKind": "DefaultBranch"}]},
    }  # fmt: skip
    made = lab.call("POST", "policy/configurations", asked)
    (first,) = lab.validations()
    lab.call("PUT", f"policy/configurations/{made['id']}", asked)
    assert len(lab.validations()) == 1, "what is current is not built again"
    finish(lab, first, "failed")
    by = pull_requests.get(lab.store, number).created_by
    (again,) = pull_request_completion.requeue_all(lab.store, number, by)
    assert (again.source_version, lab.evaluations(number)) == (
        first.source_version, {"Build": "running"},
    )  # fmt: skip
    with pytest.raises(BadInput, match="no build to queue"):
        pull_request_completion.requeue_all(lab.store, number, by)


def test_branches_without_a_common_past_fail_alone(lab: Lab) -> None:
    lab.push("topic", {"b.txt": "b"})
    number = lab.open()
    git("checkout", "-q", "--orphan", "alone", cwd=lab.clone)
    git("commit", "-qm", "alone", cwd=lab.clone)
    said = git("push", "--force", "origin", "alone:topic", cwd=lab.clone)
    assert "forced update" in said
    shown = lab.show(number)
    assert (shown["mergeStatus"], "unrelated" in shown["mergeFailureMessage"]) == ("failure", True)
    assert lab.complete(number, status=409)["typeKey"] == "GitPullRequestMergeConflictsException"
    git("push", "-q", "origin", ":topic", cwd=lab.clone)
    assert lab.show(number)["mergeFailureMessage"] == "the branch refs/heads/topic is gone"
    git("push", "-q", "origin", "main:other", cwd=lab.clone)


def test_votes_fall_with_a_push_where_the_policy_says_so(lab: Lab) -> None:
    lab.protect(policy_types.MIN_REVIEWERS, minimumApproverCount=1, resetOnSourcePush=True)
    lab.push("topic", {"b.txt": "b"})
    number = lab.open()
    lab.vote(number, 5, by="avery")
    assert lab.evaluations(number) == {"Minimum number of reviewers": "approved"}
    git_push_again(lab)
    assert lab.evaluations(number) == {"Minimum number of reviewers": "queued"}
    assert [r["vote"] for r in lab.show(number)["reviewers"]] == [0]
    iterations = lab.call("GET", f"{PULL}/{number}/iterations")["value"]
    assert [i["id"] for i in iterations] == [1, 2]


def test_open_comments_stand_in_the_way(lab: Lab) -> None:
    lab.protect(policy_types.COMMENTS)
    lab.push("topic", {"b.txt": "b"})
    number = lab.open()
    thread = lab.call("POST", f"{PULL}/{number}/threads",
                      {"comments": [{"content": "why?"}], "status": 1})  # fmt: skip
    assert lab.evaluations(number) == {"Comment requirements": "rejected"}
    assert "1 open comments" in lab.complete(number, status=403)["message"]
    lab.call("PATCH", f"{PULL}/{number}/threads/{thread['id']}", {"status": "fixed"})
    lab.complete(number)


def test_auto_complete_waits_for_votes_and_builds(lab: Lab) -> None:
    lab.protect(policy_types.MIN_REVIEWERS, minimumApproverCount=1)
    lab.protect(policy_types.BUILD, buildDefinitionId=lab.definition.definition_id)
    lab.push("topic", {"b.txt": "b"})
    number = lab.open(by="dana")
    me = lab.call_connection("dana")
    lab.call("PATCH", f"{PULL}/{number}",
             {"autoCompleteSetBy": {"id": me}, "completionOptions": {"squashMerge": True}},
             by="dana")  # fmt: skip
    assert pull_request_completion.complete_due(lab.store) == []
    lab.vote(number, 10, by="avery")
    assert pull_request_completion.complete_due(lab.store) == []
    finish(lab, lab.validations()[0])
    assert pull_request_completion.complete_due(lab.store) == [number]
    shown = lab.show(number)
    assert (shown["status"], shown["closedBy"]["id"]) == ("completed", me)
    tip = repositories.commit(lab.store, lab.repository, lab.tip())
    assert tip is not None
    assert (len(tip.parents), tip.author_name) == (1, "dana")


def test_a_server_that_dies_between_git_and_the_rows_completes_at_the_next_start(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.push("topic", {"b.txt": "b"})
    number = lab.open()
    before = len(runs.list_of(lab.store))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(push, "accept", die)
        one = pull_requests.get(lab.store, number)
        with pytest.raises(KeyboardInterrupt):
            pull_request_completion.complete(lab.store, number, by=one.created_by)
    assert pull_requests.get(lab.store, number).status == "active"
    assert push.reconcile(lab.store) == 1
    done = pull_requests.get(lab.store, number)
    assert (done.status, done.merge.commit) == ("completed", lab.tip())
    assert len(runs.list_of(lab.store)) == before + 1


def test_what_is_not_there_or_not_allowed_is_named(lab: Lab) -> None:
    lab.push("topic", {"b.txt": "b"})
    ask = {"sourceRefName": "refs/heads/topic", "targetRefName": MAIN, "title": "t"}
    gone = lab.call("POST", PULL, {**ask, "sourceRefName": "refs/heads/none"}, status=404)
    assert "refs/heads/none" in gone["message"]
    number = lab.open()
    again = lab.call("POST", PULL, ask, status=409)
    assert again["typeKey"] == "GitPullRequestExistsException"
    assert "labels" in lab.call("PATCH", f"{PULL}/{number}", {"labels": []}, status=400)["message"]
    bypass = lab.complete(number, status=403, bypassPolicy=True)
    assert bypass["typeKey"] == "GitNeedsPermissionException"
    stale = {"status": "completed", "lastMergeSourceCommit": {"commitId": lab.tip()}}
    assert "TF401192" in lab.call("PATCH", f"{PULL}/{number}", stale, status=409)["message"]
    other = lab.call_connection("avery")
    lab.call("PUT", f"{PULL}/{number}/reviewers/{other}", {"vote": 10}, status=403)
    lab.call("PATCH", f"{PULL}/{number}", {"status": "abandoned"})
    lab.complete(number, status=409)
    back = lab.call("PATCH", f"{PULL}/{number}", {"status": "active"})
    assert (back["status"], back["mergeStatus"]) == ("active", "succeeded")
