"""How votes are counted, which runs count, which strategies are allowed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipway.base.errors import BadInput
from shipway.base.machine import InvalidTransition
from shipway.devops import policy_evaluations, policy_types, pull_request_builds, pull_requests
from shipway.devops.policies import Policy
from shipway.devops.pull_request_builds import PolicyBuild
from shipway.devops.pull_request_states import PULL_REQUEST, MergeStrategy
from shipway.devops.pull_requests import Iteration, Merge, PullRequest
from shipway.devops.runs import Requester, Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AUTHOR, ANN, BEN, EVE = (Requester(object_id=i, name=i) for i in ("author", "ann", "ben", "eve"))


def policy(type_id: str = policy_types.MIN_REVIEWERS, **settings: Any) -> Policy:
    return Policy(
        configuration_id=1, project_id="p", type_id=type_id, created_by=AUTHOR, created_at=NOW,
        settings={"minimumApproverCount": 1, **settings},
    )  # fmt: skip


def pushed(one: PullRequest, by: Requester) -> PullRequest:
    made = Iteration(number=one.iteration + 1, source_commit=f"s{one.iteration + 1}",
                     target_commit="t", pushed_by=by, at=NOW)  # fmt: skip
    merge = Merge(status="succeeded", source_commit=made.source_commit, target_commit="t")
    return replace(one, iterations=(*one.iterations, made), merge=merge)


def asked(*votes: tuple[Requester, int]) -> PullRequest:
    empty = PullRequest(
        pull_request_id=1, project_id="p", repository_id="r", title="t", source_ref="s",
        target_ref="t", created_by=AUTHOR, created_at=NOW,
    )  # fmt: skip
    return cast(pushed(empty, AUTHOR), *votes)


def cast(one: PullRequest, *votes: tuple[Requester, int]) -> PullRequest:
    for who, value in votes:
        one = pull_requests.voted(one, who, value, NOW)
    return one


@pytest.mark.parametrize(
    ("votes", "settings", "status"),
    [
        ((), {}, "queued"),
        (((ANN, 10),), {}, "approved"),
        (((ANN, 5),), {}, "approved"),
        (((ANN, 0),), {}, "queued"),
        (((ANN, 10), (ANN, 0)), {}, "queued"),
        (((ANN, 10),), {"minimumApproverCount": 2}, "queued"),
        (((ANN, 10), (ANN, 5)), {"minimumApproverCount": 2}, "queued"),
        (((ANN, 10), (BEN, 10)), {"minimumApproverCount": 2}, "approved"),
        (((AUTHOR, 10),), {}, "queued"),
        (((AUTHOR, 10),), {"creatorVoteCounts": True}, "approved"),
        (((ANN, 10), (BEN, -5)), {}, "rejected"),
        (((ANN, 10), (BEN, -10)), {}, "rejected"),
        (((ANN, 10), (BEN, -10)), {"allowDownvotes": True}, "approved"),
        (((ANN, -10), (ANN, 10)), {}, "approved"),
    ],
)
def test_votes_are_counted_as_the_settings_say(
    votes: tuple[tuple[Requester, int], ...], settings: dict[str, Any], status: str
) -> None:
    assert policy_evaluations.votes_of(asked(*votes), policy(**settings)).status == status


def test_whoever_pushed_last_does_not_count_where_that_is_set() -> None:
    one = pushed(asked((ANN, 10)), by=ANN)
    assert policy_evaluations.votes_of(one, policy()).status == "approved"
    strict = policy(blockLastPusherVote=True)
    assert policy_evaluations.votes_of(one, strict).status == "queued"
    assert policy_evaluations.votes_of(cast(one, (BEN, 10)), strict).status == "approved"


def test_an_approval_of_the_last_or_of_each_iteration_is_asked_for() -> None:
    second = pushed(asked((ANN, 10)), by=AUTHOR)
    last, each = policy(requireVoteOnLastIteration=True), policy(requireVoteOnEachIteration=True)
    assert policy_evaluations.votes_of(second, policy()).status == "approved"
    assert policy_evaluations.votes_of(second, last).reason == "nobody approved iteration 2"
    voted = cast(second, (BEN, 10))
    assert policy_evaluations.votes_of(voted, last).status == "approved"
    assert policy_evaluations.votes_of(voted, each).status == "approved"
    third = cast(pushed(pushed(asked((ANN, 10)), by=AUTHOR), by=AUTHOR), (ANN, 10))
    assert policy_evaluations.votes_of(third, each).reason == "nobody approved iteration 2"
    own = cast(second, (AUTHOR, 10))
    assert policy_evaluations.votes_of(own, last).status == "queued"


def test_a_reset_takes_back_what_it_is_to() -> None:
    one = asked((ANN, 10), (BEN, -10))
    kept = pull_requests.votes_reset(one, approvals=True, others=False)
    assert [r.vote for r in kept.reviewers] == [0, -10]
    nothing = pull_requests.votes_reset(one, approvals=True, others=True)
    assert [r.vote for r in nothing.reviewers] == [0, 0]
    assert len(nothing.votes) == 2


@pytest.mark.parametrize(
    ("votes", "status"),
    [
        ((), "queued"),
        (((ANN, 10),), "queued"),
        (((ANN, 10), (EVE, 10)), "approved"),
        (((ANN, 10), (BEN, 10)), "queued"),
        (((ANN, -10), (EVE, 10)), "queued"),
    ],
)
def test_each_required_person_and_enough_of_a_group_approve(
    votes: tuple[tuple[Requester, int], ...], status: str
) -> None:
    wanted = policy(policy_types.REQUIRED_REVIEWERS, requiredReviewerIds=["ANN", "group"])
    found = policy_evaluations.required_votes_of(asked(*votes), wanted, {"group": ("eve",)})
    assert found.status == status


def test_an_author_who_may_not_vote_is_not_waited_for() -> None:
    wanted = policy(policy_types.REQUIRED_REVIEWERS, requiredReviewerIds=["author"])
    assert policy_evaluations.required_votes_of(asked(), wanted, {}).status == "approved"
    counts = policy(policy_types.REQUIRED_REVIEWERS, requiredReviewerIds=["author"],
                    creatorVoteCounts=True)  # fmt: skip
    assert policy_evaluations.required_votes_of(asked(), counts, {}).status == "queued"


@pytest.mark.parametrize(
    ("settings", "strategy", "status"),
    [
        ({"allowSquash": True}, "squash", "approved"),
        ({"allowSquash": True}, "noFastForward", "rejected"),
        ({"allowRebaseMerge": True}, "rebaseMerge", "approved"),
        ({"allowRebase": True}, "rebaseMerge", "rejected"),
        ({"useSquashMerge": True}, "squash", "approved"),
        ({"useSquashMerge": False}, "squash", "rejected"),
        ({}, "rebase", "rejected"),
    ],
)
def test_a_merge_strategy_is_allowed_or_not(
    settings: dict[str, Any], strategy: MergeStrategy, status: str
) -> None:
    one = policy(policy_types.MERGE_STRATEGY, **settings)
    assert policy_evaluations.strategy_of(one, strategy).status == status


@pytest.mark.parametrize(
    ("settings", "minutes", "is_expired"),
    [
        ({"queueOnSourceUpdateOnly": True, "validDuration": 60}, 59, False),
        ({"queueOnSourceUpdateOnly": True, "validDuration": 60}, 60, True),
        ({"queueOnSourceUpdateOnly": True, "validDuration": 0}, 100_000, False),
        ({"queueOnSourceUpdateOnly": False, "validDuration": 60}, 0, True),
    ],
)
def test_a_build_expires_only_once_the_target_has_moved(
    settings: dict[str, Any], minutes: int, is_expired: bool
) -> None:
    one, rule = asked(), policy(policy_types.BUILD, **settings)
    build = PolicyBuild(run_id=1, source_commit="s1", target_commit="old", merge_commit="m",
                        queued_at=NOW)  # fmt: skip
    run = Run(
        run_id=1, project_id="p", definition_id=1, definition_name="ml", repository_id="r",
        run_name="1", source_branch="b", source_version="v", reason="pullRequest",
        requested_by=AUTHOR, requested_for=AUTHOR, queued_at=NOW, updated_at=NOW, plan_id="x",
        finished_at=NOW,
    )  # fmt: skip
    later = NOW + timedelta(minutes=minutes)
    assert pull_request_builds.is_expired(rule, one, build, run, later) is is_expired
    current = replace(build, target_commit="t")
    assert not pull_request_builds.is_expired(rule, one, current, run, later)


@pytest.mark.parametrize("value", [1, 11, -1])
def test_another_number_is_no_vote(value: int) -> None:
    with pytest.raises(BadInput, match="is not a vote"):
        asked((ANN, value))


def test_drafts_and_closed_ones_take_no_votes() -> None:
    with pytest.raises(BadInput, match="a draft"):
        cast(replace(asked(), is_draft=True), (ANN, 10))
    with pytest.raises(BadInput, match="abandoned"):
        cast(replace(asked(), status="abandoned"), (ANN, 10))


@pytest.mark.parametrize("verb", ["abandon", "complete", "reactivate"])
def test_a_completed_one_stays_so(verb: str) -> None:
    with pytest.raises(InvalidTransition):
        PULL_REQUEST.step("completed", verb)


def test_an_abandoned_one_is_reactivated_before_it_is_completed() -> None:
    assert PULL_REQUEST.step("abandoned", "reactivate") == "active"
    with pytest.raises(InvalidTransition):
        PULL_REQUEST.step("abandoned", "complete")
