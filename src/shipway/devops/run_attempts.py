"""Earlier attempts of a run's stages: set aside when a stage is tried again, kept to be looked at.

A stage that is retried gets new records; the old ones, with everything below them, become a
timeline of their own that bears the record id of the old stage. Knows: documents, runs.
Source: https://learn.microsoft.com/rest/api/azure/devops/build/timeline (TimelineAttempt)
"""

from collections.abc import Sequence
from typing import Any, cast

from shipway.base.errors import NotFound
from shipway.devops import rows, runs
from shipway.devops.run_states import Result
from shipway.devops.runs import PreviousAttempt, Record
from shipway.store.store import Store

_KIND = "run_record_before"
_BEFORE = "before"
NEEDS_RETRY: tuple[Result, ...] = ("failed", "canceled", "abandoned")
"""The results that a retry does something about; the rest is done and stays."""


def set_aside(store: Store, records: Sequence[Record], *, timeline_id: str) -> None:
    """Keep records as they are, as a timeline of their own, and take them out of the run's."""
    with store.database.transaction():
        for record in records:
            key = f"{record.run_id:010}/{timeline_id.lower()}/{record.record_id}"
            store.documents.put(_KIND, key, rows.body_of(record))
            runs.delete_records(store, record.run_id, (record.record_id,))


def records_of(store: Store, run_id: int, timeline_id: str) -> list[Record]:
    """The records of an earlier attempt. Raises `NotFound`."""
    found = store.documents.list(_KIND, prefix=f"{run_id:010}/{timeline_id.lower()}/")
    if not found:
        raise NotFound(
            f"The timeline {timeline_id[:60]} of build {run_id} could not be found.",
            code="TimelineNotFoundException", where="timelineId",
            hint="Leave it out for the attempt that counts; previousAttempts names the others.",
        )  # fmt: skip
    return runs.in_order([rows.read(Record, d.body) for d in found])


def timeline_of(store: Store, run_id: int, record_id: str) -> str:
    """The timeline of the earlier attempt in which a record stands; empty when it is in none."""
    for document in store.documents.list(_KIND, prefix=f"{run_id:010}/", newest_first=True):
        _, timeline_id, found = document.key.split("/")
        if found == record_id:
            return timeline_id
    return ""


def previous_of(record: Record, timeline_id: str) -> tuple[PreviousAttempt, ...]:
    """The previous attempts of whatever is tried after `record`, which is set aside there."""
    last = PreviousAttempt(
        attempt=record.attempt, timeline_id=timeline_id, record_id=record.record_id
    )
    return (*record.previous, last)


def note_leg(data: dict[str, Any], leg: str, previous: Sequence[PreviousAttempt]) -> None:
    """Note in the data of a job's new record what a leg has behind it."""
    data.setdefault(_BEFORE, {})[leg] = [rows.body_of(p) for p in previous]


def of_leg(phase: Record, leg: str) -> tuple[PreviousAttempt, ...]:
    """What `note_leg` has noted; nothing for a leg that runs for the first time."""
    noted = cast("dict[str, Any]", phase.data.get(_BEFORE) or {})
    return tuple(rows.read(PreviousAttempt, body) for body in noted.get(leg, ()))
