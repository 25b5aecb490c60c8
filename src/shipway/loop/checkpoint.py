"""Station 3: a stage meets the permissions and checks of the resources that it uses.

First the definition has to be permitted to use each resource; then the checks, by category, the
first that fails ends the stage; last the exclusive locks. What a check waits for (a person, an
hour, an answer, a turn) comes back here as an event or a timer. A stage that nothing guards passes
at once.
"""

from shipway.azpipelines.plan import RunPlan, StagePlan
from shipway.azure.entra.principals import Principal
from shipway.base.errors import Conflict, Forbidden, ShipwayError
from shipway.base.messages import Event
from shipway.devops import (
    approvals,
    check_runs,
    exclusive_locks,
    pipeline_permissions,
    resource_managers,
    run_progress,
    runs,
)
from shipway.devops.check_runs import CheckRun
from shipway.devops.run_states import Result
from shipway.devops.runs import Record, Run
from shipway.devops.stage_resources import StageResource
from shipway.loop import checkpoint_checks, checkpoint_phases
from shipway.loop import checkpoint_records as lines
from shipway.loop.checkpoint_phases import PHASES, WAITS
from shipway.store.store import Store
from shipway.store.timers import Timer


def meet(store: Store, run: Run, plan: RunPlan, stage: StagePlan) -> None:
    """Make the checkpoint of a stage and evaluate what can be said at once."""
    record = lines.begin(store, run, stage)
    _go_on(checkpoint_phases.visit(store, run, plan, stage, record))


def on_approval(store: Store, event: Event) -> None:
    """An approval was granted, rejected, passed by or timed out: go on or end the checkpoint."""
    run = runs.get(store, int(event.subject.removeprefix("run/")))
    opened = approvals.get(store, str(event.data["approval_id"]))
    record = runs.find_record(store, run.run_id, opened.checkpoint_id)
    if record is None or record.kind != "Checkpoint":  # an earlier attempt's, or a task's own
        return
    checkpoint_checks.sync_approval(store, opened)
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


def on_check(store: Store, event: Event) -> None:
    """A check's service was called or has decided, or somebody passed a check by or ran it anew."""
    found = check_runs.find(store, str(event.data["check_run_id"]))
    open_at = None if found is None else _open_at(store, found)
    if found is None or open_at is None:
        return
    run, _ = open_at
    passed, reason = bool(event.data.get("passed")), str(event.data.get("reason", ""))
    if event.kind == "CheckCallEnded":
        if found.waits_for != "call" or found.calls != event.data["call"]:
            return
        checkpoint_checks.called(store, found, passed=passed, reason=reason)
    elif event.kind == "CheckDecided":
        if found.waits_for not in ("call", "callback"):
            return
        checkpoint_checks.call_ended(store, found, passed=passed, reason=reason)
    _show(store, found.check_run_id)
    _resume(store, run, found.stage_name)


def on_timer(store: Store, timer: Timer) -> None:
    """The time-out of an approval."""
    approvals.time_out(store, approval_id=str(timer.data["approval_id"]))


def on_effect_timer(store: Store, timer: Timer) -> None:
    """The time to which an approval was deferred."""
    approvals.take_effect(store, approval_id=str(timer.data["approval_id"]))


def on_check_again(store: Store, timer: Timer) -> None:
    """Business hours begin or end, or a service is to be asked again."""
    found = check_runs.find(store, str(timer.data["check_run_id"]))
    open_at = None if found is None else _open_at(store, found)
    if found is None or open_at is None:
        return
    run, record = open_at
    if 0 < int(record.data.get("phase", 0)) < len(PHASES) - 1:
        _resume(store, run, found.stage_name)
        checkpoint_phases.say(store, run, "CheckpointClosed", found.stage_name)


def on_check_due(store: Store, timer: Timer) -> None:
    """The time-out of a check: hours that never came fail the stage, all else skips it."""
    found = check_runs.find(store, str(timer.data["check_run_id"]))
    open_at = None if found is None else _open_at(store, found)
    if found is None or open_at is None or found.status not in check_runs.OPEN:
        return
    run, record = open_at
    reason = found.message or "the check did not pass"
    ended = check_runs.change(
        store, found, status="timedOut", message=f"timed out: {reason}", next_at=None
    )
    lines.show_check(store, record, ended)
    is_hours = found.check.kind == "BusinessHours"
    _finish(store, run, record, "failed" if is_hours else "skipped", ended.message)
    checkpoint_phases.say(store, run, "CheckpointClosed", found.stage_name)


