"""Station 3: a stage meets the checks of the resources that it uses.

Approvals open and wait for people; a branch control decides at once. What is not built yet ends
the stage by name, never in silence. A stage without checks passes at once.
"""

import fnmatch
from collections.abc import Sequence

from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan
from shipway.azure.entra import groups, users
from shipway.base.errors import NotFound
from shipway.base.messages import Event
from shipway.devops import (
    approvals,
    checks,
    environments,
    run_progress,
    runs,
    stage_resources,
    variable_groups,
)
from shipway.devops.approvals import Approver
from shipway.devops.checks import Check
from shipway.devops.runs import Issue, Record, Run
from shipway.store.store import Store
from shipway.store.timers import Timer


def meet(store: Store, run: Run, plan: RunPlan, stage: StagePlan) -> None:
    """Make the checkpoint of a stage and evaluate what can be said at once."""
    record = Record(
        record_id=run_progress.checkpoint_id(run, stage.name),
        run_id=run.run_id,
        parent_id=run_progress.stage_id(run, stage.name),
        kind="Checkpoint",
        name="Checkpoint",
        ref_name="Checkpoint",
        identifier=f"Checkpoint.{stage.name}",
        state="inProgress",
        started_at=store.clock.now(),
    )
    runs.set_record(store, record)
    found = [c for c in _checks_of(store, run, plan, stage) if not c.is_disabled]
    refusal = _static_refusal(run, found)
    if refusal:
        _finish(store, run, record, "failed", refusal)
        return
    asked = [c for c in found if c.kind == "Approval"]
    for check in asked:
        _open(store, run, record, stage, check)
    if not asked:
        _finish(store, run, record, "succeeded", "")


def on_approval(store: Store, event: Event) -> None:
    """An approval was granted, rejected or timed out: close the checkpoint when it can be."""
    run = runs.get(store, int(event.subject.removeprefix("run/")))
    opened = approvals.get(store, str(event.data["approval_id"]))
    record = runs.get_record(store, run.run_id, opened.checkpoint_id)
    _mirror(store, run, opened)
    if record.state == "completed":
        return
    mine = [
        a
        for a in approvals.list_of(store, run_id=run.run_id)
        if a.checkpoint_id == record.record_id
    ]
    if event.kind == "ApprovalRejected":
        by = event.data.get("by_name", "")
        _finish(store, run, record, "failed", f"{by} rejected the approval", siblings=mine)
    elif event.kind == "ApprovalTimedOut":
        _finish(store, run, record, "skipped", "nobody approved in time", siblings=mine)
    elif all(a.status == "approved" for a in mine):
        _finish(store, run, record, "succeeded", "")


def on_timer(store: Store, timer: Timer) -> None:
    """The time-out of an approval."""
    approvals.time_out(store, approval_id=str(timer.data["approval_id"]))


def abandon(store: Store, run: Run, stage: StagePlan) -> None:
    """The run was canceled while the stage waited: its approvals end with it."""
    record = runs.find_record(store, run.run_id, run_progress.checkpoint_id(run, stage.name))
    if record is None or record.state == "completed":
        return
    mine = [
        a
        for a in approvals.list_of(store, run_id=run.run_id)
        if a.checkpoint_id == record.record_id
    ]
    _finish(store, run, record, "canceled", "the run was canceled", siblings=mine)


def _finish(
    store: Store,
    run: Run,
    record: Record,
    result: str,
    reason: str,
    *,
    siblings: Sequence[approvals.Approval] = (),
) -> None:
    issues = (Issue(kind="error", message=reason),) if reason and result == "failed" else ()
    runs.change_record(
        store,
        run.run_id,
        record.record_id,
        state="completed",
        result=result,
        issues=issues,
        finished_at=store.clock.now(),
    )
    for approval in siblings:
        _mirror(store, run, approvals.cancel(store, approval_id=approval.approval_id))


def _open(store: Store, run: Run, record: Record, stage: StagePlan, check: Check) -> None:
    settings = check.settings.get("approvers")
    listed = settings if isinstance(settings, list) else []
    people = tuple(_approver(store, str(item["id"])) for item in listed)
    approval = approvals.open_for(
        store,
        run=run,
        check=check,
        checkpoint_id=record.record_id,
        stage_name=stage.name,
        approvers=people,
    )
    _mirror(store, run, approval)


