"""Build validation: the run that a policy has queued for a pull request, and which would do.

Knows: documents, runs, definitions. Must not know: HTTP, git.
Source: https://learn.microsoft.com/azure/devops/repos/git/branch-policies#build-validation
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipway.devops import definitions, path_patterns, rows, runs
from shipway.devops.policies import Policy
from shipway.devops.pull_requests import PullRequest
from shipway.devops.runs import Requester, Run
from shipway.store.store import Store

_KIND = "pull_request_build"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBuild:
    """The newest run of a policy for a pull request, and what it was of."""

    run_id: int
    source_commit: str
    target_commit: str
    merge_commit: str
    queued_at: datetime
    was_auto_requeued: bool = False


def find(store: Store, pull_request_id: int, policy: Policy) -> PolicyBuild | None:
    """The newest run, or None when there was none yet."""
    found = store.documents.find(_KIND, _key(pull_request_id, policy))
    return rows.read(PolicyBuild, found.body) if found else None


def queue(
    store: Store, one: PullRequest, policy: Policy, requested_for: Requester, *,
    is_automatic: bool = False,
) -> Run | None:  # fmt: skip
    """Queue a run of refs/pull/<id>/merge as it is now; None when its pipeline cannot run.

    `is_automatic`: because auto-complete found the last one expired.
    """
    definition = definitions.find(store, policy.number("buildDefinitionId"))
    if definition is None or definition.queue_status != "enabled":
        return None
    with store.database.transaction():
        run = runs.queue_run(
            store, definition=definition, branch=one.merge_ref, version=one.merge.commit,
            reason="pullRequest", requested_by=runs.SERVICE, requested_for=requested_for,
            trigger_info=_trigger_info(one),
        )  # fmt: skip
        made = PolicyBuild(
            run_id=run.run_id, source_commit=one.merge.source_commit,
            target_commit=one.merge.target_commit, merge_commit=one.merge.commit,
            queued_at=run.queued_at, was_auto_requeued=is_automatic,
        )  # fmt: skip
        store.documents.put(_KIND, _key(one.pull_request_id, policy), rows.body_of(made))
    return run


def is_due(store: Store, one: PullRequest, policy: Policy) -> bool:
    """Whether the source branch has moved, so that the policy wants a run that nobody asked for.

    A moved target branch makes a run expire (`is_expired`) and starts none.
    """
    if policy.is_set("manualQueueOnly") or one.is_draft or one.merge.status != "succeeded":
        return False
    if not applies(one, policy):
        return False
    last = find(store, one.pull_request_id, policy)
    return last is None or last.source_commit != one.merge.source_commit


def is_expired(
    policy: Policy, one: PullRequest, build: PolicyBuild, run: Run, now: datetime
) -> bool:
    """Whether a run of the newest source no longer counts since the target branch has moved.

    `queueOnSourceUpdateOnly` with `validDuration` 0 never expires; with minutes, that long after
    its end; without it, at once.
    """
    if build.target_commit == one.merge.target_commit:
        return False
    if not policy.is_set("queueOnSourceUpdateOnly"):
        return True
    minutes = policy.number("validDuration")
    ended = run.finished_at
    return minutes > 0 and ended is not None and ended + timedelta(minutes=minutes) <= now


def applies(one: PullRequest, policy: Policy) -> bool:
    """Whether a changed path is in the policy's filter."""
    return path_patterns.any_matches(policy.texts("filenamePatterns"), one.merge.paths)


def _trigger_info(one: PullRequest) -> Mapping[str, str]:
    return {
        "pr.number": str(one.pull_request_id), "pr.title": one.title,
        "pr.sourceBranch": one.source_ref, "pr.targetBranch": one.target_ref,
        "pr.sourceSha": one.merge.source_commit, "pr.targetSha": one.merge.target_commit,
        "pr.iteration": str(one.iteration), "pr.isFork": "False",
        "pr.triggerRepository": one.repository_id,
    }  # fmt: skip


def _key(pull_request_id: int, policy: Policy) -> str:
    return f"{pull_request_id:010}/{policy.configuration_id:010}"
