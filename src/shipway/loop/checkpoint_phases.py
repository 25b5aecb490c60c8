"""The phases of a checkpoint in their order: permissions, the categories of checks, locks.

Each says of a stage whether it waits, may go on or may not; what a check is waiting for stands
with its check run. Which checks count is fixed once the permissions are complete.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shipway.azpipelines.plan import RunPlan, StagePlan
from shipway.base.messages import Event
from shipway.devops import check_runs, checks, exclusive_locks, runs, stage_resources
from shipway.devops.check_runs import CheckRun
from shipway.devops.checks import CATEGORIES, Category, Check
from shipway.devops.runs import Record, Run
from shipway.devops.stage_resources import StageResource
from shipway.loop import checkpoint_checks
from shipway.loop import checkpoint_records as lines
from shipway.loop.checkpoint_checks import Evaluation
from shipway.store.store import Store

LOCK_TIMER, PERMISSION_TIMER = "ExclusiveLockDue", "PermissionDue"
WAITS = "authorization_wait"
PERMISSION_WAIT = timedelta(days=30)
"""As long as Azure lets a run wait for a permission."""

# what a phase says: None it waits, empty it has passed, else why the stage may not go on
Verdict = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A stage at its checkpoint."""

    store: Store
    run: Run
    plan: RunPlan
    stage: StagePlan
    record: Record
    resources: Sequence[StageResource]
    guarding: Sequence[Check]

    def suite(self) -> list[CheckRun]:
        """The check runs of the stage; fixed when they are asked for first."""
        return check_runs.begin(
            self.store, suite_id=self.record.record_id, project_id=self.run.project_id,
            run_id=self.run.run_id, stage_name=self.stage.name, guarding=self.guarding,
        )  # fmt: skip

    def of(self, category: Category) -> list[CheckRun]:
        """Those of one category."""
        return [one for one in self.suite() if one.category == category]

    def evaluated(self, found: Sequence[CheckRun]) -> list[CheckRun]:
        """Check runs as they are now."""
        at = Evaluation(
            store=self.store, run=self.run, plan=self.plan, stage=self.stage, record=self.record
        )
        return [checkpoint_checks.evaluate(at, one) for one in found]


def visit(store: Store, run: Run, plan: RunPlan, stage: StagePlan, record: Record) -> Visit:
    """The stage with what it uses and what guards that, looked up once."""
    resources = stage_resources.of_stage(store, run, plan, stage)
    used = {(one.kind, one.resource_id.lower()) for one in resources}
    guarding = [
        check
        for check in checks.on(store, project_id=run.project_id)
        if not check.is_disabled and (check.resource_type, check.resource_id.lower()) in used
    ]
    return Visit(
        store=store, run=run, plan=plan, stage=stage, record=record, resources=resources,
        guarding=guarding,
    )  # fmt: skip


def lock_timer(run: Run, stage: str) -> str:
    """The name of the timer of a wait for exclusive locks."""
    return f"exclusive-lock/{run.run_id}/{stage}"


def permission_timer(run: Run, stage: str) -> str:
    """The name of the timer of a wait for permissions."""
    return f"permission/{run.run_id}/{stage}"


def wait_key(run: Run, stage: str) -> str:
    """Under which key a wait for permissions is kept."""
    return f"{run.run_id:010}/{stage}"


def number_of(category: Category) -> int:
    """Which phase evaluates a category."""
    return 1 + CATEGORIES.index(category)


def _permissions(at: Visit) -> Verdict:
    store, run, stage = at.store, at.run, at.stage.name
    missing = stage_resources.unauthorized(store, run, at.resources)
    lines.show_permissions(store, at.record, missing, len(at.resources))
    if not missing:
        store.documents.delete(WAITS, wait_key(run, stage))
        store.timers.cancel(permission_timer(run, stage))
        return ""
    if store.timers.find(permission_timer(run, stage)) is None:
        store.timers.set(
            permission_timer(run, stage), due=store.clock.now() + PERMISSION_WAIT,
            kind=PERMISSION_TIMER, subject=runs.subject(run.run_id), data={"stage": stage},
        )  # fmt: skip
    store.documents.put(WAITS, wait_key(run, stage), {"run_id": run.run_id, "stage": stage})
    return None


def _asked(category: Category) -> Callable[[Visit], Verdict]:
    """All checks of a category side by side: one that refuses ends the stage."""

    def phase(at: Visit) -> Verdict:
        found = at.of(category)
        if category == "post-check approval":  # the hours may have ended meanwhile
            found += [one for one in at.of("dynamic") if one.check.kind == "BusinessHours"]
        after = at.evaluated(found)
        refused = [_refusal(one) for one in after if one.status == "rejected"]
        if refused:
            return "\n".join(refused)
        return "" if all(one.status in check_runs.PASSED for one in after) else None

    return phase


def _refusal(one: CheckRun) -> str:
    """What a check says of itself; a service's words with the name of the check before them."""
    if one.check.kind not in checks.CALLING and one.message:
        return one.message
    return f"{checks.name_of(one.check)}: {one.message or 'the check was rejected'}"


def _locks(at: Visit) -> Verdict:
    store, run, stage = at.store, at.run, at.stage
    guarding = at.of("lock")
    names = [
        f"{one.check.resource_type}/{one.check.project_id}/{one.check.resource_id}"
        for one in guarding
    ]
    if stage.lock_behavior is not None:
        names.append(exclusive_locks.stage_lock(run, stage.name))
    if not names:
        return ""
    behavior = stage.lock_behavior or at.plan.lock_behavior or "runLatest"
    exclusive_locks.ask(
        store, run=run, stage_name=stage.name, locks=names, behavior=behavior
    )  # fmt: skip
    lines.show_lock(store, at.record, message=_lock_text(guarding), is_over=False)
    for one in guarding:
        if one.status == "queued":
            check_runs.change(store, one, status="running", waits_for="lock")
    if guarding and store.timers.find(lock_timer(run, stage.name)) is None:
        minutes = min(one.check.timeout_minutes for one in guarding)
        store.timers.set(
            lock_timer(run, stage.name), due=store.clock.now() + checks.minutes(minutes),
            kind=LOCK_TIMER, subject=runs.subject(run.run_id), data={"stage": stage.name},
        )  # fmt: skip
    say(store, run, "ExclusiveLockRequested", stage.name)
    return None


def say(store: Store, run: Run, kind: str, stage: str) -> None:
    """Write an event of a stage into the journal."""
    store.journal.append(
        Event(kind=kind, subject=runs.subject(run.run_id), at=store.clock.now(),
              data={"stage": stage})
    )  # fmt: skip


def _lock_text(guarding: Sequence[CheckRun]) -> str:
    found = (one.check.resource_name or one.check.resource_id for one in guarding)
    return f"waits for its turn at the exclusive lock of {', '.join(found) or 'this stage'}"


PHASES: tuple[Callable[[Visit], Verdict], ...] = (
    _permissions,
    *(_asked(category) for category in CATEGORIES[:-1]),
    _locks,
)
"""By number, which a checkpoint's record keeps: the place where it waits."""
