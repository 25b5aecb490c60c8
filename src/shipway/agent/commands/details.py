"""task.logdetail: records of its own that a step keeps below its line in the timeline.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#logdetail-create-or-update-a-timeline-record-for-a-task
"""

import uuid
from dataclasses import replace
from datetime import UTC, datetime

from shipway.agent.commands.target import CommandFailed, CommandTarget, missing
from shipway.agent.logging_commands import LoggingCommand
from shipway.devops import detail_records, runs
from shipway.devops.detail_records import DetailRecord
from shipway.devops.run_states import RecordState, Result

_STATES: dict[str, RecordState] = {
    "Pending": "pending", "InProgress": "inProgress", "Completed": "completed",
}  # fmt: skip
_RESULTS: dict[str, Result] = {
    "succeeded": "succeeded", "succeededwithissues": "succeededWithIssues", "failed": "failed",
    "canceled": "canceled", "skipped": "skipped", "abandoned": "abandoned",
}  # fmt: skip


def log_detail(step: CommandTarget, command: LoggingCommand) -> None:
    """Make a record, or change one that this job made before."""
    record_id = _guid(command, "id")
    if not record_id:
        raise missing("Can't update timeline record, timeline record id is not provided.")
    parent = _guid(command, "parentid")
    store, job_id = step.job.store, step.job.job_record_id
    before = detail_records.find(store, job_record_id=job_id, record_id=record_id)
    if before is not None:
        if parent and parent != before.parent_id:
            raise CommandFailed(
                "Can't change parent timeline record of an existing timeline record."
            )
        _put(step, _changed(step, command, before))
        return
    made = _new(step, command, record_id, parent)
    if parent and detail_records.find(store, job_record_id=job_id, record_id=parent) is None:
        raise missing("Parent timeline record has not been created for this new timeline record.")
    _put(step, _changed(step, command, made))


def _put(step: CommandTarget, record: DetailRecord) -> None:
    """Write a record; the step that made it points to the timeline of its own."""
    store, run_id = step.job.store, step.job.run.run_id
    detail_records.put(store, record)
    timeline = detail_records.timeline_id(record.step_record_id)
    owner = runs.find_record(store, run_id, record.step_record_id)
    if owner is not None and owner.details_id != timeline:
        runs.change_record(store, run_id, record.step_record_id, details_id=timeline)


def _new(step: CommandTarget, command: LoggingCommand, record_id: str, parent: str) -> DetailRecord:
    name, kind = command.get("name"), command.get("type")
    if not name:
        raise missing("Name is required for this new timeline record.")
    if not kind:
        raise missing("Type is required for this new timeline record.")
    return DetailRecord(
        record_id=record_id, parent_id=parent, run_id=step.job.run.run_id,
        job_record_id=step.job.job_record_id, step_record_id=step.record_id, name=name, kind=kind,
        state="inProgress", started_at=step.job.store.clock.now(),
    )  # fmt: skip


def _changed(step: CommandTarget, command: LoggingCommand, record: DetailRecord) -> DetailRecord:
    now = step.job.store.clock.now()
    state, result = command.get("state"), command.get("result")
    progress, order = command.get("progress"), command.get("order")
    after = replace(
        record,
        name=command.get("name") or record.name,
        kind=command.get("type") or record.kind,
        order=int(order) if order.isdecimal() else record.order,
        state=_STATES.get(state, "pending") if state else record.state,
        result=_RESULTS.get(result.lower(), "succeeded") if result else record.result,
        percent_complete=min(int(progress), 100) if progress.isdecimal()
        else record.percent_complete,
        current_operation=command.data or record.current_operation,
        started_at=_moment(command.get("starttime"), now) or record.started_at,
        finished_at=_moment(command.get("finishtime"), now) or record.finished_at,
    )  # fmt: skip
    if after.state != "completed":
        return after
    return replace(
        after,
        percent_complete=100 if after.percent_complete is None else after.percent_complete,
        finished_at=after.finished_at or now,
    )


def _moment(text: str, otherwise: datetime) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _guid(command: LoggingCommand, name: str) -> str:
    text = command.get(name)
    if not text:
        return ""
    try:
        found = uuid.UUID(text.strip("{}()"))
    except ValueError:
        raise CommandFailed("Unrecognized Guid format.") from None
    return str(found) if found.int else ""
