"""Exclusive locks: one stage at a time uses a resource that carries such a check.

A stage asks for all its locks at once and gets all or none. Those that wait stand in a queue:
with `sequential` each has its turn, with `runLatest` the newest run of the definition goes and
the older ones that waited are superseded. A lock that a stage's own `lockBehavior` makes counts
runs of the same branch only. Knows: documents. Must not know: timelines.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals#exclusive-lock
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shipway.azpipelines.plan import LockBehavior
from shipway.devops import rows
from shipway.devops.runs import Run
from shipway.store.store import Store

_HELD, _WAITING = "exclusive_lock", "exclusive_lock_wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockWait:
    """A stage that asked for locks; `number` is its place in the queue."""

    number: int
    run_id: int
    stage_name: str
    definition_id: int
    branch: str
    behavior: LockBehavior
    locks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a look at the queue has decided. `by` is the run that superseded a wait."""

    wait: LockWait
    granted: bool
    by: int = 0


def stage_lock(run: Run, stage_name: str) -> str:
    """The lock that belongs to a stage itself, for one branch of its definition."""
    return f"stage/{run.definition_id}/{stage_name.lower()}/{run.source_branch}"


def ask(
    store: Store, *, run: Run, stage_name: str, locks: Sequence[str], behavior: LockBehavior
) -> None:
    """Stand in the queue; `settle` decides. Asking again changes nothing."""
    with store.database.transaction():
        if _find(store, run.run_id, stage_name) is not None:
            return
        wait = LockWait(
            number=store.documents.next_number(_WAITING), run_id=run.run_id,
            stage_name=stage_name, definition_id=run.definition_id, branch=run.source_branch,
            behavior=behavior, locks=tuple(sorted(set(locks))),
        )  # fmt: skip
        store.documents.create(_WAITING, f"{wait.number:010}", rows.body_of(wait))


def settle(store: Store) -> list[Settlement]:
    """Give free locks to those whose turn it is; what was decided, each once."""
    decided: list[Settlement] = []
    with store.database.transaction():
        taken = {d.key for d in store.documents.list(_HELD)}
        queue = waiting(store)
        for wait in queue:
            if taken & set(wait.locks):
                taken |= set(wait.locks)  # nobody overtakes
                continue
            newest = _newest(wait, queue)
            store.documents.delete(_WAITING, f"{wait.number:010}")
            if newest.run_id > wait.run_id:
                decided.append(Settlement(wait=wait, granted=False, by=newest.run_id))
                continue
            for lock in wait.locks:
                holder = {"run_id": wait.run_id, "stage_name": wait.stage_name}
                store.documents.put(_HELD, lock, holder)
            taken |= set(wait.locks)
            decided.append(Settlement(wait=wait, granted=True))
    return decided


def release(store: Store, *, run_id: int, stage_name: str) -> bool:
    """The stage is over: its locks are free, its place in the queue too. False: it had neither."""
    changed = False
    with store.database.transaction():
        for held in store.documents.list(_HELD):
            if held.body == {"run_id": run_id, "stage_name": stage_name}:
                changed = store.documents.delete(_HELD, held.key)
        wait = _find(store, run_id, stage_name)
        if wait is not None:
            changed = store.documents.delete(_WAITING, f"{wait.number:010}")
    return changed


def waiting(store: Store) -> list[LockWait]:
    """The queue, first come first."""
    return [rows.read(LockWait, d.body) for d in store.documents.list(_WAITING)]


def holder_of(store: Store, lock: str) -> int | None:
    """The run that holds a lock, or None."""
    found = store.documents.find(_HELD, lock)
    return int(found.body["run_id"]) if found else None


def _find(store: Store, run_id: int, stage_name: str) -> LockWait | None:
    return next(
        (w for w in waiting(store) if (w.run_id, w.stage_name) == (run_id, stage_name)), None
    )


def _newest(wait: LockWait, queue: Sequence[LockWait]) -> LockWait:
    """The newest run that competes with `wait` for the same; itself when each has its turn."""
    if wait.behavior == "sequential":
        return wait
    rivals = [
        other
        for other in queue
        if other.behavior == "runLatest"
        and other.definition_id == wait.definition_id
        and set(wait.locks) & set(other.locks)
    ]
    return max(rivals, key=lambda other: other.run_id)
