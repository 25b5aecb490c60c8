"""Reads a run's progress out of its timeline records, and names the records.

Stage > Checkpoint > Checkpoint.*, and Stage > Phase > Job > Task. A Phase is a job of the
plan, its Jobs are the legs. Knows: runs. Must not know: who changes the records.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from shipway.azpipelines.plan import JobPlan, LegPlan, RunPlan, StagePlan
from shipway.base import ids
from shipway.devops import runs
from shipway.devops.run_engine import (
    CheckpointState,
    JobProgress,
    LegProgress,
    RunProgress,
    StageProgress,
)
from shipway.devops.runs import Record, Run
from shipway.store.store import Store


def attempt_key(*names: str) -> str:
    """Under which key `Run.attempts` counts a stage, a job of it, a leg of that."""
    return ".".join(names)


def attempt_of(run: Run, *names: str) -> int:
    """Which attempt of a stage, a job of it or a leg of that counts now."""
    return run.attempts.get(attempt_key(*names), 1)


def stage_id(run: Run, stage: str) -> str:
    """The record id of a stage."""
    return _id("stage", run, stage)


def checkpoint_id(run: Run, stage: str) -> str:
    """The record id of a stage's checkpoint."""
    return _id("checkpoint", run, stage)


def phase_id(run: Run, stage: str, job: str) -> str:
    """The record id of a job of the plan."""
    return _id("phase", run, stage, job)


def leg_id(run: Run, stage: str, job: str, leg: str) -> str:
    """The record id of a job as it runs."""
    return _id("job", run, stage, job, leg)


def _id(kind: str, run: Run, *names: str) -> str:
    return ids.guid_from(kind, run.plan_id, *names, str(attempt_of(run, *names)))


def plan_of(run: Run) -> RunPlan:
    """The plan of a run that has one. Raises `ValueError` when it has none."""
    return RunPlan.from_json(run.plan or {})


def progress_of(store: Store, run: Run, plan: RunPlan) -> RunProgress:
    """Where the run stands."""
    records = runs.records_of(store, run.run_id)
    children: dict[str, list[Record]] = {}
    by_id = {record.record_id: record for record in records}
    for record in records:
        children.setdefault(record.parent_id or "", []).append(record)
    return RunProgress(
        stages={s.name: _stage(run, s, by_id, children) for s in plan.stages},
        canceling=run.state == "canceling",
        skip_stages=_named(plan, run.stages_to_skip),
        started_stages=run.started_stages,
    )


def _named(plan: RunPlan, names: Sequence[str]) -> tuple[str, ...]:
    """The stages of these names, whatever the case."""
    asked = {name.lower() for name in names}
    return tuple(stage.name for stage in plan.stages if stage.name.lower() in asked)


def _stage(
    run: Run,
    stage: StagePlan,
    by_id: Mapping[str, Record],
    children: Mapping[str, Sequence[Record]],
) -> StageProgress:
    record = by_id.get(stage_id(run, stage.name))
    if record is None:
        return StageProgress()
    jobs = {
        job.name: _job(run, stage, job, by_id, children)
        for job in stage.jobs
        if phase_id(run, stage.name, job.name) in by_id
    }
    checkpoint = by_id.get(checkpoint_id(run, stage.name))
    return StageProgress(
        state=record.state,
        result=record.result,
        checkpoint=_checkpoint(checkpoint),
        jobs=jobs,
        canceling=bool(record.data.get("cancel_requested")),
        outlives_cancel=bool(record.data.get("outlives_cancel")),
    )


def _checkpoint(record: Record | None) -> CheckpointState:
    if record is None:
        return "none"
    if record.state != "completed":
        return "waiting"
    verdicts: dict[str, CheckpointState] = {
        "succeeded": "passed", "skipped": "skipped", "canceled": "superseded",
    }  # fmt: skip
    return verdicts.get(record.result or "", "failed")


def _job(
    run: Run,
    stage: StagePlan,
    job: JobPlan,
    by_id: Mapping[str, Record],
    children: Mapping[str, Sequence[Record]],
) -> JobProgress:
    phase = by_id[phase_id(run, stage.name, job.name)]
    legs = {}
    for record in children.get(phase.record_id, ()):
        if record.kind == "Job":
            name = str(record.data.get("leg", ""))
            legs[name] = LegProgress(
                name=name,
                state=record.state,
                result=record.result,
                outputs={k: v.value for k, v in record.outputs.items()},
                cancel_requested=bool(record.data.get("cancel_requested")),
            )
    return JobProgress(
        state=phase.state,
        result=phase.result,
        outlives_cancel=bool(phase.data.get("outlives_cancel")),
        legs=legs,
        planned_legs=legs_from(phase.data.get("legs")),
    )


def legs_from(value: object) -> tuple[LegPlan, ...]:
    """Legs as a Phase record keeps them."""
    items = cast("list[dict[str, Any]]", value or [])
    return tuple(
        LegPlan(
            name=i["name"],
            variables=i["variables"],
            hook=i.get("hook", ""),
            wave=i.get("wave", 0),
            machine=i.get("machine", ""),
        )
        for i in items
    )


def legs_to(legs: Sequence[LegPlan]) -> list[dict[str, Any]]:
    """Legs for a Phase record."""
    return [{**dataclasses.asdict(leg), "variables": dict(leg.variables)} for leg in legs]
