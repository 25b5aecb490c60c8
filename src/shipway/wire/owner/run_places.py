"""Where the stages, jobs and steps of a run stand in its YAML files."""

from collections.abc import Mapping, Sequence

from shipway.azpipelines.diagnostics import Position
from shipway.azpipelines.plan import JobPlan, RunPlan
from shipway.devops import run_progress, runs
from shipway.devops.runs import Record
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner.runs import run_of


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/runs/{run}/places`: record id to file, line and column, where one is known."""
    run = run_of(store, request)
    if run.plan is None:
        return json_response({})
    plan = run_progress.plan_of(run)
    found = _places(plan, runs.records_of(store, run.run_id))
    return json_response({
        record_id: {"file": at.file, "line": at.line, "column": at.column}
        for record_id, at in found.items() if at.line
    })  # fmt: skip


def _places(plan: RunPlan, records: Sequence[Record]) -> dict[str, Position]:
    by_id = {record.record_id: record for record in records}
    found: dict[str, Position] = {}
    for record in records:
        stage, job = _stage_and_job(by_id, record)
        if record.kind == "Stage":
            planned = plan.stage(record.ref_name)
            found |= {record.record_id: planned.position} if planned else {}
        of_job = plan.job(stage, job)
        if of_job is None:
            continue
        if record.kind in ("Phase", "Job"):
            found[record.record_id] = of_job.position
        elif record.kind == "Task":
            parent = by_id.get(record.parent_id or "")
            found[record.record_id] = _step(of_job, record, parent)
    return found


def _stage_and_job(by_id: Mapping[str, Record], record: Record) -> tuple[str, str]:
    """The names of the stage and the job around a record."""
    names = {"Stage": "", "Phase": ""}
    at: Record | None = record
    while at is not None:
        names[at.kind] = at.ref_name
        at = by_id.get(at.parent_id or "")
    return names["Stage"], names["Phase"]


def _step(job: JobPlan, record: Record, parent: Record | None) -> Position:
    """A step by its name; hooks of a deployment may have steps of the same name."""
    leg = str(parent.data.get("leg", "")) if parent else ""
    hooks = sorted(job.hooks, key=lambda hook: not leg.lower().startswith(hook.name.lower()))
    steps = [*job.steps, *(step for hook in hooks for step in hook.steps)]
    same = [step for step in steps if step.ref_name == record.ref_name]
    # a step that nobody wrote stands where its job does
    position = same[0].position if same else job.position
    return position if position.line else job.position
