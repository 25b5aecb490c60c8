"""What each instruction of the engine does: the steps of station 2, one function for each.

Called by `run.advance` in its transaction. Writes Stage, Phase and Job records, queues jobs for
the agents and cancels them; decides nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from shipway.azpipelines.plan import JobPlan, LegPlan, RunPlan, StagePlan
from shipway.base.messages import Event, Instruction
from shipway.devops import run_attempts, run_progress, runs
from shipway.devops.runs import Issue, Record, Run
from shipway.loop import checkpoint, run_deployments
from shipway.store.store import Store

QUEUE = "agent"


def perform(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    """Do what the engine says. Raises `ShipwayError`, `RuntimeValueError` where it cannot be."""
    _DO[instruction.kind](store, run, plan, instruction)


def fail(store: Store, run: Run, plan: RunPlan, instruction: Instruction, error: Exception) -> None:
    """What cannot be begun has failed, with the reason shown on it; the rest of the run goes on.

    Raises `error` again when it came from the end of something.
    """
    data = {**instruction.data, "result": "failed", "reason": str(error)}
    if instruction.kind in ("OpenCheckpoint", "StartStage"):
        checkpoint.abandon(store, run, _stage(plan, instruction))
        _complete_stage(store, run, plan, replace(instruction, data=data))
    elif instruction.kind in ("StartJob", "StartLeg"):
        _complete_job(store, run, plan, replace(instruction, data=data))
    else:
        raise error


def item_of(run_id: int, record_id: str) -> str:
    """The queue's name of a job."""
    return f"job-run/{run_id}/{record_id}"


def say(store: Store, run: Run, kind: str, data: dict[str, object]) -> None:
    """Write an event of the run into the journal."""
    store.journal.append(
        Event(kind=kind, subject=runs.subject(run.run_id), at=store.clock.now(), data=data)
    )


