"""The lines of a timeline that a stage's checkpoint has: itself, and below it what it waits for.

Called by the station of checkpoints, in its transactions; decides nothing.
"""

from collections.abc import Sequence
from typing import Literal

from shipway.azpipelines.plan import StagePlan
from shipway.base import ids
from shipway.devops import approvals, check_runs, checks, run_progress, runs
from shipway.devops.approval_entities import Approval
from shipway.devops.check_runs import CheckRun
from shipway.devops.run_states import Result
from shipway.devops.runs import Issue, Record, RecordKind, Run
from shipway.devops.stage_resources import StageResource
from shipway.store.store import Store

_RESULTS: dict[str, Result] = {
    "approved": "succeeded", "rejected": "failed", "timedOut": "skipped", "skipped": "succeeded",
    "bypassed": "succeeded", "canceled": "canceled",
}  # fmt: skip


def begin(store: Store, run: Run, stage: StagePlan) -> Record:
    """The checkpoint of a stage, in progress."""
    record = Record(
        record_id=run_progress.checkpoint_id(run, stage.name),
        run_id=run.run_id,
        parent_id=run_progress.stage_id(run, stage.name),
        kind="Checkpoint",
        name="Checkpoint",
        ref_name="Checkpoint",
        identifier=f"Checkpoint.{stage.name}",
        attempt=run_progress.attempt_of(run, stage.name),
        state="inProgress",
        started_at=store.clock.now(),
        data={"stage": stage.name},
    )
    return runs.set_record(store, record)


def find(store: Store, run: Run, stage_name: str) -> Record | None:
    """The checkpoint of a stage that has met it, or None."""
    return runs.find_record(store, run.run_id, run_progress.checkpoint_id(run, stage_name))


def finish(store: Store, record: Record, result: Result, reason: str) -> None:
    """The checkpoint is over, and what still waited below it as well."""
    now = store.clock.now()
    kind: Literal["error", "warning"] = "error" if result == "failed" else "warning"
    issues = (Issue(kind=kind, message=reason),) if reason and result != "succeeded" else ()
    runs.change_record(
        store, record.run_id, record.record_id, state="completed", result=result, issues=issues,
        finished_at=now,
    )  # fmt: skip
    for child in runs.records_of(store, record.run_id):
        if child.parent_id != record.record_id or child.state == "completed":
            continue
        if child.kind in ("Checkpoint.Authorization", "Checkpoint.ExclusiveLock"):
            ended: Result = "succeeded" if result == "succeeded" else "canceled"
            runs.change_record(
                store, record.run_id, child.record_id, state="completed", result=ended,
                finished_at=now,
            )  # fmt: skip


def show_permissions(
    store: Store, record: Record, missing: Sequence[StageResource], total: int
) -> None:
    """What the stage may not use yet; nothing missing ends the line, if there is one."""
    line = child_of(store, record, "Checkpoint.Authorization")
    if line is None and not missing:
        return
    needs = [{"type": m.kind, "id": m.resource_id, "name": m.name} for m in missing]
    _show(
        store, record, "Checkpoint.Authorization", is_over=not missing,
        data={"needs": needs, "message": permission_text(len(missing)), "resources": total},
    )  # fmt: skip


def show_lock(store: Store, record: Record, *, message: str, is_over: bool) -> None:
    """The turn at an exclusive lock."""
    _show(
        store, record, "Checkpoint.ExclusiveLock", is_over=is_over, data={"message": message}
    )  # fmt: skip


def show_approval(store: Store, run: Run, approval: Approval) -> None:
    """The approval as a line of the timeline; its record id is the approval's id."""
    over = approval.status not in ("pending", "uninitiated", "deferred")
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
            result=_RESULTS.get(approval.status, "canceled") if over else None,
            started_at=approval.created_at,
            finished_at=approval.updated_at if over else None,
        ),
    )


def show_check(store: Store, record: Record, one: CheckRun) -> None:
    """A check that is neither approval nor lock; its record id is the check run's id."""
    kind: RecordKind = (
        "Checkpoint.ExtendsCheck" if one.check.kind == "RequiredTemplate"
        else "Checkpoint.TaskCheck"
    )  # fmt: skip
    over = one.status not in check_runs.OPEN
    is_refused = one.status in ("rejected", "timedOut") and one.message
    runs.set_record(
        store,
        Record(
            record_id=one.check_run_id, run_id=one.run_id, parent_id=record.record_id,
            kind=kind, name=checks.name_of(one.check), ref_name=kind,
            identifier=f"{one.stage_name}.{kind}.{one.check.check_id}",
            state="completed" if over else "inProgress",
            result=_RESULTS.get(one.status, "canceled") if over else None,
            started_at=one.created_at, finished_at=one.completed_at if over else None,
            issues=(Issue(kind="error", message=one.message),) if is_refused else (),
            log_id=one.log_id, data={"message": one.message, "by": one.by_name},
        ),
    )  # fmt: skip


def approvals_of(store: Store, record: Record) -> list[Approval]:
    """The approvals that a checkpoint has opened."""
    found = approvals.list_of(store, run_id=record.run_id)
    return [one for one in found if one.checkpoint_id == record.record_id]


def child_of(store: Store, record: Record, kind: RecordKind) -> Record | None:
    """The line of that kind below a checkpoint, or None."""
    return runs.find_record(store, record.run_id, _child_id(record, kind))


def permission_text(count: int) -> str:
    """What Azure says of a run that waits."""
    noun = "resource" if count == 1 else "resources"
    return (
        f"This pipeline needs permission to access {count} {noun} before this run can continue"
        if count
        else ""
    )


def _show(
    store: Store, record: Record, kind: RecordKind, *, is_over: bool, data: dict[str, object]
) -> None:
    now = store.clock.now()
    before = child_of(store, record, kind)
    stage = str(record.data.get("stage", ""))
    runs.set_record(
        store,
        Record(
            record_id=_child_id(record, kind), run_id=record.run_id, parent_id=record.record_id,
            kind=kind, name=kind, ref_name=kind, identifier=f"{stage}.{kind}",
            state="completed" if is_over else "inProgress",
            result="succeeded" if is_over else None,
            started_at=before.started_at if before else now,
            finished_at=now if is_over else None, data=data,
        ),
    )  # fmt: skip


def _child_id(record: Record, kind: RecordKind) -> str:
    return ids.guid_from("checkpoint-line", record.record_id, kind)
