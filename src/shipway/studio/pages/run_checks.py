"""The checks that the stages of a run have met, and the button that lets a stage pass one."""

from shipway.devops import check_runs, checks, runs
from shipway.devops.check_runs import CheckRun
from shipway.devops.runs import Run
from shipway.loop import checkpoint_bypass
from shipway.store.store import Store
from shipway.studio.exchange import Answer, Redirect, Visit
from shipway.studio.views import CheckView


def of_run(store: Store, visit: Visit, run: Run) -> tuple[CheckView, ...]:
    """What the attempts that count have met; approvals alone have cards of their own."""
    kept = {r.record_id for r in runs.records_of(store, run.run_id) if r.kind == "Checkpoint"}
    found = [one for one in check_runs.of_run(store, run.run_id) if one.suite_id in kept]
    if all(one.check.kind == "Approval" for one in found) and not any(
        _may_bypass(store, visit, one) for one in found
    ):
        return ()
    return tuple(_view(store, visit, one) for one in found)


def bypass(store: Store, visit: Visit) -> Answer:
    """POST /runs/{run}/checks/{check}/bypass. Raises what `checkpoint_bypass.bypass` raises."""
    checkpoint_bypass.bypass(
        store, check_run_id=visit.params["check"], principal=visit.principal,
        comment=visit.form.get("comment", ""),
    )  # fmt: skip
    return Redirect(location=f"/runs/{visit.number('run')}")


def _view(store: Store, visit: Visit, one: CheckRun) -> CheckView:
    place = f"/runs/{one.run_id}/checks/{one.check_run_id}/bypass"
    return CheckView(
        stage=one.stage_name, resource=one.check.resource_name or one.check.resource_id,
        name=checks.name_of(one.check), status=one.status, message=one.message,
        log=f"/runs/{one.run_id}?step={one.check_run_id}" if one.log_id else "",
        bypass=place if _may_bypass(store, visit, one) else "",
    )  # fmt: skip


def _may_bypass(store: Store, visit: Visit, one: CheckRun) -> bool:
    return checkpoint_bypass.is_bypassable(store, one) and checkpoint_bypass.may_bypass(
        store, one, visit.principal
    )
