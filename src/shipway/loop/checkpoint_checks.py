"""How each kind of check is evaluated for a stage at its checkpoint.

Every function takes a check run and gives it back as it is now; what it waits for is a timer, a
person or a call that a thread makes (`check_call`). Called in the transactions of the station.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shipway.azpipelines.plan import RunPlan, StagePlan
from shipway.base.errors import ShipwayError
from shipway.devops import (
    approvals,
    approver_names,
    branch_control,
    business_hours,
    check_calls,
    check_runs,
    checks,
    required_template,
    runs,
)
from shipway.devops.approval_entities import Approval
from shipway.devops.check_runs import CheckRun, CheckRunStatus
from shipway.devops.checks import CheckKind
from shipway.devops.runs import Record, Run
from shipway.loop import checkpoint_records as lines
from shipway.store.store import Store

QUEUE = "check-call"
AGAIN_TIMER, DUE_TIMER = "CheckAgain", "CheckDue"
MOST_CALLS = 2000
"""As often Azure evaluates one check of one stage."""
_OF_APPROVAL: Mapping[str, CheckRunStatus] = {
    "approved": "approved", "rejected": "rejected", "timedOut": "timedOut", "skipped": "bypassed",
    "canceled": "canceled",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A stage that is judged."""

    store: Store
    run: Run
    plan: RunPlan
    stage: StagePlan
    record: Record


def evaluate(at: Evaluation, one: CheckRun) -> CheckRun:
    """The check run as it is now, with its line in the timeline."""
    if one.status not in ("queued", "running", "approved"):
        return one
    try:
        after = _JUDGES[one.check.kind](at, one)
    except ShipwayError as error:
        after = check_runs.change(at.store, one, status="rejected", message=str(error))
    if after.check.kind != "Approval" and after != one:
        lines.show_check(at.store, at.record, after)
    return after


def sync_approval(store: Store, approval: Approval) -> CheckRun | None:
    """Write into its check run how an approval stands."""
    one = check_runs.find(store, approval.approval_id)
    if one is None or one.status not in check_runs.OPEN:
        return one
    status = _OF_APPROVAL.get(approval.status, "running")
    waits = "people" if status == "running" else ""
    return check_runs.change(
        store, one, status=status, waits_for=waits, due_at=approval.due_at,
        next_at=approval.effective_at, by_id=approval.by_id, by_name=approval.by_name,
    )  # fmt: skip


def end(store: Store, record: Record, one: CheckRun, status: CheckRunStatus) -> CheckRun:
    """The checkpoint is over while the check was open."""
    after = check_runs.change(store, one, status=status)
    if one.check.kind not in ("Approval", "ExclusiveLock") and one.status != "queued":
        lines.show_check(store, record, after)
    return after


def clear_timers(store: Store, one: CheckRun) -> None:
    """Nothing of the check is due any more."""
    store.timers.cancel(_timer(AGAIN_TIMER, one))
    store.timers.cancel(_timer(DUE_TIMER, one))


def call_ended(store: Store, one: CheckRun, *, passed: bool, reason: str) -> CheckRun:
    """A service was called, or has decided: final without a retry interval, else for a while."""
    interval = checks.retry_minutes(one.check.settings)
    now = store.clock.now()
    next_at = now + timedelta(minutes=interval) if interval > 0 else None
    if passed:
        after = check_runs.change(store, one, status="approved", message="", next_at=next_at)
    elif next_at is not None and one.calls < MOST_CALLS:
        after = check_runs.change(
            store, one, status="running", waits_for="retry", message=reason, next_at=next_at
        )
    else:
        after = check_runs.change(store, one, status="rejected", message=reason, next_at=None)
    if after.next_at is not None and after.status != "rejected":
        _look_again(store, after)
    return after


def _approval(at: Evaluation, one: CheckRun) -> CheckRun:
    told = one.check.settings.get("approvers")
    listed = told if isinstance(told, list) else []
    people = tuple(approver_names.approver_of(at.store, str(item["id"])) for item in listed)
    opened = approvals.open_for(
        at.store, run=at.run, check=one.check, checkpoint_id=at.record.record_id,
        stage_name=at.stage.name, approvers=people,
    )  # fmt: skip
    lines.show_approval(at.store, at.run, opened)
    return sync_approval(at.store, opened) or one


