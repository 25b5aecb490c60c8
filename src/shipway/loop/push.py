"""Station 1: a ref moved. Which definitions start; their runs are queued.

git moves refs on disk; a push counts once `accept` has written it: refs, push, RefMoved and
RunQueued in one transaction, before the client hears that it went well. A server that dies
between git's update and that transaction finds the difference with `reconcile` when it starts.
Source: https://learn.microsoft.com/azure/devops/pipelines/repos/azure-repos-git#ci-triggers
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from shipway.azure.entra.principals import Principal
from shipway.base.errors import Conflict, Forbidden
from shipway.devops import (
    definitions,
    policies,
    pushes,
    repositories,
    repository_contents,
)
from shipway.devops.pushes import RefMove
from shipway.devops.repositories import Repository
from shipway.devops.repository_contents import NewCommit
from shipway.devops.runs import Requester, Run
from shipway.loop import pipeline_schedule, pull_request_refresh, push_starts
from shipway.store.store import Store

PULL_REFS = "refs/pull/"
LOCAL_REFS = "refs/local/"
PULL_REQUEST_NEEDED = (
    "TF402455: Pushes to this branch are not permitted; you must use a pull request to update "
    "this branch."
)
_PULL_REFS_KEPT = "refs/pull/ is written by pull requests only"
_LOCAL_REFS_KEPT = "refs/local/ is written by runs of working trees only"
_REJECTED = "rejectedByPolicy"
_UNKNOWN = Requester(object_id="", name="unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a push came to: the refs that moved and the runs that it queued."""

    moves: tuple[RefMove, ...]
    runs: tuple[Run, ...]
    push_id: int = 0


