"""What people do to a check besides answering it: pass it by, run it anew; and what services say.

Each changes the check run and says so in the journal; the station of checkpoints goes on from
there. Source:
https://learn.microsoft.com/azure/devops/pipelines/process/approvals#bypass-a-check
"""

from shipway.azure.entra.principals import Principal
from shipway.base.errors import Conflict, Forbidden, NotFound
from shipway.base.messages import Event
from shipway.devops import (
    approval_changes,
    check_calls,
    check_runs,
    checks,
    resource_managers,
    runs,
)
from shipway.devops.check_runs import CheckRun
from shipway.loop import checkpoint_phases
from shipway.loop import checkpoint_records as lines
from shipway.store.store import Store

BYPASSED_KINDS = ("Approval", "BusinessHours", *checks.CALLING)


def get(store: Store, check_run_id: str, *, project_id: str | None = None) -> CheckRun:
    """The check run. Raises `NotFound`."""
    found = check_runs.find(store, check_run_id)
    if found is None or project_id not in (None, found.project_id):
        raise NotFound(
            f"Check run with id {check_run_id[:60]} does not exist.",
            code="CheckRunNotFoundException", where=check_run_id[:60],
        )  # fmt: skip
    return found


def may_bypass(store: Store, one: CheckRun, principal: Principal) -> bool:
    """Whether somebody administers the resource that the check guards; no pipeline does."""
    return not principal.run_id and resource_managers.may_manage(
        store, principal, project_id=one.project_id, kind=one.check.resource_type,
        resource_id=one.check.resource_id,
    )  # fmt: skip


def is_bypassable(store: Store, one: CheckRun) -> bool:
    """Whether the stage still waits at its checks and this one could be passed by."""
    record = runs.find_record(store, one.run_id, one.suite_id)
    is_open = record is not None and record.state != "completed"
    return is_open and one.status == "running" and one.check.kind in BYPASSED_KINDS


def bypass(store: Store, *, check_run_id: str, principal: Principal, comment: str = "") -> CheckRun:
    """Let a stage go on without a check that runs.

    Raises `NotFound`, `Conflict` for one that does not run or is of a kind that nobody can pass
    by, `Forbidden` for whoever does not administer its resource.
    """
    with store.database.transaction():
        one = get(store, check_run_id)
        if not is_bypassable(store, one):
            raise Conflict(
                f"the check '{checks.name_of(one.check)}' is {one.status} and cannot be bypassed",
                code="CheckRunUpdateException", where=check_run_id,
                hint="Approvals, business hours and REST calls can, while they run.",
            )  # fmt: skip
        if not may_bypass(store, one, principal):
            where = one.check.resource_name or one.check.resource_id
            raise approval_changes.refused(principal, where)
        if one.check.kind == "Approval":
            approval_changes.bypass(
                store, approval_id=one.check_run_id, principal=principal, comment=comment
            )
        message = f"bypassed by {principal.name}" + (f": {comment}" if comment else "")
        after = check_runs.change(
            store, one, status="bypassed", message=message, by_id=principal.object_id,
            by_name=principal.name, next_at=None,
        )  # fmt: skip
        _say(store, after, "CheckChanged")
    return after


def rerun(store: Store, *, check_run_id: str, principal: Principal) -> CheckRun:
    """Ask a service again whose first answer was final. Raises as `bypass`."""
    with store.database.transaction():
        one = get(store, check_run_id)
        record = runs.find_record(store, one.run_id, one.suite_id)
        is_open = record is not None and record.state != "completed"
        final = checks.retry_minutes(one.check.settings) == 0
        if record is None or not is_open or one.status != "approved" or not final or (
            one.check.kind not in checks.CALLING
        ):  # fmt: skip
            raise Conflict(
                f"the check '{checks.name_of(one.check)}' is {one.status} and cannot run again",
                code="CheckRunUpdateException", where=check_run_id,
                hint="REST calls without a retry interval can, once they have passed, while the "
                "stage still waits for another check.",
            )  # fmt: skip
        if not may_bypass(store, one, principal):
            where = one.check.resource_name or one.check.resource_id
            raise approval_changes.refused(principal, where)
        after = check_runs.change(store, one, status="queued", message="")
        phase = checkpoint_phases.number_of(one.category)
        if int(record.data.get("phase", 0)) > phase:
            data = {**record.data, "phase": phase}
            runs.change_record(store, one.run_id, record.record_id, data=data)
        lines.show_check(store, record, after)
        _say(store, after, "CheckChanged")
    return after


def decide(
    store: Store, *, check_run_id: str, passed: bool, reason: str, principal: Principal
) -> None:
    """A service tells its decision, with the token that the check gave it.

    Raises `NotFound`, `Conflict` when the check waits for none, `Forbidden` for another's token.
    """
    with store.database.transaction():
        one = get(store, check_run_id)
        if not has_say(store, one, principal):
            raise Forbidden(
                f"{principal.name} may not decide the check '{checks.name_of(one.check)}'",
                code="AccessDeniedException", where=check_run_id,
                hint="Send the AuthToken that the check was called with.",
            )  # fmt: skip
        if one.waits_for not in ("call", "callback") or not check_calls.waits_for_callback(one):
            raise Conflict(
                f"the check '{checks.name_of(one.check)}' is {one.status} and waits for no event",
                code="TaskEventException", where=check_run_id,
            )  # fmt: skip
        facts = {"check_run_id": one.check_run_id, "passed": passed, "reason": reason}
        store.journal.append(
            Event(kind="CheckDecided", subject=runs.subject(one.run_id), at=store.clock.now(),
                  data=facts)
        )  # fmt: skip


def has_say(store: Store, one: CheckRun, principal: Principal) -> bool:
    """Whether somebody may tell of a check: the service that it asked, by the token that it was
    given, and who may bypass the check. A job of the run may not, whatever its token is."""
    return principal.check_run_id == one.check_run_id or may_bypass(store, one, principal)


def _say(store: Store, one: CheckRun, kind: str) -> None:
    store.journal.append(
        Event(kind=kind, subject=runs.subject(one.run_id), at=store.clock.now(),
              data={"check_run_id": one.check_run_id})
    )  # fmt: skip