def _branches(at: Evaluation, one: CheckRun) -> CheckRun:
    inputs = checks.inputs_of(one.check.settings)
    return _decided(at, one, branch_control.refusal(at.store, at.run, at.plan, inputs))


def _template(at: Evaluation, one: CheckRun) -> CheckRun:
    settings = one.check.settings
    return _decided(at, one, required_template.refusal(at.store, at.run, at.plan, settings))


def _decided(at: Evaluation, one: CheckRun, refusal: str) -> CheckRun:
    status = "rejected" if refusal else "approved"
    return check_runs.change(at.store, one, status=status, message=refusal)


def _hours(at: Evaluation, one: CheckRun) -> CheckRun:
    """Passed as long as the hours last; a stage that something else holds up waits again."""
    hours = business_hours.hours_of(checks.inputs_of(one.check.settings))
    now = at.store.clock.now()
    window = business_hours.window_at(hours, now)
    begun = _begun(at.store, one)
    if window.has(now):
        after = check_runs.change(
            at.store, begun, status="approved", message="", next_at=window.closes_at
        )
    else:
        text = (
            f"waits for business hours ({business_hours.shown(hours)}), next at "
            f"{window.opens_at:%Y-%m-%dT%H:%M:%SZ}"
        )
        after = check_runs.change(
            at.store, begun, status="running", waits_for="hours", message=text,
            next_at=window.opens_at,
        )  # fmt: skip
    _look_again(at.store, after)
    return after


def _call(at: Evaluation, one: CheckRun) -> CheckRun:
    now = at.store.clock.now()
    is_due = one.next_at is not None and one.next_at <= now
    if one.status != "queued" and not is_due:
        return one
    number = one.calls + 1
    after = check_runs.change(
        at.store, _begun(at.store, one), status="running", waits_for="call", calls=number,
        message=one.message or f"calls {checks.name_of(one.check)}", next_at=None,
    )  # fmt: skip
    item = f"check-call/{one.check_run_id}/{number}"
    at.store.queue.put(QUEUE, item, {"check_run_id": one.check_run_id, "call": number})
    return after


def called(store: Store, one: CheckRun, *, passed: bool, reason: str) -> CheckRun:
    """The call itself has ended: its answer decides, or an event that comes later."""
    if passed and check_calls.waits_for_callback(one):
        return check_runs.change(
            store, one, waits_for="callback", message="waits for the service's own event"
        )
    return call_ended(store, one, passed=passed, reason=reason)


def _lock(at: Evaluation, one: CheckRun) -> CheckRun:
    del at
    return one  # the queue of exclusive locks decides


def _begun(store: Store, one: CheckRun) -> CheckRun:
    """The check's own time begins when it is evaluated first."""
    if one.due_at is not None:
        return one
    due = store.clock.now() + checks.minutes(one.check.timeout_minutes)
    store.timers.set(
        _timer(DUE_TIMER, one), due=due, kind=DUE_TIMER, subject=runs.subject(one.run_id),
        data={"check_run_id": one.check_run_id},
    )  # fmt: skip
    return check_runs.change(store, one, due_at=due)


def _look_again(store: Store, one: CheckRun) -> None:
    if one.next_at is not None:
        store.timers.set(
            _timer(AGAIN_TIMER, one), due=one.next_at, kind=AGAIN_TIMER,
            subject=runs.subject(one.run_id), data={"check_run_id": one.check_run_id},
        )  # fmt: skip


def _timer(kind: str, one: CheckRun) -> str:
    return f"{kind}/{one.check_run_id}"


_JUDGES: Mapping[CheckKind, Callable[[Evaluation, CheckRun], CheckRun]] = {
    "Approval": _approval,
    "BranchControl": _branches,
    "RequiredTemplate": _template,
    "BusinessHours": _hours,
    "RestApi": _call,
    "AzureFunction": _call,
    "ExclusiveLock": _lock,
}
