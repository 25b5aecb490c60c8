"""The timeline of a build: its stages, checkpoints, jobs and tasks.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/timeline
"""

from typing import Any

from shipway.devops import detail_records, run_attempts, runs
from shipway.devops.detail_records import DetailRecord
from shipway.devops.runs import Record
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.builds import build_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response


class Timelines:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: Request) -> Response:
        """GET build/builds/{id}/Timeline."""
        project = shapes.project_of(self._store, request)
        run = build_of(self._store, request, project)
        asked = request.params.get("timeline", run.plan_id).lower()
        place = f"{shapes.project_url(request, project)}/_apis/build/builds/{run.run_id}"
        records = runs.records_of(self._store, run.run_id)
        owner = next((r for r in records if r.details_id == asked), None)
        shapes_of = [_record(place, r) for r in records]
        if owner is not None:
            shapes_of = [_detail(d) for d in detail_records.of_step(
                self._store, job_record_id=owner.parent_id or "", step_record_id=owner.record_id
            )]  # fmt: skip
        elif asked != run.plan_id:
            records = run_attempts.records_of(self._store, run.run_id, asked)
            shapes_of = [_record(place, r) for r in records]
        return json_response(
            {
                "id": asked, "changeId": len(shapes_of), "lastChangedBy": shapes.NO_GUID,
                "lastChangedOn": shapes.moment(run.updated_at),
                "records": shapes_of,
                "url": f"{place}/Timeline/{asked}",
            }
        )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """The timeline, by its id or without."""
    noun = Timelines(store)
    query = ("changeId", "planId")
    return (
        in_project("GET", "build/builds/{build}/timeline", noun.get, query=query),
        in_project("GET", "build/builds/{build}/timeline/{timeline}", noun.get, query=query),
    )


def _record(place: str, record: Record) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "previousAttempts": [
            {"attempt": p.attempt, "timelineId": p.timeline_id, "recordId": p.record_id}
            for p in record.previous
        ],
        "id": record.record_id, "parentId": record.parent_id,
        "type": record.kind, "name": record.name, "refName": record.ref_name or None,
        "startTime": shapes.moment(record.started_at),
        "finishTime": shapes.moment(record.finished_at),
        "currentOperation": record.current_operation or None,
        "percentComplete": 100 if record.state == "completed" else record.percent_complete,
        "state": record.state, "result": record.result, "resultCode": None,
        "changeId": 1, "lastModified": shapes.moment(record.finished_at or record.started_at),
        "workerName": record.worker_name or None, "order": record.order,
        "details": (record.details_id and {
            "id": record.details_id, "changeId": 1, "url": f"{place}/Timeline/{record.details_id}",
        }) or None,
        "errorCount": max(record.error_count, sum(i.kind == "error" for i in record.issues)),
        "warningCount": max(
            record.warning_count, sum(i.kind == "warning" for i in record.issues)
        ),
        "url": None,
        "log": record.log_id and {
            "id": record.log_id, "type": "Container", "url": f"{place}/logs/{record.log_id}",
        },
        "task": {"name": record.task_name, "version": record.task_version}
        if record.task_name else None,
        "attempt": record.attempt, "identifier": record.identifier or None,
        "issues": [
            {"type": i.kind, "category": i.category, "message": i.message, "data": dict(i.data)}
            for i in record.issues
        ],
    }  # fmt: skip
    return shape


def _detail(record: DetailRecord) -> dict[str, Any]:
    """A record that a step made of its own; the kind is the step's word."""
    return {
        "previousAttempts": [], "id": record.record_id, "parentId": record.parent_id or None,
        "type": record.kind, "name": record.name, "refName": None,
        "startTime": shapes.moment(record.started_at),
        "finishTime": shapes.moment(record.finished_at),
        "currentOperation": record.current_operation or None,
        "percentComplete": record.percent_complete, "state": record.state,
        "result": record.result, "resultCode": None, "changeId": 1,
        "lastModified": shapes.moment(record.finished_at or record.started_at),
        "workerName": None, "order": record.order, "details": None, "errorCount": 0,
        "warningCount": 0, "url": None, "log": None, "task": None, "attempt": 1,
        "identifier": None, "issues": [],
    }  # fmt: skip
