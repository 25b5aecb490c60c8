"""Runs as the owner's commands need them: a list, one with its whole timeline, logs, verbs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, NotFound
from shipway.devops import (
    approvals,
    artifacts,
    coverage,
    definitions,
    logs,
    projects,
    run_tags,
    runs,
    stage_verbs,
    test_results,
)
from shipway.devops.approval_entities import Approval
from shipway.devops.runs import Record, Run
from shipway.devops.test_results import PublishedTests
from shipway.loop import checkpoint, checkpoint_records, run_retry
from shipway.loop import run as station
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people

_STATES = ("pending", "inProgress", "canceling", "completed")
_LINES_AT_ONCE = 5000
_TESTS_TOLD = 20


def get_all(store: Store, request: Request) -> Response:
    """`GET /api/v1/runs?limit=&state=&pipeline=&tag=`: newest first."""
    state = request.arg("state") or None
    if state is not None and state not in _STATES:
        raise BadInput(f"'{state}' is no state of a run", where="state",
                       hint=f"Known: {', '.join(_STATES)}.")  # fmt: skip
    wanted, tag = request.arg("pipeline"), request.arg("tag")
    found = [
        run
        for run in runs.list_of(store, state=state)  # type: ignore[arg-type]  # checked above
        if wanted in ("", run.definition_name) and (not tag or run_tags.has(run, tag))
    ]
    shown = found[: number(request.arg("limit", "50"), "limit")]
    names = _project_names(store)
    return json_response({"value": [_summary(run, names) for run in shown]})


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/runs/{run}`: the run with its timeline, approvals, artifacts and tests."""
    run = run_of(store, request)
    body = {
        **_summary(run, _project_names(store)),
        "diagnostics": [dict(d) for d in run.diagnostics],
        "records": [_record(record) for record in runs.records_of(store, run.run_id)],
        "approvals": [approval(a) for a in approvals.list_of(store, run_id=run.run_id)],
        "permissions": _permissions(store, run),
        "to_start": list(stage_verbs.waiting_for_start(store, run)),
        "artifacts": [
            {"name": a.name, "size": a.size, "files": a.file_count}
            for a in artifacts.list_of(store, run_id=run.run_id)
        ],
        "tests": [
            {
                "title": t.title, "passed": t.count("Passed"), "failed": t.count("Failed"),
                "skipped": t.count("NotExecuted"), "failures": _failed_tests(t),
            }
            for t in test_results.list_of(store, run_id=run.run_id)
        ],
        "coverage": [
            {
                "tool": c.tool,
                "counts": [
                    {"label": n.label, "covered": n.covered, "total": n.total,
                     "percent": round(n.percent(), 2)}
                    for n in c.counts
                ],
            }
            for c in coverage.list_of(store, run_id=run.run_id)
        ],
    }  # fmt: skip
    return json_response(body)


def _failed_tests(tests: PublishedTests) -> list[dict[str, str]]:
    """The first ones that failed, each with the first line of what it said."""
    failed = [one for one in tests.cases if one.outcome == "Failed"]
    return [
        {
            "name": one.name, "suite": one.suite,
            "message": next(iter(one.message.strip().splitlines()), ""),
        }
        for one in failed[:_TESTS_TOLD]
    ]  # fmt: skip


