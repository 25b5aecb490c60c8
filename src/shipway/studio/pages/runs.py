"""Runs of pipelines: the list, one run with its stages and steps, and what may be done to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shipway.devops import approvals, projects, runs
from shipway.devops.run_attempts import NEEDS_RETRY
from shipway.devops.runs import Record, Run
from shipway.loop import checkpoint, checkpoint_records, run_retry
from shipway.loop import run as station
from shipway.store.store import Store
from shipway.studio import wording
from shipway.studio.contexts import RunContext, RunsContext
from shipway.studio.exchange import Answer, Page, Redirect, Visit
from shipway.studio.pages import approvals as approvals_page
from shipway.studio.pages import run_checks, run_findings, run_logs, run_rights, run_stages
from shipway.studio.stage_views import JobRunView, StageVerbView, StageView, StepView
from shipway.studio.views import (
    IssueView,
    Moment,
    PermissionView,
    RunView,
)

_SHOWN = 100
_APPROVAL, _PERMISSION = "waits for approval", "needs permission"
_WAITS = {
    "Checkpoint.Authorization": _PERMISSION, "Checkpoint.Approval": _APPROVAL,
    "Checkpoint.ExclusiveLock": "waits for an exclusive lock",
    "Checkpoint.TaskCheck": "waits for a check",
}  # fmt: skip


def show_all(store: Store, visit: Visit) -> Answer:
    """GET /runs: the newest runs."""
    del visit
    found = runs.list_of(store)
    waiting = {a.run_id: _APPROVAL for a in approvals.list_of(store, status="pending")}
    waiting |= dict.fromkeys(checkpoint.runs_without_permission(store), _PERMISSION)
    names = _project_names(store)
    now = store.clock.now()
    rows = tuple(
        view(run, now, waits=waiting.get(run.run_id, ""), project=names.get(run.project_id, ""))
        for run in found[:_SHOWN]
    )
    return Page(
        template="runs.html", title="Runs", context=RunsContext(runs=rows, total=len(found))
    )


def show(store: Store, visit: Visit) -> Answer:
    """GET /runs/{run}: one run; `?step=` chooses whose log is shown."""
    run = runs.get(store, visit.number("run"))
    records = run_stages.records_shown(store, run, visit)
    opened = approvals.list_of(store, run_id=run.run_id)
    waiting = [a for a in opened if a.status == "pending"]
    stages_waiting = _waiting(records)
    needed = checkpoint.needs_of(store, run.run_id)
    chosen = run_logs.chosen(records, visit.query.get("step", ""))
    now = store.clock.now()
    project = _project_names(store).get(run.project_id, "")
    context = RunContext(
        run=view(run, now, waits=next(iter(stages_waiting.values()), ""), project=project),
        diagnostics=tuple(_diagnostic(dict(d)) for d in run.diagnostics),
        stages=_stages(
            records,
            now,
            {**run_stages.to_start(store, run), **stages_waiting},
            chosen,
            run_stages.verbs(store, run),
        ),
        approvals=tuple(
            approvals_page.view(store, one, visit.principal, back=f"/runs/{run.run_id}")
            for one in [*waiting, *(a for a in opened if a.status != "pending")]
        ),
        permission=PermissionView(
            message=checkpoint_records.permission_text(len(needed)),
            resources=tuple(str(one) for one in needed),
            may_permit=checkpoint.may_permit(store, run=run, principal=visit.principal),
        )
        if needed
        else None,
        checks=run_checks.of_run(store, visit, run),
        log=run_logs.view(store, run, chosen) if chosen else None,
        summaries=run_findings.summaries(store, run.run_id),
        tests=run_findings.tests(store, run.run_id),
        coverage=run_findings.coverage_of(store, run.run_id),
        artifacts=run_findings.artifacts_of(store, run.run_id),
        may_change=run_rights.may_change(store, visit, run),
    )
    title = f"{run.definition_name} {run.run_name}"
    return Page(template="run.html", title=title, context=context)


def cancel(store: Store, visit: Visit) -> Answer:
    """POST /runs/{run}/cancel."""
    run = run_rights.changeable(store, visit)
    station.cancel(store, run_id=run.run_id, principal=visit.principal)
    return Redirect(location=f"/runs/{run.run_id}")


def rerun(store: Store, visit: Visit) -> Answer:
    """POST /runs/{run}/rerun: the same commit once more."""
    run = run_rights.changeable(store, visit)
    made = run_retry.rerun(store, run_id=run.run_id, principal=visit.principal)
    return Redirect(location=f"/runs/{made.run_id}")


def permit(store: Store, visit: Visit) -> Answer:
    """POST /runs/{run}/permit: its pipeline may use what the run waits for."""
    checkpoint.permit(store, run_id=visit.number("run"), principal=visit.principal)
    return Redirect(location=f"/runs/{visit.number('run')}")


def view(run: Run, now: datetime, *, waits: str, project: str) -> RunView:
    """A run as a row or a head."""
    return RunView(
        number=run.run_id, pipeline=run.definition_name, name=run.run_name, project=project,
        state=run.result or run.state, branch=run.source_branch.removeprefix("refs/heads/"),
        commit=run.source_version, reason=run.reason, requested_for=run.requested_for.name,
        when=Moment(iso=wording.iso(run.queued_at), text=wording.ago(run.queued_at, now)),
        took=wording.took(run.started_at, run.finished_at, now), waits=waits,
        is_over=run.state == "completed", tags=run.tags,
        may_retry=run.state == "completed" and run.result in NEEDS_RETRY,
    )  # fmt: skip


def _waiting(records: Sequence[Record]) -> dict[str, str]:
    """What the stages of a run wait for, by their names."""
    by_id = {record.record_id: record for record in records}
    found: dict[str, str] = {}
    for record in records:
        parent = by_id.get(record.parent_id or "")
        stage = by_id.get(parent.parent_id or "") if parent else None
        if stage is not None and record.kind in _WAITS and record.state == "inProgress":
            found[stage.ref_name] = _WAITS[record.kind]
    return found


def _project_names(store: Store) -> dict[str, str]:
    return {project.project_id: project.name for project in projects.list_all(store)}


def _diagnostic(item: dict[str, object]) -> IssueView:
    place = (
        f"{item.get('file')}:{item.get('line')}:{item.get('column')}" if item.get("file") else ""
    )
    return IssueView(
        kind=str(item.get("severity", "error")), message=str(item.get("message", "")),
        place=place, hint=str(item.get("hint") or ""),
    )  # fmt: skip


def _stages(
    records: Sequence[Record],
    now: datetime,
    waiting: Mapping[str, str],
    chosen: Record | None,
    verbs: Mapping[str, tuple[StageVerbView, ...]],
) -> tuple[StageView, ...]:
    children: dict[str | None, list[Record]] = {}
    for record in records:
        children.setdefault(record.parent_id, []).append(record)
    found = []
    for stage in (r for r in records if r.kind == "Stage"):
        phases = [r for r in children.get(stage.record_id, ()) if r.kind == "Phase"]
        checkpoints = [r for r in children.get(stage.record_id, ()) if r.kind == "Checkpoint"]
        jobs = [_job(leg, now, children, chosen) for p in phases for leg in _legs(p, children)]
        reasons = _issues(stage) or tuple(i for c in checkpoints for i in _issues(c))
        found.append(
            StageView(
                name=stage.name, state=_state(stage), waits=waiting.get(stage.ref_name, ""),
                took=_took(stage, now), issues=reasons, jobs=tuple(jobs),
                ref_name=stage.ref_name, attempt=stage.attempt,
                earlier=run_stages.attempts(stage), verbs=verbs.get(stage.ref_name, ()),
            )
        )  # fmt: skip
    return tuple(found)


def _legs(phase: Record, children: dict[str | None, list[Record]]) -> list[Record]:
    """The jobs as they run; a job that never began is shown by its phase."""
    return [r for r in children.get(phase.record_id, ()) if r.kind == "Job"] or [phase]


def _job(
    record: Record,
    now: datetime,
    children: dict[str | None, list[Record]],
    chosen: Record | None,
) -> JobRunView:
    steps = [r for r in children.get(record.record_id, ()) if r.kind == "Task"]
    return JobRunView(
        name=record.name, state=_state(record), took=_took(record, now),
        worker=record.worker_name, issues=_issues(record),
        steps=tuple(
            StepView(
                record_id=step.record_id, name=step.name, state=_state(step),
                took=_took(step, now), has_log=step.log_id is not None,
                is_chosen=chosen is not None and step.record_id == chosen.record_id,
                issues=_issues(step),
            )
            for step in steps
        ),
    )  # fmt: skip


def _took(record: Record, now: datetime) -> str:
    is_quiet = record.result in ("skipped",) or record.started_at is None
    return "" if is_quiet else wording.took(record.started_at, record.finished_at, now)


def _state(record: Record) -> str:
    return record.result or record.state


def _issues(record: Record) -> tuple[IssueView, ...]:
    return tuple(IssueView(kind=i.kind, message=i.message) for i in record.issues)
