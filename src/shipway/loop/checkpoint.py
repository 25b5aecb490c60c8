"""Station 3: a stage meets the permissions and checks of the resources that it uses.

First the definition has to be permitted to use each resource; then the checks, by category, the
first that fails ends the stage; last the exclusive locks. What is not built yet ends the stage by
name, never in silence. A stage that nothing guards passes at once.
"""

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shipway.azpipelines.plan import RunPlan, StagePlan
from shipway.azure.entra.principals import Principal
from shipway.base.errors import Conflict, Forbidden, ShipwayError
from shipway.base.messages import Event
from shipway.devops import (
    approvals,
    approver_names,
    checks,
    exclusive_locks,
    github_mirrors,
    pipeline_permissions,
    policies,
    repositories,
    resource_managers,
    run_progress,
    runs,
    stage_resources,
)
from shipway.devops.approval_entities import Approval
from shipway.devops.checks import Category, Check
from shipway.devops.run_states import Result
from shipway.devops.runs import Record, Run
from shipway.devops.stage_resources import StageResource
from shipway.loop import checkpoint_records as lines
from shipway.store.store import Store
from shipway.store.timers import Timer

LOCK_TIMER = "ExclusiveLockDue"
_WAITS = "authorization_wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """A stage at its checkpoint."""

    store: Store
    run: Run
    plan: RunPlan
    stage: StagePlan
    record: Record
    resources: Sequence[StageResource]
    guarding: Sequence[Check]

    def checks(self, category: Category) -> list[Check]:
        return [check for check in self.guarding if checks.category_of(check) == category]


# what a phase says: None it waits, empty it has passed, else why the stage may not go on
Verdict = str | None


def meet(store: Store, run: Run, plan: RunPlan, stage: StagePlan) -> None:
    """Make the checkpoint of a stage and evaluate what can be said at once."""
    record = lines.begin(store, run, stage)
    _go_on(_visit(store, run, plan, stage, record))


def on_approval(store: Store, event: Event) -> None:
    """An approval was granted, rejected or timed out: go on or end the checkpoint."""
    run = runs.get(store, int(event.subject.removeprefix("run/")))
    opened = approvals.get(store, str(event.data["approval_id"]))
    record = runs.get_record(store, run.run_id, opened.checkpoint_id)
    lines.show_approval(store, run, opened)
    if record.state == "completed":
        return
    if event.kind == "ApprovalRejected":
        by = event.data.get("by_name", "")
        _finish(store, run, record, "failed", f"{by} rejected the approval")
    elif event.kind == "ApprovalTimedOut":
        _finish(store, run, record, "skipped", "nobody approved in time")
    else:
        _resume(store, run, opened.stage_name)


def on_timer(store: Store, timer: Timer) -> None:
    """The time-out of an approval."""
    approvals.time_out(store, approval_id=str(timer.data["approval_id"]))


def on_lock_timer(store: Store, timer: Timer) -> None:
    """The time-out of an exclusive lock: the stage is skipped, as Azure does."""
    run = runs.get(store, int(timer.subject.removeprefix("run/")))
    record = lines.find(store, run, str(timer.data["stage"]))
    if record is not None and record.state != "completed":
        _finish(store, run, record, "skipped", "the exclusive lock was not free in time")
        _say(store, run, "CheckpointClosed", str(timer.data["stage"]))


def recheck_permissions(store: Store) -> list[int]:
    """Let stages go on whose permissions are complete now; the runs that have changed."""
    changed = []
    for wait in store.documents.list(_WAITS):
        run = runs.get(store, int(wait.body["run_id"]))
        _resume(store, run, str(wait.body["stage"]))
        changed.append(run.run_id)
    return changed


def settle_locks(store: Store) -> list[int]:
    """Give free locks to those whose turn it is; the runs that have changed."""
    changed = []
    for one in exclusive_locks.settle(store):
        run = runs.get(store, one.wait.run_id)
        record = lines.find(store, run, one.wait.stage_name)
        if record is None or record.state == "completed":
            exclusive_locks.release(store, run_id=run.run_id, stage_name=one.wait.stage_name)
            continue
        if one.granted:
            lines.show_lock(store, record, message="", is_over=True)
            _finish(store, run, record, "succeeded", "")
        else:
            reason = f"run {one.by} is newer and took the turn at the exclusive lock"
            _finish(store, run, record, "canceled", reason)
        changed.append(run.run_id)
    return changed


def release_locks(store: Store, *, run_id: int, stage_name: str) -> list[int]:
    """A stage is over: its locks go to the next; the runs that have changed."""
    if not exclusive_locks.release(store, run_id=run_id, stage_name=stage_name):
        return []
    return settle_locks(store)


def abandon(store: Store, run: Run, stage: StagePlan) -> None:
    """The run was canceled while the stage waited: what it waited for ends with it."""
    record = lines.find(store, run, stage.name)
    if record is not None and record.state != "completed":
        _finish(store, run, record, "canceled", "the run was canceled")


def permit(store: Store, *, run_id: int, principal: Principal) -> list[StageResource]:
    """Permit the run's definition to use what its stages wait for; these resources.

    Raises `Forbidden` for whoever may not manage one of them, `Conflict` when the run does not
    wait for a permission.
    """
    run = runs.get(store, run_id)
    needed = needs_of(store, run_id)
    if not needed:
        raise Conflict(f"run {run_id} does not wait for a permission", where=f"run {run_id}",
                       hint="`shipway runs show` says what a run waits for.")  # fmt: skip
    barred = [one for one in needed if not _may_permit(store, run, principal, one)]
    if barred:
        raise Forbidden(
            f"{principal.name} may not permit pipelines to use {barred[0]}",
            code="AccessDeniedException", where=f"run {run_id}",
            hint="Who made it can, and an administrator of the project or of its builds.",
        )  # fmt: skip
    with store.database.transaction():
        for one in needed:
            pipeline_permissions.authorize(
                store, resource_type=one.kind, by=principal.object_id,
                resource_id=pipeline_permissions.resource_id_of(
                    one.kind, one.resource_id, project_id=run.project_id
                ),
                definition_id=run.definition_id,
            )  # fmt: skip
    return needed


def may_permit(store: Store, *, run: Run, principal: Principal) -> bool:
    """Whether somebody may permit everything that a run waits for."""
    return all(_may_permit(store, run, principal, one) for one in needs_of(store, run.run_id))


def runs_without_permission(store: Store) -> list[int]:
    """The runs that wait for a permission, oldest first."""
    return list(dict.fromkeys(int(d.body["run_id"]) for d in store.documents.list(_WAITS)))


def needs_of(store: Store, run_id: int, *, stage_name: str = "") -> list[StageResource]:
    """What the waiting stages of a run (or one of them) may not use yet."""
    found: dict[tuple[str, str], StageResource] = {}
    for record in runs.records_of(store, run_id):
        if record.kind != "Checkpoint.Authorization" or record.state == "completed":
            continue
        if stage_name and not record.identifier.startswith(f"{stage_name}."):
            continue
        for one in record.data.get("needs", ()):
            key = (str(one["type"]), str(one["id"]))
            found[key] = StageResource(kind=key[0], resource_id=key[1], name=str(one["name"]))
    return list(found.values())


def _may_permit(store: Store, run: Run, principal: Principal, one: StageResource) -> bool:
    return resource_managers.may_manage(
        store, principal, project_id=run.project_id, kind=one.kind, resource_id=one.resource_id
    )


def _resume(store: Store, run: Run, stage_name: str) -> None:
    record = lines.find(store, run, stage_name)
    plan = run_progress.plan_of(run)
    stage = plan.stage(stage_name)
    if record is None or stage is None or record.state == "completed":
        store.documents.delete(_WAITS, _wait_key(run, stage_name))
        return
    try:
        _go_on(_visit(store, run, plan, stage, record))
    except ShipwayError as error:
        _finish(store, run, record, "failed", str(error))


def _visit(store: Store, run: Run, plan: RunPlan, stage: StagePlan, record: Record) -> _Visit:
    """The stage with what it uses and what guards that, looked up once."""
    resources = stage_resources.of_stage(store, run, plan, stage)
    used = {(one.kind, one.resource_id.lower()) for one in resources}
    guarding = [
        check
        for check in checks.on(store, project_id=run.project_id)
        if not check.is_disabled and (check.resource_type, check.resource_id.lower()) in used
    ]
    return _Visit(
        store=store, run=run, plan=plan, stage=stage, record=record, resources=resources,
        guarding=guarding,
    )  # fmt: skip


def _go_on(visit: _Visit) -> None:
    """Evaluate phase after phase; the record remembers where it waits."""
    store, run, record = visit.store, visit.run, visit.record
    first = int(record.data.get("phase", 0))
    for number in range(first, len(_PHASES)):
        if number > first:
            data = {**record.data, "phase": number}
            runs.change_record(store, run.run_id, record.record_id, data=data)
        verdict = _PHASES[number](visit)
        if verdict is None:
            return
        if verdict:
            _finish(store, run, record, "failed", verdict)
            return
    _finish(store, run, record, "succeeded", "")


def _finish(store: Store, run: Run, record: Record, result: Result, reason: str) -> None:
    stage = str(record.data.get("stage", ""))
    lines.finish(store, record, result, reason)
    store.documents.delete(_WAITS, _wait_key(run, stage))
    store.timers.cancel(_lock_timer(run, stage))
    if result == "succeeded":
        return
    for approval in lines.approvals_of(store, record):
        ended = approvals.cancel(store, approval_id=approval.approval_id)
        lines.show_approval(store, run, ended)


def _permissions(visit: _Visit) -> Verdict:
    store, run = visit.store, visit.run
    missing = stage_resources.unauthorized(store, run, visit.resources)
    lines.show_permissions(store, visit.record, missing, len(visit.resources))
    if not missing:
        store.documents.delete(_WAITS, _wait_key(run, visit.stage.name))
        return ""
    body = {"run_id": run.run_id, "stage": visit.stage.name}
    store.documents.put(_WAITS, _wait_key(run, visit.stage.name), body)
    return None


def _static(visit: _Visit) -> Verdict:
    for check in visit.checks("static"):
        refusal = _branch(visit, check) if check.kind == "BranchControl" else _unbuilt(check)
        if refusal:
            return refusal
    return ""


def _asked(category: Category) -> Callable[[_Visit], Verdict]:
    """The approvals of one category; what else stands in it is not built and says so."""

    def phase(visit: _Visit) -> Verdict:
        found = visit.checks(category)
        for check in found:
            if check.kind != "Approval":
                return _unbuilt(check)
        for check in found:
            _open(visit, check)
        opened = lines.approvals_of(visit.store, visit.record)
        return "" if all(one.status == "approved" for one in opened) else None

    return phase


def _locks(visit: _Visit) -> Verdict:
    store, run, stage = visit.store, visit.run, visit.stage
    guarding = visit.checks("lock")
    names = [f"{c.resource_type}/{c.project_id}/{c.resource_id}" for c in guarding]
    if stage.lock_behavior is not None:
        names.append(exclusive_locks.stage_lock(run, stage.name))
    if not names:
        return ""
    behavior = stage.lock_behavior or visit.plan.lock_behavior or "runLatest"
    exclusive_locks.ask(
        store, run=run, stage_name=stage.name, locks=names, behavior=behavior
    )  # fmt: skip
    lines.show_lock(store, visit.record, message=_lock_text(guarding), is_over=False)
    if guarding:
        minutes = min(c.timeout_minutes for c in guarding)
        store.timers.set(
            _lock_timer(run, stage.name), due=store.clock.now() + checks.minutes(minutes),
            kind=LOCK_TIMER, subject=runs.subject(run.run_id), data={"stage": stage.name},
        )  # fmt: skip
    _say(store, run, "ExclusiveLockRequested", stage.name)
    return None


_PHASES: tuple[Callable[[_Visit], Verdict], ...] = (
    _permissions,
    _static,
    _asked("pre-check approval"),
    _asked("dynamic"),
    _asked("post-check approval"),
    _locks,
)


def _open(visit: _Visit, check: Check) -> Approval:
    settings = check.settings.get("approvers")
    listed = settings if isinstance(settings, list) else []
    people = tuple(
        approver_names.approver_of(visit.store, str(item["id"])) for item in listed
    )  # fmt: skip
    approval = approvals.open_for(
        visit.store, run=visit.run, check=check, checkpoint_id=visit.record.record_id,
        stage_name=visit.stage.name, approvers=people,
    )  # fmt: skip
    lines.show_approval(visit.store, visit.run, approval)
    return approval


def _branch(visit: _Visit, check: Check) -> str:
    told = check.settings.get("inputs")
    inputs = told if isinstance(told, dict) else {}
    branch, allowed = visit.run.source_branch, str(inputs.get("allowedBranches", ""))
    patterns = [p.strip() for p in allowed.split(",") if p.strip()]
    where = check.resource_name or check.resource_id
    if not any(fnmatch.fnmatchcase(branch, _ref(p)) for p in patterns):
        return f"branch control: {branch} is not among the allowed branches of {where} ({allowed})"
    if str(inputs.get("ensureProtectionOfBranch", "")).lower() != "true":
        return ""
    repository = repositories.by_id(visit.store, visit.run.repository_id)
    if repository is None or github_mirrors.is_mirror(repository):
        passes = str(inputs.get("allowUnknownStatusBranch", "")).lower() == "true"
        return "" if passes else f"branch control: nobody knows whether {branch} is protected"
    if policies.is_protected(visit.store, repository, branch):
        return ""
    return (
        f"branch control: {branch} is not protected, {where} needs that: no policy blocks what is "
        "pushed to it"
    )


def _unbuilt(check: Check) -> str:
    return (
        f"the check {check.kind} on {check.resource_name or check.resource_id} "
        "is not supported yet; disable it to go on"
    )


def _lock_text(guarding: Sequence[Check]) -> str:
    names = ", ".join(c.resource_name or c.resource_id for c in guarding) or "this stage"
    return f"waits for its turn at the exclusive lock of {names}"


def _ref(pattern: str) -> str:
    return pattern if pattern.startswith("refs/") or pattern == "*" else f"refs/heads/{pattern}"


def _say(store: Store, run: Run, kind: str, stage: str) -> None:
    store.journal.append(
        Event(kind=kind, subject=runs.subject(run.run_id), at=store.clock.now(),
              data={"stage": stage})
    )  # fmt: skip


def _lock_timer(run: Run, stage: str) -> str:
    return f"exclusive-lock/{run.run_id}/{stage}"


def _wait_key(run: Run, stage: str) -> str:
    return f"{run.run_id:010}/{stage}"