@contextmanager
def one_at_a_time(store: Store, repository: Repository) -> Iterator[int]:
    """Hold the repository's lock: pushes to one repository are accepted one after the other.

    Gives the lock's descriptor, to be inherited by the git that moves the refs: if this process
    dies, the lock lives until that git has ended, and `reconcile` waits for it.
    """
    descriptor = os.open(repositories.lock_of(store, repository), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def begin(store: Store, repository: Repository, pusher: Principal) -> None:
    """Note who pushes before git may move anything. Hold `one_at_a_time`."""
    who = Requester(object_id=pusher.object_id, name=pusher.name)
    pushes.intend(store, repository, who)


def refusals(store: Store, repository: Repository, refs: Sequence[str]) -> dict[str, str]:
    """Which of these refs may not be pushed to, each with the reason. Hold `one_at_a_time`.

    A blocking policy refuses every move of a branch that is there: also a forced one, also its
    deletion. A branch that is not there yet may be created; nobody has the permission to bypass.
    Source: https://learn.microsoft.com/azure/devops/repos/git/branch-policies
    """
    found = {ref: _PULL_REFS_KEPT for ref in refs if ref.startswith(PULL_REFS)}
    found |= {ref: _LOCAL_REFS_KEPT for ref in refs if ref.startswith(LOCAL_REFS)}
    protected = [ref for ref in refs if policies.is_protected(store, repository, ref)]
    if protected:
        present = repositories.refs_of(store, repository)
        found |= {ref: PULL_REQUEST_NEEDED for ref in protected if ref in present}
    return found


def accept(store: Store, repository: Repository) -> Accepted:
    """Compare the refs on disk with the accepted ones and take over what moved.

    Hold `one_at_a_time`. Every run is queued for the commit that its ref has now.
    """
    pusher = pushes.intended(store, repository) or _UNKNOWN
    present = {
        ref: tip
        for ref, tip in repositories.refs_of(store, repository).items()
        if not ref.startswith((PULL_REFS, LOCAL_REFS))
    }
    moves = pushes.moves_between(pushes.known_refs(store, repository), present)
    if not moves:
        pushes.forget_intent(store, repository)
        return Accepted(moves=(), runs=())
    starts = [s for move in moves for s in push_starts.find(store, repository, move)]
    armed = [
        pipeline_schedule.read(store, definition, move.ref, move.new)
        for definition in definitions.of_repository(store, repository.repository_id)
        for move in moves
    ]
    merged = pull_request_refresh.look(store, repository, moves)
    with store.database.transaction():
        push = pushes.accept(store, repository, pusher=pusher, moves=moves)
        started = [push_starts.queue(store, start, pusher) for start in starts]
        for one in armed:
            pipeline_schedule.arm(store, one)
        validating = pull_request_refresh.write(store, repository, merged, pusher)
    queued = (*(run for run in started if run), *validating)
    return Accepted(moves=moves, runs=queued, push_id=push.push_id)


def update_refs(
    store: Store, repository: Repository, asked: Sequence[RefMove], pusher: Principal
) -> list[tuple[RefMove, str]]:
    """Move refs as a push does; each with Azure's word for why it did not move, else empty."""
    with one_at_a_time(store, repository):
        refused = refusals(store, repository, [move.ref for move in asked])
        begin(store, repository, pusher)
        try:
            return [
                (move, _REJECTED if move.ref in refused else _update(store, repository, move))
                for move in asked
            ]
        finally:
            accept(store, repository)


def commit(
    store: Store, repository: Repository, *, ref: str, old: str,
    commits: Sequence[NewCommit], pusher: Principal,
) -> Accepted:  # fmt: skip
    """Put commits on a branch as a push does.

    Raises `Conflict` when the branch is not at `old` (any more), `Forbidden` where a policy wants
    a pull request, and as `make_commit`.
    """
    with one_at_a_time(store, repository):
        if refused := refusals(store, repository, [ref]).get(ref):
            raise Forbidden(
                refused, code="GitRefUpdateRejectedByPolicyException", where=ref,
                hint="Push to another branch and create a pull request.",
            )  # fmt: skip
        at = repositories.refs_of(store, repository).get(ref, repositories.ZERO)
        if at != old:
            raise _stale(ref, old, at)
        tip = old
        for one in commits:
            tip = repository_contents.make_commit(
                store, repository, parent=tip, commit=one, committer_name=pusher.name,
                committer_email=f"{pusher.name}@shipway.local",
            )  # fmt: skip
        begin(store, repository, pusher)
        try:
            reason = _update(store, repository, RefMove(ref=ref, old=old, new=tip))
        finally:
            accepted = accept(store, repository)
    if reason:
        raise _stale(ref, old, at)
    return accepted


def move_together(store: Store, repository: Repository, moves: Sequence[RefMove]) -> bool:
    """Move refs, all or none; False when one is no longer where it was. Hold `one_at_a_time`."""
    lines = "".join(f"update {m.ref} {m.new} {m.old}\n" for m in moves)
    done = repositories.git(
        store, repository, ["update-ref", "--stdin"],
        input_bytes=f"start\n{lines}prepare\ncommit\n".encode(), accept=(0, 1, 128),
    )  # fmt: skip
    return b"commit: ok" in done


def reconcile(store: Store) -> int:
    """Take over pushes that git finished while no server was there to accept them; how many."""
    found = 0
    for repository in repositories.list_of(store):
        if not repositories.path_of(store, repository).exists():
            continue
        with one_at_a_time(store, repository):
            found += bool(accept(store, repository).moves)
    return found


def _update(store: Store, repository: Repository, move: RefMove) -> str:
    if not move.ref.startswith(("refs/heads/", "refs/tags/")):
        return "invalidRefName"
    well_formed = repositories.git(
        store, repository, ["check-ref-format", "--normalize", move.ref], accept=(0, 1, 128)
    )
    if well_formed.decode().strip() != move.ref:
        return "invalidRefName"
    if not move.is_deletion and not repositories.existing(store, repository, [move.new]):
        return "unresolvableToCommit"
    return "" if move_together(store, repository, [move]) else "staleOldObjectId"


def _stale(ref: str, old: str, at: str) -> Conflict:
    return Conflict(
        f"TF401035: The reference '{ref}' has already been updated by another client: it is at "
        f"{at}, not {old}",
        code="GitReferenceStaleException", where="refUpdates[0].oldObjectId",
        hint="Please update your reference and try again.",
    )  # fmt: skip