def on_lock_timer(store: Store, timer: Timer) -> None:
    """The time-out of an exclusive lock: the stage is skipped, as Azure does."""
    _time_out(store, timer, "the exclusive lock was not free in time")


def on_permission_timer(store: Store, timer: Timer) -> None:
    """Nobody has permitted what a stage waits for."""
    _time_out(store, timer, "nobody permitted the pipeline to use its resources in time")


def _time_out(store: Store, timer: Timer, reason: str) -> None:
    run = runs.get(store, int(timer.subject.removeprefix("run/")))
    stage = str(timer.data["stage"])
    record = lines.find(store, run, stage)
    if record is not None and record.state != "completed":
        _finish(store, run, record, "skipped", reason)
        checkpoint_phases.say(store, run, "CheckpointClosed", stage)


def recheck_permissions(store: Store) -> list[int]:
    """Let stages go on whose permissions are complete now; the runs that have changed."""
    changed = []
    for wait in store.documents.list(WAITS):
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
    return list(dict.fromkeys(int(d.body["run_id"]) for d in store.documents.list(WAITS)))


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
    # a repository may be another project's, and then it is that project's to lend
    owner = one.resource_id.partition(".")[0] if one.kind == "repository" else run.project_id
    return resource_managers.may_manage(
        store, principal, project_id=owner, kind=one.kind, resource_id=one.resource_id
    )


def _resume(store: Store, run: Run, stage_name: str) -> None:
    record = lines.find(store, run, stage_name)
    plan = run_progress.plan_of(run)
    stage = plan.stage(stage_name)
    if record is None or stage is None or record.state == "completed":
        store.documents.delete(WAITS, checkpoint_phases.wait_key(run, stage_name))
        return
    try:
        _go_on(checkpoint_phases.visit(store, run, plan, stage, record))
    except ShipwayError as error:
        _finish(store, run, record, "failed", str(error))


def _go_on(visit: checkpoint_phases.Visit) -> None:
    """Evaluate phase after phase; the record remembers where it waits."""
    store, run, record = visit.store, visit.run, visit.record
    first = int(record.data.get("phase", 0))
    for number in range(first, len(PHASES)):
        if number > first:
            data = {**record.data, "phase": number}
            runs.change_record(store, run.run_id, record.record_id, data=data)
        verdict = PHASES[number](visit)
        if verdict is None:
            return
        if verdict:
            _finish(store, run, record, "failed", verdict)
            return
    _finish(store, run, record, "succeeded", "")


def _open_at(store: Store, one: CheckRun) -> tuple[Run, Record] | None:
    """The run and the checkpoint that a check run still belongs to."""
    record = runs.find_record(store, one.run_id, one.suite_id)
    if record is None or record.state == "completed":
        return None
    return runs.get(store, one.run_id), record


def _show(store: Store, check_run_id: str) -> None:
    one = check_runs.find(store, check_run_id)
    record = None if one is None else runs.find_record(store, one.run_id, one.suite_id)
    if one is not None and record is not None and one.check.kind != "Approval":
        lines.show_check(store, record, one)


def _finish(store: Store, run: Run, record: Record, result: Result, reason: str) -> None:
    stage = str(record.data.get("stage", ""))
    lines.finish(store, record, result, reason)
    store.documents.delete(WAITS, checkpoint_phases.wait_key(run, stage))
    store.timers.cancel(checkpoint_phases.lock_timer(run, stage))
    store.timers.cancel(checkpoint_phases.permission_timer(run, stage))
    if result != "succeeded":
        for approval in lines.approvals_of(store, record):
            ended = approvals.cancel(store, approval_id=approval.approval_id)
            checkpoint_checks.sync_approval(store, ended)
            lines.show_approval(store, run, ended)
    for one in check_runs.of_suite(store, run_id=run.run_id, suite_id=record.record_id):
        checkpoint_checks.clear_timers(store, one)
        if one.status in check_runs.OPEN:
            passed = result == "succeeded"
            checkpoint_checks.end(store, record, one, "approved" if passed else "canceled")
