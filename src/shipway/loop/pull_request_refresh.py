"""Station 1, its part for pull requests: branches moved, so those between them are merged anew.

Called while a push is accepted, under its lock: `look` does git's part before the transaction,
`write` the rows within it. A server that dies between them does both again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shipway.azure.entra.principals import Principal
from shipway.base.errors import ShipwayError
from shipway.base.messages import Event
from shipway.devops import (
    policies,
    policy_types,
    pull_request_builds,
    pull_request_merges,
    pull_requests,
    repositories,
    runs,
)
from shipway.devops.policies import Policy
from shipway.devops.pull_requests import Iteration, Merge, PullRequest
from shipway.devops.pushes import RefMove
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester, Run
from shipway.loop import run as station
from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What git said of one pull request; `is_completed`: its target is where it was to go."""

    pull_request_id: int
    merge: Merge
    is_completed: bool = False


def look(store: Store, repository: Repository, moves: Sequence[RefMove]) -> tuple[Refreshed, ...]:
    """Merge every active pull request that has a branch among `moves`."""
    moved = {move.ref: move.new for move in moves}
    found: list[Refreshed] = []
    present: dict[str, str] | None = None  # read once, and only if somebody asks
    for one in pull_requests.active_of(store, repository.repository_id):
        if one.source_ref not in moved and one.target_ref not in moved:
            continue
        aim = one.completing.commit if one.completing else ""
        if aim and moved.get(one.target_ref) == aim:
            merge = replace(one.merge, status="succeeded", commit=aim)
            made = Refreshed(pull_request_id=one.pull_request_id, merge=merge, is_completed=True)
        else:
            present = present or repositories.refs_of(store, repository, "refs/heads/")
            merge = _merged_or_why_not(store, repository, one, present)
            made = Refreshed(pull_request_id=one.pull_request_id, merge=merge)
        found.append(made)
    return tuple(found)


def merged(
    store: Store, repository: Repository, one: PullRequest, present: Mapping[str, str]
) -> Merge:
    """The merge of the branches as `present` has them; its ref is moved along. Raises
    `GitFailed`."""
    source, target = present.get(one.source_ref, ""), present.get(one.target_ref, "")
    before = one.merge
    known = (before.source_commit, before.target_commit)
    if source and before.status in ("succeeded", "conflicts") and (source, target) == known:
        return before
    if not source or not target:
        gone = one.target_ref if source else one.source_ref
        return replace(before, status="failure", message=f"the branch {gone} is gone")
    tree = pull_request_merges.merge_trees(store, repository, target=target, source=source)
    paths = pull_request_merges.changed_paths(store, repository, target=target, source=source)
    made = Merge(status="conflicts" if tree.conflicts else "failure", source_commit=source,
                 target_commit=target, paths=paths, conflicts=tree.conflicts,
                 message=tree.failure)  # fmt: skip
    if tree.tree:
        names = [ref.removeprefix("refs/heads/") for ref in (one.source_ref, one.target_ref)]
        commit = pull_request_merges.preview(
            store, repository, target=target, source=source, tree=tree.tree, by=runs.SERVICE,
            message=f"Merge pull request {one.pull_request_id} from {names[0]} into {names[1]}",
        )  # fmt: skip
        made = replace(made, status="succeeded", commit=commit)
    pull_request_merges.set_ref(store, repository, one.merge_ref, made.commit)
    return made


def _merged_or_why_not(
    store: Store, repository: Repository, one: PullRequest, present: Mapping[str, str]
) -> Merge:
    """A push is accepted whatever becomes of the pull requests beside it."""
    try:
        return merged(store, repository, one, present)
    except ShipwayError as error:
        return replace(one.merge, status="failure", message=str(error))


