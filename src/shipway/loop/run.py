"""Station 2: a run. Compiles its YAML, advances its stages and jobs, hands jobs to agents.

The only writer of Run, Stage, Phase and Job records; Task records belong to the agent that runs
them. `advance` asks the engine what is due and does it, until nothing is.
"""

import json
from dataclasses import replace
from typing import Literal

from shipway.azpipelines.diagnostics import Diagnostic
from shipway.azpipelines.plan import JobPlan, LegPlan, RunPlan, StagePlan
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.azure.entra.principals import Principal
from shipway.base.errors import ShipwayError
from shipway.base.messages import Event, Instruction
from shipway.devops import (
    definitions,
    run_engine,
    run_progress,
    run_states,
    run_variables,
    runs,
)
from shipway.devops.run_engine import VariableSource
from shipway.devops.runs import Issue, OutputVariable, Record, Run
from shipway.loop import checkpoint, run_compilation, run_deployments
from shipway.store.store import Store

QUEUE = "agent"


class _Variables(VariableSource):
    """What conditions see, secrets masked."""

    def __init__(self, store: Store, run: Run, plan: RunPlan) -> None:
        self._store, self._run, self._plan = store, run, plan

    def of_stage(self, stage: StagePlan) -> dict[str, str]:
        return run_variables.shown(
            run_variables.all_of(self._store, self._run, self._plan, stage=stage)
        )

    def of_job(self, stage: StagePlan, job: JobPlan) -> dict[str, str]:
        return run_variables.shown(
            run_variables.all_of(self._store, self._run, self._plan, stage=stage, job=job)
        )


def on_queued(store: Store, event: Event) -> None:
    """A run was queued: compile it and begin, or end it with what the compiler says."""
    run = runs.get(store, _run_id(event))
    if run.state == "canceling" and run.plan is None:  # canceled before it could begin
        now = store.clock.now()
        runs.set_run(store, run.run_id, state="completed", result="canceled", finished_at=now)
        _say(store, run, "RunCompleted", {"result": "canceled"})
    if run.state != "pending":
        return
    definition = definitions.find(store, run.definition_id)
    path = definition.yaml_path if definition else "azure-pipelines.yml"
    try:
        result = run_compilation.compile_run(store, run, path=path)
    except UnicodeDecodeError:
        _refuse(store, run, f"/{path}: the file is not UTF-8 text", [])
        return
    errors = [d for d in result.diagnostics if d.severity == "error"]
    if result.plan is None or errors:
        _refuse(store, run, "\n".join(d.service_text() for d in errors), list(result.diagnostics))
        return
    _begin(store, run, result.plan, list(result.diagnostics))


def on_job_started(store: Store, event: Event) -> None:
    """An agent took a job."""
    record = runs.get_record(store, _run_id(event), str(event.data["record_id"]))
    if record.state == "pending":
        runs.change_record(
            store,
            record.run_id,
            record.record_id,
            state="inProgress",
            started_at=event.at,
            worker_name=str(event.data.get("worker", "")),
        )
        run_deployments.note(store, record, started_at=event.at)


def on_job_ended(store: Store, event: Event) -> None:
    """An agent finished a job: its result and outputs, then whatever that makes due."""
    record = runs.get_record(store, _run_id(event), str(event.data["record_id"]))
    if record.state != "completed":
        outputs = {
            name: OutputVariable(value=item["value"], is_secret=item["is_secret"])
            for name, item in event.data.get("outputs", {}).items()
        }
        issues = tuple(
            Issue(kind=i["kind"], message=i["message"]) for i in event.data.get("issues", [])
        )
        runs.change_record(
            store,
            record.run_id,
            record.record_id,
            state="completed",
            result=event.data["result"],
            finished_at=event.at,
            outputs=outputs,
            issues=issues,
        )
        run_deployments.note(store, record, finished_at=event.at, result=event.data["result"])
    advance(store, record.run_id)


def on_progress(store: Store, event: Event) -> None:
    """A checkpoint closed, or somebody asked to cancel: see what is due."""
    advance(store, _run_id(event))


def cancel(store: Store, *, run_id: int, principal: Principal) -> Run:
    """Ask a run to stop. Raises `InvalidTransition` when it is over."""
    with store.database.transaction():
        run = runs.get(store, run_id)
        state = run_states.RUN.step(run.state, "cancel", subject=str(run_id))
        changed = runs.set_run(store, run_id, state=state)
        facts = {"by": principal.name}
        store.journal.append(
            Event(
                kind="RunCancelRequested",
                subject=runs.subject(run_id),
                at=store.clock.now(),
                data=facts,
            )
        )
    return changed


def rerun(store: Store, *, run_id: int, principal: Principal) -> Run:
    """Queue the same commit of the same definition again, with the same choices."""
    run = runs.get(store, run_id)
    definition = definitions.get(store, project_id=run.project_id, definition_id=run.definition_id)
    return runs.queue_run(
        store,
        definition=definition,
        branch=run.source_branch,
        version=run.source_version,
        reason="manual",
        requested_by=principal,
        variables=run.variables,
        parameters=run.parameters,
        stages_to_skip=run.stages_to_skip,
    )


def advance(store: Store, run_id: int) -> None:
    """Do everything that is due in a run. Safe to call at any time."""
    run = runs.get(store, run_id)
    if run.plan is None:
        return
    plan = run_progress.plan_of(run)
    source = _Variables(store, run, plan)
    while runs.get(store, run_id).state != "completed":
        run = runs.get(store, run_id)
        progress = run_progress.progress_of(store, run, plan)
        due = run_engine.next_instructions(plan, progress, source)
        if not due:
            return
        for instruction in due:
            try:
                _DO[instruction.kind](store, run, plan, instruction)
            except (ShipwayError, RuntimeValueError) as error:
                _fail(store, run, plan, instruction, error)