def _approver(store: Store, object_id: str) -> Approver:
    user = users.find(store, object_id)
    if user is not None:
        return Approver(approver_id=object_id, name=user.display_name)
    group = groups.find(store, object_id)
    if group is not None:
        return Approver(approver_id=object_id, name=group.display_name, members=group.member_ids)
    return Approver(approver_id=object_id, name=object_id)


def _mirror(store: Store, run: Run, approval: approvals.Approval) -> None:
    """The approval as a line of the timeline; its record id is the approval's id."""
    over = approval.status not in ("pending", "uninitiated")
    results = {"approved": "succeeded", "rejected": "failed", "timedOut": "skipped"}
    runs.set_record(
        store,
        Record(
            record_id=approval.approval_id,
            run_id=run.run_id,
            parent_id=approval.checkpoint_id,
            kind="Checkpoint.Approval",
            name="Checkpoint.Approval",
            ref_name="Checkpoint.Approval",
            identifier=f"{approval.stage_name}.Checkpoint.Approval",
            state="completed" if over else "inProgress",
            result=results.get(approval.status, "canceled") if over else None,  # type: ignore[arg-type]
            started_at=approval.created_at,
            finished_at=approval.updated_at if over else None,
        ),
    )


def _checks_of(store: Store, run: Run, plan: RunPlan, stage: StagePlan) -> list[Check]:
    """The checks on every protected resource of a stage."""
    found: list[Check] = []
    resources: set[tuple[str, str]] = set()
    for job in stage.jobs:
        if job.environment_name:
            _refuse_resource(job)
            made = environments.ensure(
                store,
                project_id=run.project_id,
                name=job.environment_name,
                definition_id=run.definition_id,
                by_id=run.requested_by.object_id,
                by_name=run.requested_by.name,
            )
            resources.add(("environment", str(made.environment_id)))
    for connection in stage_resources.connections_of(store, run, plan, stage):
        resources.add(("endpoint", connection.connection_id))
    for block in (plan.variables, stage.variables, *(job.variables for job in stage.jobs)):
        for item in block:
            group = item.group and variable_groups.find(
                store, project_id=run.project_id, name=item.group
            )
            if group:
                resources.add(("variablegroup", str(group.group_id)))
    resources.add(("repository", f"{run.project_id}.{run.repository_id}"))
    for kind, resource_id in sorted(resources):
        found += checks.on(
            store, project_id=run.project_id, resource_type=kind, resource_id=resource_id
        )
    return found


def _refuse_resource(job: JobPlan) -> None:
    """An environment has no machines or namespaces here; Azure says the same of an unknown one."""
    if job.environment is not None and job.environment.resource_name:
        raise NotFound(
            f"Job {job.name}: Resource {job.environment.resource_name} does not exist in "
            f"environment {job.environment.name}.",
            code="EnvironmentResourceNotFound", where=f"environment of job {job.name}",
            hint="Name the environment alone.",
        )  # fmt: skip


def _static_refusal(run: Run, found: Sequence[Check]) -> str:
    """Why the stage may not go on, from the checks that need nobody's answer; else empty."""
    for check in found:
        if check.kind == "BranchControl":
            inputs = check.settings.get("inputs")
            allowed = str(inputs.get("allowedBranches", "")) if isinstance(inputs, dict) else ""
            patterns = [p.strip() for p in allowed.split(",") if p.strip()]
            if not any(fnmatch.fnmatchcase(run.source_branch, _ref(p)) for p in patterns):
                return (
                    f"branch control: {run.source_branch} is not among the allowed branches "
                    f"of {check.resource_name or check.resource_id} ({allowed})"
                )
        elif check.kind in ("BusinessHours", "ExclusiveLock", "RequiredTemplate"):
            return (
                f"the check {check.kind} on {check.resource_name or check.resource_id} "
                "is not supported yet; disable it to go on"
            )
    return ""


def _ref(pattern: str) -> str:
    return pattern if pattern.startswith("refs/") or pattern == "*" else f"refs/heads/{pattern}"
