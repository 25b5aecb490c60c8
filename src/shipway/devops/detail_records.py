"""Records that a step keeps below its own line of the timeline (`##vso[task.logdetail]`).

They make a timeline of their own, which the step's record points to. Knows: documents.
"""

from dataclasses import dataclass
from datetime import datetime

from shipway.base import ids
from shipway.devops import rows
from shipway.devops.run_states import RecordState, Result
from shipway.store.store import Store

_KIND = "detail_record"


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailRecord:
    """One line of a step's own timeline; `kind` and `name` are the step's words."""

    record_id: str
    parent_id: str = ""
    run_id: int
    job_record_id: str
    step_record_id: str
    kind: str
    name: str
    order: int = 1
    state: RecordState = "pending"
    result: Result | None = None
    percent_complete: int | None = None
    current_operation: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


def timeline_id(step_record_id: str) -> str:
    """The timeline that holds the details of a step."""
    return ids.guid_from("details", step_record_id)


def put(store: Store, record: DetailRecord) -> None:
    """Write a record, new or changed."""
    key = f"{record.job_record_id}/{record.record_id}"
    store.documents.put(_KIND, key, rows.body_of(record))


def find(store: Store, *, job_record_id: str, record_id: str) -> DetailRecord | None:
    """A record that some step of the job has made."""
    found = store.documents.find(_KIND, f"{job_record_id}/{record_id}")
    return rows.read(DetailRecord, found.body) if found else None


def of_step(store: Store, *, job_record_id: str, step_record_id: str) -> list[DetailRecord]:
    """The records of one step, parents first as they were made, then by their order."""
    found = store.documents.list(_KIND, prefix=f"{job_record_id}/")
    records = [rows.read(DetailRecord, one.body) for one in found]
    return sorted(
        (one for one in records if one.step_record_id == step_record_id),
        key=lambda one: (one.order, one.name),
    )