def _fail(
    store: Store, run: Run, plan: RunPlan, instruction: Instruction, error: Exception
) -> None:
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


def _refuse(store: Store, run: Run, message: str, diagnostics: list[Diagnostic]) -> None:
    """The YAML does not compile: Azure ends such a run at once, with the message shown on it."""
    runs.set_run(
        store,
        run.run_id,
        state="completed",
        result="failed",
        started_at=store.clock.now(),
        finished_at=store.clock.now(),
        diagnostics=tuple(run_compilation.as_body(d) for d in diagnostics)
        or ({"severity": "error", "message": message},),
    )
    _say(store, run, "RunCompleted", {"result": "failed", "reason": message})


def _begin(store: Store, run: Run, plan: RunPlan, diagnostics: list[Diagnostic]) -> None:
    for order, stage in enumerate(plan.stages, start=1):
        runs.set_record(
            store,
            Record(
                record_id=run_progress.stage_id(run, stage.name),
                run_id=run.run_id,
                kind="Stage",
                name=stage.display_name or stage.name,
                ref_name=stage.name,
                identifier=stage.name,
                order=order,
            ),
        )
    runs.set_run(
        store,
        run.run_id,
        state="inProgress",
        started_at=store.clock.now(),
        plan=json.loads(json.dumps(plan.to_json())),
        run_name=run_compilation.name_of(store, run, plan),
        diagnostics=tuple(run_compilation.as_body(d) for d in diagnostics),
    )
    run_deployments.make_environments(store, run, plan)
    advance(store, run.run_id)


def _open_checkpoint(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    checkpoint.meet(store, run, plan, _stage(plan, instruction))


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
    runs.change_record(
        store,
        run.run_id,
        run_progress.stage_id(run, stage.name),
        state="completed",
        result=result,
        issues=issues,
        data={"reason": reason} if reason else {},
        finished_at=store.clock.now(),
    )
    _say(store, run, "StageCompleted", {"stage": stage.name, "result": result, "reason": reason})


def _start_job(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage, job = _stage(plan, instruction), _job(plan, instruction)
    legs = run_variables.legs_of(store, run, plan, stage=stage, job=job)
    _set_phase(store, run, stage, job, state="inProgress", legs=legs)


def _complete_job(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage, job = _stage(plan, instruction), _job(plan, instruction)
    record = runs.find_record(store, run.run_id, run_progress.phase_id(run, stage.name, job.name))
    if record is None:
        _set_phase(store, run, stage, job, state="pending", legs=())
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
    store: Store, run: Run, stage: StagePlan, job: JobPlan, *, state: str, legs: tuple[LegPlan, ...]
) -> None:
    runs.set_record(
        store,
        Record(
            record_id=run_progress.phase_id(run, stage.name, job.name),
            run_id=run.run_id,
            parent_id=run_progress.stage_id(run, stage.name),
            kind="Phase",
            name=job.display_name or job.name,
            ref_name=job.name,
            identifier=f"{stage.name}.{job.name}",
            order=1 + [j.name for j in stage.jobs].index(job.name),
            state=state,  # type: ignore[arg-type]  # one of two constants
            started_at=store.clock.now(),
            data={"legs": run_progress.legs_to(legs)},
        ),
    )


def _start_leg(store: Store, run: Run, plan: RunPlan, instruction: Instruction) -> None:
    stage, job, leg = _stage(plan, instruction), _job(plan, instruction), _leg(instruction)
    record_id = run_progress.leg_id(run, stage.name, job.name, leg)
    shown = job.display_name or job.name
    runs.set_record(
        store,
        Record(
            record_id=record_id,
            run_id=run.run_id,
            parent_id=run_progress.phase_id(run, stage.name, job.name),
            kind="Job",
            name=f"{shown} {leg}".strip(),
            ref_name=leg or job.name,
            identifier=".".join(p for p in (stage.name, job.name, leg or "__default") if p),
            data={
                "leg": leg,
                "stage": stage.name,
                "job": job.name,
                **run_deployments.add(store, run, stage, job),
            },
        ),
    )
    payload = {"run_id": run.run_id, "record_id": record_id, "server": job.pool.is_server}
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
    _say(store, run, "RunCompleted", {"result": result})


def item_of(run_id: int, record_id: str) -> str:
    """The queue's name of a job."""
    return f"job-run/{run_id}/{record_id}"


def _say(store: Store, run: Run, kind: str, data: dict[str, object]) -> None:
    store.journal.append(
        Event(kind=kind, subject=runs.subject(run.run_id), at=store.clock.now(), data=data)
    )


def _run_id(event: Event) -> int:
    return int(event.subject.removeprefix("run/"))


def _stage(plan: RunPlan, instruction: Instruction) -> StagePlan:
    return next(s for s in plan.stages if s.name == instruction.subject)


def _job(plan: RunPlan, instruction: Instruction) -> JobPlan:
    stage = _stage(plan, instruction)
    return next(j for j in stage.jobs if j.name == instruction.data["job"])


def _leg(instruction: Instruction) -> str:
    return str(instruction.data.get("leg", ""))


# instruction -> what does it, the one table
_DO = {
    "OpenCheckpoint": _open_checkpoint,
    "StartStage": _start_stage,
    "CompleteStage": _complete_stage,
    "StartJob": _start_job,
    "CompleteJob": _complete_job,
    "StartLeg": _start_leg,
    "CancelLeg": _cancel_leg,
    "CompleteRun": _complete_run,
}
