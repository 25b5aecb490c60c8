"""What each policy of the target branch says of a pull request, and why.

The counting is pure: `votes_of`, `required_votes_of`. Knows: policies, pull requests, runs and
threads, groups of the tenant. Must not know: HTTP, git.
Source: https://learn.microsoft.com/rest/api/azure/devops/policy/evaluations
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shipway.base import ids
from shipway.base.messages import Json
from shipway.devops import (
    definitions,
    path_patterns,
    policies,
    policy_types,
    pull_request_builds,
    pull_request_threads,
    reviewer_identities,
    runs,
)
from shipway.devops.policies import Policy
from shipway.devops.pull_request_states import EvaluationStatus, MergeStrategy
from shipway.devops.pull_requests import PullRequest
from shipway.devops.repositories import Repository
from shipway.store.store import Store

# what a strategy's setting is called
_ALLOWS: Mapping[MergeStrategy, str] = {
    "noFastForward": "allowNoFastForward", "squash": "allowSquash", "rebase": "allowRebase",
    "rebaseMerge": "allowRebaseMerge",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A status and its reason, in words for a person; `context` as the service has it."""

    status: EvaluationStatus
    reason: str = ""
    context: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One policy on one pull request."""

    evaluation_id: str
    policy: Policy
    verdict: Verdict

    @property
    def is_met(self) -> bool:
        """Whether it does not stand in the way."""
        return not self.policy.is_blocking or self.verdict.status in ("approved", "notApplicable")


def of(store: Store, repository: Repository, one: PullRequest) -> list[Evaluation]:
    """Every enabled policy of the target branch, oldest first."""
    return [
        Evaluation(
            evaluation_id=evaluation_id(one, policy), policy=policy,
            verdict=_verdict(store, one, policy),
        )
        for policy in policies.of_branch(store, repository, one.target_ref)
    ]  # fmt: skip


def unmet(found: Sequence[Evaluation]) -> list[Evaluation]:
    """Those that stand in the way of completion."""
    return [e for e in found if not e.is_met]


def evaluation_id(one: PullRequest, policy: Policy) -> str:
    """The same for a policy and a pull request at any time."""
    return ids.guid_from("policy evaluation", str(one.pull_request_id),
                         str(policy.configuration_id))  # fmt: skip


def votes_of(one: PullRequest, policy: Policy) -> Verdict:
    """Minimum number of reviewers: people count, each once; a group's vote is its members'."""
    needed = policy.number("minimumApproverCount")
    excluded = set() if policy.is_set("creatorVoteCounts") else {one.created_by.object_id}
    if policy.is_set("blockLastPusherVote"):
        excluded.add(one.last_pusher_id)
    against = [r.reviewer.name for r in one.reviewers if r.vote < 0 and not r.is_group]
    if against and not policy.is_set("allowDownvotes"):
        return Verdict(status="rejected", reason=f"{', '.join(against)} did not approve")
    approving = {
        r.reviewer.object_id for r in one.reviewers
        if r.vote > 0 and not r.is_group and r.reviewer.object_id not in excluded
    }  # fmt: skip
    if len(approving) < needed:
        return Verdict(status="queued", reason=f"{len(approving)} of {needed} approvals")
    if missing := _iterations_without(one, policy, excluded):
        return Verdict(status="queued", reason=f"nobody approved iteration {missing[0]}")
    return Verdict(status="approved", reason=f"{len(approving)} of {needed} approvals")


def required_votes_of(
    one: PullRequest, policy: Policy, members: Mapping[str, Sequence[str]]
) -> Verdict:
    """Required reviewers: each person approves; of each group, as many members as are wanted.

    `members`: of those ids that are groups. An author who may not vote is not waited for.
    """
    may_author = policy.is_set("creatorVoteCounts")
    author = one.created_by.object_id
    approving = {
        r.reviewer.object_id for r in one.reviewers
        if r.vote > 0 and (may_author or r.reviewer.object_id != author)
    }  # fmt: skip
    needed = policy.number("minimumApproverCount")
    for wanted in (text.lower() for text in policy.texts("requiredReviewerIds")):
        if wanted in members:
            count = len(approving & set(members[wanted]))
            if count < needed:
                return Verdict(status="queued", reason=f"{count} of {needed} approvals")
        elif wanted not in approving and not (wanted == author and not may_author):
            return Verdict(status="queued", reason="a required reviewer has not approved")
    return Verdict(status="approved")


def strategy_of(policy: Policy, strategy: MergeStrategy) -> Verdict:
    """Whether a merge strategy is allowed."""
    allowed = [s for s, setting in _ALLOWS.items() if policy.is_set(setting)]
    if policy.settings.get("useSquashMerge") is not None:  # how the policy was written before
        allowed = ["squash"] if policy.is_set("useSquashMerge") else ["noFastForward"]
    if strategy in allowed:
        return Verdict(status="approved")
    return Verdict(
        status="rejected",
        reason=f"'{strategy}' is not allowed; allowed: {', '.join(allowed) or 'none'}",
    )


def _verdict(store: Store, one: PullRequest, policy: Policy) -> Verdict:
    if not path_patterns.any_matches(policy.texts("filenamePatterns"), one.merge.paths):
        return Verdict(status="notApplicable", reason="no changed path is in its filter")
    if policy.type_id == policy_types.MIN_REVIEWERS:
        return votes_of(one, policy)
    if policy.type_id == policy_types.REQUIRED_REVIEWERS:
        return required_votes_of(one, policy, _members(store, policy))
    if policy.type_id == policy_types.MERGE_STRATEGY:
        return strategy_of(policy, one.options.merge_strategy)
    if policy.type_id == policy_types.COMMENTS:
        count = pull_request_threads.open_count(store, one.pull_request_id)
        status: EvaluationStatus = "rejected" if count else "approved"
        return Verdict(status=status, reason=f"{count} open comments" if count else "")
    return _build(store, one, policy)


def _build(store: Store, one: PullRequest, policy: Policy) -> Verdict:
    definition = definitions.find(store, policy.number("buildDefinitionId"))
    if definition is None:
        return Verdict(status="broken", reason="its pipeline is gone")
    context: dict[str, Json] = {
        "lastMergeCommitId": one.merge.commit, "lastMergeSourceCommitId": one.merge.source_commit,
        "lastMergeTargetCommitId": one.merge.target_commit,
        "buildDefinitionId": definition.definition_id, "buildDefinitionName": definition.name,
    }  # fmt: skip
    build = pull_request_builds.find(store, one.pull_request_id, policy)
    if build is None:
        return Verdict(status="queued", reason="no run was queued", context=context)
    run = runs.get(store, build.run_id)
    is_current = build.source_commit == one.merge.source_commit
    now = store.clock.now()
    # a completed pull request is shown as it was when it was completed
    expired = one.status == "active" and pull_request_builds.is_expired(
        policy, one, build, run, now
    )
    context |= {
        "buildId": run.run_id, "buildIsNotCurrent": not is_current, "isExpired": expired,
        "wasAutoRequeued": build.was_auto_requeued,
        "buildStartedUtc": run.started_at.isoformat() if run.started_at else None,
    }  # fmt: skip
    name = f"run {run.run_id}"
    if not is_current:
        return Verdict(status="queued", reason=f"{name} is of other commits", context=context)
    if expired and run.state == "completed":
        return Verdict(status="rejected", reason=f"{name} has expired", context=context)
    if run.state != "completed":
        return Verdict(status="running", reason=f"{name} is {run.state}", context=context)
    if run.result in ("succeeded", "succeededWithIssues"):
        return Verdict(status="approved", reason=f"{name} succeeded", context=context)
    return Verdict(status="rejected", reason=f"{name} {run.result}", context=context)


def _members(store: Store, policy: Policy) -> dict[str, tuple[str, ...]]:
    wanted = [text.lower() for text in policy.texts("requiredReviewerIds")]
    found = {text: reviewer_identities.find(store, text) for text in wanted}
    return {text: who.people for text, who in found.items() if who and who.is_group}


def _iterations_without(one: PullRequest, policy: Policy, excluded: set[str]) -> list[int]:
    """Iterations that need an approval of their own and have none."""
    if policy.is_set("requireVoteOnEachIteration"):
        wanted = [i.number for i in one.iterations]
    elif policy.is_set("requireVoteOnLastIteration"):
        wanted = [one.iteration]
    else:
        return []
    last = {(v.iteration, v.reviewer_id): v.vote for v in one.votes}
    approved = {number for (number, who), vote in last.items() if vote > 0 and who not in excluded}
    return [number for number in wanted if number not in approved]
