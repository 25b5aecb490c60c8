"""What the outside tells a task that waits for it: events, lines for its log, output variables.

An agentless task that called somebody waits until that somebody says `TaskCompleted`. Whatever
is told is kept until the agent's task reads it, so that neither has to be there at the same time.
Source: https://learn.microsoft.com/rest/api/azure/devops/distributedtask/events/post-event
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from shipway.devops import rows, runs
from shipway.devops.runs import OutputVariable, Record
from shipway.store.store import Store

_EVENT, _LINES, _CALL = "task_event", "task_feed", "task_call"
EventName = Literal["TaskAssigned", "TaskStarted", "TaskCompleted"]
EVENT_NAMES: tuple[EventName, ...] = ("TaskAssigned", "TaskStarted", "TaskCompleted")
CallbackResult = Literal["succeeded", "succeededWithIssues", "failed", "canceled", "skipped"]
RESULTS: tuple[CallbackResult, ...] = (
    "succeeded", "succeededWithIssues", "failed", "canceled", "skipped",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """The end that somebody gave a task."""

    result: CallbackResult
    by_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something for the log of a task, and output variables that came with it."""

    lines: tuple[str, ...] = ()
    outputs: Mapping[str, OutputVariable] = field(default_factory=dict)


def complete(store: Store, record: Record, *, result: CallbackResult, by_name: str) -> bool:
    """End a task; False when it has been ended before, which changes nothing."""
    with store.database.transaction():
        if find(store, record.run_id, record.record_id) is not None:
            return False
        callback = Callback(result=result, by_name=by_name)
        store.documents.create(
            _EVENT, _key(record.run_id, record.record_id), rows.body_of(callback)
        )
    return True


def find(store: Store, run_id: int, record_id: str) -> Callback | None:
    """How a task was ended from outside, or None."""
    found = store.documents.find(_EVENT, _key(run_id, record_id))
    return rows.read(Callback, found.body) if found else None


def note_call(store: Store, run_id: int, record_id: str) -> None:
    """Whoever is to tell the end of a task was called."""
    store.documents.put(_CALL, _key(run_id, record_id), {})


def was_called(store: Store, run_id: int, record_id: str) -> bool:
    """Whether they were, also by an agent that is no more."""
    return store.documents.find(_CALL, _key(run_id, record_id)) is not None


def forget(store: Store, run_id: int, record_id: str) -> None:
    """A task that failed may be tried again: with a call and an end of its own."""
    with store.database.transaction():
        for kind in (_EVENT, _CALL):
            store.documents.delete(kind, _key(run_id, record_id))


def tell(store: Store, record: Record, told: Told) -> None:
    """Something for a task that waits."""
    with store.database.transaction():
        number = store.documents.next_number(_LINES)
        key = f"{_key(record.run_id, record.record_id)}/{number:010}"
        store.documents.create(_LINES, key, rows.body_of(told))


def take(store: Store, run_id: int, record_id: str) -> list[Told]:
    """What was told since the last time, in its order; it is handed out once."""
    with store.database.transaction():
        found = store.documents.list(_LINES, prefix=f"{_key(run_id, record_id)}/")
        for document in found:
            store.documents.delete(_LINES, document.key)
    return [rows.read(Told, document.body) for document in found]


def waiting(
    store: Store, run_id: int, *, job_id: str = "", record_id: str = ""
) -> Sequence[Record]:
    """The tasks of a run, or of one of its jobs, that are in progress."""
    return [
        one
        for one in runs.records_of(store, run_id)
        if one.kind == "Task"
        and one.state == "inProgress"
        and (not job_id or one.parent_id == job_id)
        and (not record_id or one.record_id == record_id)
    ]


def _key(run_id: int, record_id: str) -> str:
    return f"{run_id:010}/{record_id.lower()}"