def write(
    store: Store, repository: Repository, found: Sequence[Refreshed], pusher: Requester
) -> tuple[Run, ...]:
    """Take over what `look` found: completions, iterations, votes that no longer count, builds.

    In the caller's transaction; the runs that it queued.
    """
    queued: list[Run] = []
    for item in found:
        one = pull_requests.get(store, item.pull_request_id)
        if one.status != "active":
            continue
        if item.is_completed:
            _complete(store, replace(one, merge=item.merge))
            continue
        has_moved = item.merge.source_commit != one.merge.source_commit
        one = replace(one, merge=item.merge)
        if has_moved:
            one = _next_iteration(store, repository, one, pusher)
        pull_requests.save(store, one)
        queued += queue_builds(store, repository, one, pusher)
        say(store, one, "PullRequestUpdated")
    return tuple(queued)


def queue_builds(
    store: Store, repository: Repository, one: PullRequest, requested_for: Requester
) -> list[Run]:
    """Queue what the target's build policies want for the present merge."""
    wanted = [
        policy for policy in policies.of_branch(store, repository, one.target_ref)
        if policy.type_id == policy_types.BUILD and pull_request_builds.is_due(store, one, policy)
    ]  # fmt: skip
    started = [queue_build(store, one, policy, requested_for) for policy in wanted]
    return [run for run in started if run]


def queue_build(
    store: Store, one: PullRequest, policy: Policy, requested_for: Requester, *,
    is_automatic: bool = False,
) -> Run | None:  # fmt: skip
    """Queue a policy's run; the one before it is canceled if it is still under way."""
    last = pull_request_builds.find(store, one.pull_request_id, policy)
    with store.database.transaction():
        made = pull_request_builds.queue(
            store, one, policy, requested_for, is_automatic=is_automatic
        )
        if made and last and runs.get(store, last.run_id).state in ("pending", "inProgress"):
            service = Principal(kind="ServicePrincipal", object_id=runs.SERVICE.object_id,
                                name=runs.SERVICE.name, tenant_id="")  # fmt: skip
            station.cancel(store, run_id=last.run_id, principal=service)
    return made


def queue_for(store: Store, policy: Policy, requested_for: Requester) -> list[Run]:
    """Queue what a policy that is new or changed wants for the pull requests that are open."""
    found: list[Run] = []
    if policy.type_id != policy_types.BUILD or not policy.is_enabled:
        return found
    for repository in repositories.list_of(store, project_id=policy.project_id):
        for one in pull_requests.active_of(store, repository.repository_id):
            if policies.holds_on(policy, repository, one.target_ref):
                found += queue_builds(store, repository, one, requested_for)
    return found


def say(store: Store, one: PullRequest, kind: str) -> None:
    """Tell the journal."""
    facts = {"status": one.status, "iteration": one.iteration, "merge": one.merge.status}
    subject = pull_requests.subject(one.pull_request_id)
    store.journal.append(Event(kind=kind, subject=subject, at=store.clock.now(), data=facts))


def _next_iteration(
    store: Store, repository: Repository, one: PullRequest, pusher: Requester
) -> PullRequest:
    made = Iteration(
        number=one.iteration + 1, source_commit=one.merge.source_commit,
        target_commit=one.merge.target_commit, pushed_by=pusher, at=store.clock.now(),
    )  # fmt: skip
    one = replace(one, iterations=(*one.iterations, made))
    counting = [p for p in policies.of_branch(store, repository, one.target_ref) if _counts(p)]
    others = any(p.is_set("resetRejectionsOnSourcePush") for p in counting)
    approvals = others or any(p.is_set("resetOnSourcePush") for p in counting)
    return pull_requests.votes_reset(one, approvals=approvals, others=others)


def _counts(policy: Policy) -> bool:
    return policy.type_id == policy_types.MIN_REVIEWERS


def _complete(store: Store, one: PullRequest) -> None:
    by = one.completing.by if one.completing else runs.SERVICE
    done = replace(
        one, status="completed", closed_by=by, closed_at=store.clock.now(), completing=None
    )
    pull_requests.save(store, done)
    say(store, done, "PullRequestCompleted")