def _open_checkpoint(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage = _stage(plan, instruction)
    record = runs.get_record(store, run.run_id, run_progress.stage_id(run, stage.name))
    kept = {**record.data, **_outliving(instruction)}
    runs.change_record(store, run.run_id, record.record_id, data=kept)
    checkpoint.meet(store, run, plan, stage)


def end_outliving(store: Store, run_id: int, *, stage_id: str = "") -> None:
    """Somebody asks to stop again: what began after the first time is to stop as well."""
    for record in runs.records_of(store, run_id):
        is_meant = stage_id in ("", record.record_id, record.parent_id)
        if is_meant and record.state != "completed" and record.data.get("outlives_cancel"):
            data = {n: v for n, v in record.data.items() if n != "outlives_cancel"}
            runs.change_record(store, run_id, record.record_id, data=data)


def _outliving(instruction: Instruction) -> dict[str, bool]:
    """What a record keeps that begins although the run is being stopped."""
    return {"outlives_cancel": True} if instruction.data.get("outlives_cancel") else {}


def _start_stage(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage = _stage(plan, instruction)
    runs.change_record(
        store,
        run.run_id,
        run_progress.stage_id(run, stage.name),
        state="inProgress",
        started_at=store.clock.now(),
    )


def _complete_stage(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage = _stage(plan, instruction)
    reason = str(instruction.data.get("reason", ""))
    result = instruction.data["result"]
    issues = (Issue(kind="error", message=reason),) if reason and result == "failed" else ()
    if result == "canceled":
        checkpoint.abandon(store, run, stage)
    record = runs.get_record(store, run.run_id, run_progress.stage_id(run, stage.name))
    runs.change_record(
        store,
        run.run_id,
        record.record_id,
        state="completed",
        result=result,
        issues=issues,
        data={**record.data, "reason": reason} if reason else record.data,
        finished_at=store.clock.now(),
    )
    for phase in runs.records_of(store, run.run_id):
        # a stage that is tried again has its jobs before it is known whether it begins
        if phase.parent_id == record.record_id and phase.state == "pending":
            runs.change_record(
                store, run.run_id, phase.record_id,
                state="completed", result=result, finished_at=store.clock.now(),
            )  # fmt: skip
    say(store, run, "StageCompleted", {"stage": stage.name, "result": result, "reason": reason})


def _start_job(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage, job = _stage(plan, instruction), _job(plan, instruction)
    legs = run_deployments.legs_of(store, run, plan, stage, job)
    begun = _outliving(instruction)
    _set_phase(store, run, stage, job, state="inProgress", legs=legs, begun=begun)


def _complete_job(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage, job = _stage(plan, instruction), _job(plan, instruction)
    record = runs.find_record(store, run.run_id, run_progress.phase_id(run, stage.name, job.name))
    if record is None:
        _set_phase(store, run, stage, job, state="pending", legs=(), begun={})
    reason = str(instruction.data.get("reason", ""))
    kind: Literal["error", "warning"] = (
        "error" if instruction.data["result"] == "failed" else "warning"
    )
    runs.change_record(
        store,
        run.run_id,
        run_progress.phase_id(run, stage.name, job.name),
        state="completed",
        result=instruction.data["result"],
        finished_at=store.clock.now(),
        issues=(Issue(kind=kind, message=reason),) if reason else (),
    )


def _set_phase(
    store: Store,
    run: Run,
    stage: StagePlan,
    job: JobPlan,
    *,
    state: str,
    legs: tuple[LegPlan, ...],
    begun: Mapping[str, bool],
) -> None:
    record_id = run_progress.phase_id(run, stage.name, job.name)
    before = runs.find_record(store, run.run_id, record_id)  # made when its stage was retried
    runs.set_record(
        store,
        Record(
            record_id=record_id,
            run_id=run.run_id,
            parent_id=run_progress.stage_id(run, stage.name),
            kind="Phase",
            name=job.display_name or job.name,
            ref_name=job.name,
            identifier=f"{stage.name}.{job.name}",
            order=1 + [j.name for j in stage.jobs].index(job.name),
            state=state,  # type: ignore[arg-type]  # one of two constants
            attempt=run_progress.attempt_of(run, stage.name, job.name),
            previous=before.previous if before else (),
            started_at=store.clock.now(),
            data={
                **(before.data if before else {}),
                **begun,
                "legs": run_progress.legs_to(legs),
            },
        ),
    )


def _start_leg(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage, job, leg = _stage(plan, instruction), _job(plan, instruction), _leg(instruction)
    record_id = run_progress.leg_id(run, stage.name, job.name, leg)
    shown = job.display_name or job.name
    phase = runs.get_record(store, run.run_id, run_progress.phase_id(run, stage.name, job.name))
    planned = run_deployments.planned_leg(store, run, stage, job, leg)
    runs.set_record(
        store,
        Record(
            record_id=record_id,
            run_id=run.run_id,
            parent_id=phase.record_id,
            kind="Job",
            name=f"{shown} {leg}".strip(),
            ref_name=leg or job.name,
            identifier=".".join(p for p in (stage.name, job.name, leg or "__default") if p),
            order=run_deployments.order_of(phase, leg),
            attempt=run_progress.attempt_of(run, stage.name, job.name, leg),
            previous=run_attempts.of_leg(phase, leg),
            data={
                "leg": leg,
                "stage": stage.name,
                "job": job.name,
                **run_deployments.add(store, run, stage, job, planned),
            },
        ),
    )
    server = run_deployments.is_server(job, planned)
    payload = {"run_id": run.run_id, "record_id": record_id, "server": server}
    store.queue.put(QUEUE, item_of(run.run_id, record_id), payload)


def _cancel_leg(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage, job, leg = _stage(plan, instruction), _job(plan, instruction), _leg(instruction)
    record_id = run_progress.leg_id(run, stage.name, job.name, leg)
    record = runs.get_record(store, run.run_id, record_id)
    runs.change_record(store, run.run_id, record_id, data={**record.data, "cancel_requested": True})
    store.queue.request_cancel(item_of(run.run_id, record_id))


def _complete_run(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    del plan
    result = instruction.data["result"]
    runs.set_run(store, run.run_id, state="completed", result=result, finished_at=store.clock.now())
    say(store, run, "RunCompleted", {"result": result})


def _stage(plan: RunPlan, instruction: Instruction) -> StagePlan:
    return next(s for s in plan.stages if s.name == instruction.subject)


def _job(plan: RunPlan, instruction: Instruction) -> JobPlan:
    stage = _stage(plan, instruction)
    return next(j for j in stage.jobs if j.name == instruction.data["job"])


def _leg(instruction: Instruction) -> str:
    return str(instruction.data.get("leg", ""))


# instruction -> what does it, the one table
_DO: Mapping[str, Callable[[Store, Run, RunPlan, Instruction], None]] = {
    "OpenCheckpoint": _open_checkpoint,
    "StartStage": _start_stage,
    "CompleteStage": _complete_stage,
    "StartJob": _start_job,
    "CompleteJob": _complete_job,
    "StartLeg": _start_leg,
    "CancelLeg": _cancel_leg,
    "CompleteRun": _complete_run,
}