def start(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/rerun`: the same commit once more, as `as`."""
    made = run_retry.rerun(
        store, run_id=run_of(store, request).run_id, principal=people.acting(store, request)
    )
    return json_response(_summary(made, _project_names(store)), status=201)


def cancel(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/cancel`."""
    changed = station.cancel(
        store, run_id=run_of(store, request).run_id, principal=people.acting(store, request)
    )
    return json_response(_summary(changed, _project_names(store)))


def permit(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/permit`: the pipeline may use what the run waits for."""
    run = run_of(store, request)
    given = checkpoint.permit(
        store, run_id=run.run_id, principal=people.acting(store, request)
    )  # fmt: skip
    return json_response(
        {"run_id": run.run_id, "pipeline": run.definition_name,
         "resources": [str(one) for one in given]}
    )  # fmt: skip


def waiting_for_permission(store: Store, request: Request) -> Response:
    """`GET /api/v1/permissions`: the runs whose pipelines need permission."""
    del request
    found = (runs.get(store, run_id) for run_id in checkpoint.runs_without_permission(store))
    return json_response(
        {"value": [one for run in found for one in _permissions(store, run)]}
    )  # fmt: skip


def _permissions(store: Store, run: Run) -> list[dict[str, Any]]:
    needed = checkpoint.needs_of(store, run.run_id)
    if not needed:
        return []
    return [
        {
            "run_id": run.run_id, "pipeline": run.definition_name,
            "message": checkpoint_records.permission_text(len(needed)),
            "resources": [str(one) for one in needed],
        }
    ]  # fmt: skip


def log(store: Store, request: Request) -> Response:
    """`GET /api/v1/runs/{run}/logs/{log}?after=`: lines after a number, as far as there are.

    With `tail`, the last so many.
    """
    run = run_of(store, request)
    found = logs.get(store, run_id=run.run_id, log_id=number(request.params["log"], "log"))
    after = number(request.arg("after", "0"), "after")
    if tail := number(request.arg("tail", "0"), "tail"):
        after = max(after, logs.line_count(store, found) - tail)
    record = runs.find_record(store, run.run_id, found.record_id)
    ended = record is None or record.state == "completed"
    lines = logs.read(store, found, start=after + 1, end=after + _LINES_AT_ONCE, with_times=False)
    last = after + len(lines)
    ended = ended and last >= logs.line_count(store, found)
    return json_response({"lines": lines, "last": last, "ended": ended})


def approval(one: Approval) -> Mapping[str, Any]:
    """An approval in JSON."""
    return {
        "approval_id": one.approval_id,
        "run_id": one.run_id,
        "stage": one.stage_name,
        "resource": one.resource_name,
        "record_id": one.checkpoint_id,
        "status": one.status,
        "instructions": one.instructions,
        "min_required": one.min_required,
        "requester_cannot_approve": one.requester_cannot_approve,
        "created_at": timestamp(one.created_at),
        "due_at": timestamp(one.due_at),
        "effective_at": _moment(one.effective_at),
        "steps": [
            {
                "approver": step.approver.name, "status": step.status, "comment": step.comment,
                "by": step.actual_approver_name, "at": _moment(step.answered_at),
            }
            for step in one.steps
        ],
    }  # fmt: skip


def number(text: str, name: str) -> int:
    """A number of a path or query. Raises `BadInput`."""
    if not text.isdecimal() or len(text) > 12:
        raise BadInput(f"'{text[:40]}' is not a number", where=name, hint="Give a number.")
    return int(text)


def run_of(store: Store, request: Request) -> Run:
    """The run that the path names. Raises `NotFound`."""
    wanted = number(request.params["run"], "run")
    try:
        return runs.get(store, wanted)
    except NotFound:
        raise NotFound(
            f"there is no run {wanted}", code="RunNotFound", where=f"run {wanted}",
            hint="`shipway runs list` shows those that there are.",
        ) from None  # fmt: skip


def summary(store: Store, run: Run) -> dict[str, Any]:
    """A run as lists show it."""
    return _summary(run, _project_names(store))


def _project_names(store: Store) -> dict[str, str]:
    return {p.project_id: p.name for p in projects.list_all(store)}


def _summary(run: Run, projects_by_id: Mapping[str, str]) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "name": run.run_name,
        "pipeline": run.definition_name,
        "project": projects_by_id.get(run.project_id, ""),
        "state": run.state,
        "result": run.result,
        "reason": run.reason,
        "branch": run.source_branch.removeprefix("refs/heads/"),
        "commit": run.source_version,
        "requested_by": run.requested_by.name,
        "requested_for": run.requested_for.name,
        "tags": list(run.tags),
        "local": _local(run),
        "queued_at": timestamp(run.queued_at),
        "started_at": _moment(run.started_at),
        "finished_at": _moment(run.finished_at),
        "page": f"/runs/{run.run_id}",
    }


def _local(run: Run) -> dict[str, Any] | None:
    """The working tree of a run that needed no push."""
    if run.local is None:
        return None
    return {
        "folder": run.local.folder, "has_changes": run.local.has_changes,
        "stages": list(run.local.stages), "jobs": list(run.local.jobs),
    }  # fmt: skip


def _record(record: Record) -> dict[str, Any]:
    return {
        "record_id": record.record_id,
        "parent_id": record.parent_id,
        "kind": record.kind,
        "name": record.name,
        "ref_name": record.ref_name,
        "state": record.state,
        "result": record.result,
        "attempt": record.attempt,
        "started_at": _moment(record.started_at),
        "finished_at": _moment(record.finished_at),
        "log_id": record.log_id,
        "issues": [{"kind": i.kind, "message": i.message} for i in record.issues],
        "reason": str(record.data.get("reason", "")),
    }


def pipelines(store: Store, request: Request) -> Response:
    """`GET /api/v1/pipelines`: every definition by project."""
    del request
    return json_response(
        {
            "value": [
                {"definition_id": d.definition_id, "name": d.name, "project": p.name,
                 "yaml": d.yaml_path}
                for p in projects.list_all(store)
                for d in definitions.list_of(store, project_id=p.project_id)
            ]
        }
    )  # fmt: skip


def _moment(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
