"""Pure: where a run stands in, what to do next out.

`next_instructions` looks at the plan and the progress of one run and says every step that is due
now. It holds no state of its own: the same progress gives the same instructions, so the loop asks
again after each event, after a restart too, until nothing is due. Must not know: stores, clocks.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/conditions and stages.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from shipway.azpipelines import conditions
from shipway.azpipelines.conditions import Dependency, Status
from shipway.azpipelines.plan import JobPlan, LegPlan, RunPlan, StagePlan
from shipway.azpipelines.results import Result as LanguageResult
from shipway.base.messages import Instruction
from shipway.devops import deployment_legs, run_states
from shipway.devops.run_states import RecordState, Result

CheckpointState = Literal["none", "waiting", "passed", "failed", "skipped", "superseded"]
# none        the stage has not met its checks
# waiting     a permission, an approval or a lock is wanting
# passed      all checks hold: the stage may start
# failed      a check said no: the stage ends failed
# skipped     nobody answered in time: the stage ends skipped
# superseded  a newer run took its turn at a lock: the stage ends canceled


@dataclass(frozen=True, slots=True, kw_only=True)
class LegProgress:
    """One job as it runs; `name` is empty but for legs of a matrix or of `parallel`."""

    name: str = ""
    state: RecordState = "pending"
    result: Result | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """A job of the plan with all its legs (Azure's Phase)."""

    state: RecordState = "pending"
    result: Result | None = None
    legs: Mapping[str, LegProgress] = field(default_factory=dict)
    outlives_cancel: bool = False
    """It began after somebody had asked to stop, since its condition held all the same."""
    planned_legs: tuple[LegPlan, ...] = ()
    """The legs once the job has started; known only then when an expression gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageProgress:
    """A stage with its checkpoint and jobs."""

    state: RecordState = "pending"
    result: Result | None = None
    checkpoint: CheckpointState = "none"
    jobs: Mapping[str, JobProgress] = field(default_factory=dict)
    canceling: bool = False
    """Somebody asked to stop this stage."""
    outlives_cancel: bool = False
    """It began after somebody had asked to stop the run, since its condition held all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """A run. `variables` are those of the run by name, before any stage's own."""

    stages: Mapping[str, StageProgress]
    canceling: bool = False
    skip_stages: tuple[str, ...] = ()
    started_stages: tuple[str, ...] = ()

    def is_canceling(self, stage: str) -> bool:
        """Whether this stage is being stopped, for itself or with the run."""
        at = self.stages[stage]
        return at.canceling or (self.canceling and not at.outlives_cancel)


def next_instructions(
    plan: RunPlan, progress: RunProgress, variables: "VariableSource"
) -> tuple[Instruction, ...]:
    """What is due now; empty while everything waits for an event."""
    found: list[Instruction] = []
    for stage in plan.stages:
        found += _stage(plan, stage, progress, variables)
    if found:
        return tuple(found)
    left = _left_to_people(plan, progress)
    stages = [progress.stages[s.name] for s in plan.stages if s.name not in left]
    if all(s.state == "completed" for s in stages):
        result = run_states.worst(s.result for s in stages if s.result is not None)
        result = "canceled" if progress.canceling and result != "failed" else result
        final = "succeeded" if result == "skipped" else result
        return (Instruction(kind="CompleteRun", subject="", data={"result": final}),)
    return ()


def _left_to_people(plan: RunPlan, progress: RunProgress) -> set[str]:
    """Stages that begin once somebody starts them, and those that come after them.

    A run is complete when only these are left.
    """
    left: set[str] = set()
    for stage in plan.stages:  # each follows what it depends on
        if progress.stages[stage.name].state != "pending":
            continue
        if waits_for_start(stage, progress) or left & set(stage.depends_on):
            left.add(stage.name)
    return left


def waits_for_start(stage: StagePlan, progress: RunProgress) -> bool:
    """Whether a stage with `trigger: manual` has been started by nobody yet."""
    at = progress.stages[stage.name]
    is_manual = stage.trigger == "manual" and stage.name not in progress.started_stages
    return is_manual and at.state == "pending" and not at.canceling


class VariableSource(Protocol):
    """Variables as conditions see them; the loop gives one that reads groups and definitions."""

    def of_stage(self, stage: StagePlan) -> Mapping[str, str]:
        """Run and stage variables."""

    def of_job(self, stage: StagePlan, job: JobPlan) -> Mapping[str, str]:
        """Run, stage and job variables."""


def _stage(
    plan: RunPlan, stage: StagePlan, progress: RunProgress, variables: VariableSource
) -> Iterator[Instruction]:
    at = progress.stages[stage.name]
    if at.state == "completed" or waits_for_start(stage, progress):
        return
    if at.state == "inProgress":
        yield from _jobs_of(plan, stage, progress, variables)
        return
    if at.checkpoint == "failed":
        yield _finish_stage(stage, "failed", "a check on a resource of this stage did not pass")
    elif at.checkpoint == "skipped":
        yield _finish_stage(stage, "skipped", "its checks did not pass in time")
    elif at.checkpoint == "superseded":
        yield _finish_stage(stage, "canceled", "a newer run took its turn at an exclusive lock")
    elif at.checkpoint == "waiting" and progress.is_canceling(stage.name):
        what = "run" if progress.canceling else "stage"
        yield _finish_stage(stage, "canceled", f"the {what} was canceled while it waited")
    elif at.checkpoint == "none" and at.canceling:
        yield _finish_stage(stage, "canceled", "the stage was canceled before it began")
    elif at.checkpoint == "waiting":
        return
    elif at.checkpoint == "passed":
        yield Instruction(kind="StartStage", subject=stage.name)
    elif all(progress.stages[name].state == "completed" for name in stage.depends_on):
        yield _meet(plan, stage, progress, variables)


def _meet(
    plan: RunPlan, stage: StagePlan, progress: RunProgress, variables: VariableSource
) -> Instruction:
    """The condition of a stage whose dependencies are over."""
    if stage.name in progress.skip_stages:
        return _finish_stage(stage, "skipped", "it was left out when the run was queued")
    verdict = conditions.evaluate(
        stage.condition,
        variables=variables.of_stage(stage),
        dependencies=stage_views(plan, progress, stage.depends_on),
        status=Status(
            scope="stage",
            is_canceled=progress.canceling,
            results=_stage_results(plan, progress, stage),
        ),
    )
    if verdict.error:
        return _finish_stage(stage, "abandoned", verdict.error)
    if not verdict.value:
        result: Result = "canceled" if progress.canceling else "skipped"
        return _finish_stage(
            stage, result, f"its condition is false: {_condition(stage.condition)}"
        )
    begun = {"outlives_cancel": True} if progress.canceling else {}
    return Instruction(kind="OpenCheckpoint", subject=stage.name, data=begun)


def _finish_stage(stage: StagePlan, result: Result, reason: str) -> Instruction:
    return Instruction(
        kind="CompleteStage", subject=stage.name, data={"result": result, "reason": reason}
    )


def _jobs_of(
    plan: RunPlan, stage: StagePlan, progress: RunProgress, variables: VariableSource
) -> Iterator[Instruction]:
    jobs = progress.stages[stage.name].jobs
    busy = False
    for job in stage.jobs:
        at = jobs.get(job.name, JobProgress())
        if at.state == "inProgress":
            busy = True
            canceling = progress.is_canceling(stage.name) and not at.outlives_cancel
            yield from _legs(stage, job, at, canceling=canceling)
        elif at.state == "pending":
            busy = True
            ready = all(
                jobs.get(name, JobProgress()).state == "completed" for name in job.depends_on
            )
            if ready:
                yield _meet_job(plan, stage, job, progress, variables)
    if not busy:
        results = [jobs[j.name].result for j in stage.jobs]
        folded = run_states.worst(r for r in results if r is not None)
        yield Instruction(kind="CompleteStage", subject=stage.name, data={"result": folded})


def _meet_job(
    plan: RunPlan, stage: StagePlan, job: JobPlan, progress: RunProgress, variables: VariableSource
) -> Instruction:
    verdict = conditions.evaluate(
        job.condition,
        variables=variables.of_job(stage, job),
        dependencies=job_views(stage, progress.stages[stage.name], job.depends_on),
        stage_dependencies=stage_job_views(plan, progress, stage),
        status=Status(
            scope="job",
            is_canceled=progress.is_canceling(stage.name),
            results=_job_results(stage, progress.stages[stage.name], job),
        ),
    )
    data: dict[str, object] = {"job": job.name}
    canceling = progress.is_canceling(stage.name)
    if verdict.error:
        data |= {"result": "abandoned", "reason": verdict.error}
    elif not verdict.value:
        result = "canceled" if canceling else "skipped"
        data |= {"result": result, "reason": f"its condition is false: {_condition(job.condition)}"}
    else:
        data |= {"outlives_cancel": True} if canceling else {}
        return Instruction(kind="StartJob", subject=stage.name, data=data)
    return Instruction(kind="CompleteJob", subject=stage.name, data=data)


def _legs(
    stage: StagePlan, job: JobPlan, at: JobProgress, *, canceling: bool
) -> Iterator[Instruction]:
    planned = at.planned_legs or (LegPlan(name=""),)
    if any(one.hook for one in planned):
        planned = deployment_legs.reached(planned, {n: leg.result for n, leg in at.legs.items()})
    limit = (job.fan_out.max_parallel if job.fan_out else 0) or len(planned)
    running = [leg for leg in at.legs.values() if leg.state != "completed"]
    if canceling:
        for leg in running:
            if not leg.cancel_requested:
                yield _leg("CancelLeg", stage, job, leg.name)
        planned = tuple(one for one in planned if one.name in at.legs)
    for name in (one.name for one in planned):
        if name not in at.legs and len(running) < limit:
            running.append(LegProgress(name=name))
            yield _leg("StartLeg", stage, job, name)
    if not running and all(one.name in at.legs for one in planned):
        results = [leg.result for leg in at.legs.values() if leg.result is not None]
        folded: Result = run_states.worst(results) if results else "canceled"
        if job.continue_on_error and folded == "failed":
            folded = "succeededWithIssues"
        data = {"job": job.name, "result": folded}
        yield Instruction(kind="CompleteJob", subject=stage.name, data=data)


def _leg(kind: str, stage: StagePlan, job: JobPlan, leg: str) -> Instruction:
    return Instruction(kind=kind, subject=stage.name, data={"job": job.name, "leg": leg})


def outputs_of(job: JobPlan, at: JobProgress) -> dict[str, str]:
    """Output variables of a job as others read them.

    `step.name`; `leg.step.name` for legs; `job.step.name` for a runOnce deployment.
    """
    found: dict[str, str] = {}
    planned = {one.name: one for one in at.planned_legs}
    for leg in at.legs.values():
        prefix = f"{leg.name}." if leg.name else ""
        if job.kind == "deployment":
            which = planned.get(leg.name, LegPlan(name=leg.name))
            prefix = f"{deployment_legs.output_prefix(job, which)}."
        found |= {f"{prefix}{name}": value for name, value in leg.outputs.items()}
    return found


def job_views(stage: StagePlan, at: StageProgress, names: tuple[str, ...]) -> dict[str, Dependency]:
    """`dependencies` of a job: the jobs that it depends on."""
    return {
        job.name: Dependency(
            result=language_word(at.jobs[job.name].result),
            outputs=outputs_of(job, at.jobs[job.name]),
        )
        for job in stage.jobs
        if job.name in names and job.name in at.jobs
    }


def stage_views(
    plan: RunPlan, progress: RunProgress, names: tuple[str, ...]
) -> dict[str, Dependency]:
    """`dependencies` of a stage: the stages that it depends on, outputs as `job.step.name`."""
    found: dict[str, Dependency] = {}
    for stage in plan.stages:
        if stage.name not in names:
            continue
        at = progress.stages[stage.name]
        outputs = {
            f"{job.name}.{name}": value
            for job in stage.jobs
            if job.name in at.jobs
            for name, value in outputs_of(job, at.jobs[job.name]).items()
        }
        found[stage.name] = Dependency(result=language_word(at.result), outputs=outputs)
    return found


def stage_job_views(
    plan: RunPlan, progress: RunProgress, stage: StagePlan
) -> dict[str, dict[str, Dependency]]:
    """`stageDependencies` of a job: jobs of the stages that its stage depends on."""
    found: dict[str, dict[str, Dependency]] = {}
    for other in plan.stages:
        if other.name in stage.depends_on:
            names = tuple(job.name for job in other.jobs)
            found[other.name] = job_views(other, progress.stages[other.name], names)
    return found


def language_word(result: Result | None) -> LanguageResult:
    """A timeline's result as expressions spell it; what never ran was skipped."""
    return _WORDS[result or "skipped"]


def timeline_word(result: LanguageResult) -> Result:
    """The other way round."""
    return next(timeline for timeline, word in _WORDS.items() if word == result)


def _condition(text: str | None) -> str:
    return text or conditions.DEFAULT


def _stage_results(
    plan: RunPlan, progress: RunProgress, stage: StagePlan
) -> dict[str, LanguageResult]:
    """The results of all stages that lead to this one."""
    names = _ancestors({s.name: s.depends_on for s in plan.stages}, stage.name)
    return {name: language_word(progress.stages[name].result) for name in names}


def _job_results(stage: StagePlan, at: StageProgress, job: JobPlan) -> dict[str, LanguageResult]:
    """The results of all jobs of the stage that lead to this one."""
    names = _ancestors({j.name: j.depends_on for j in stage.jobs}, job.name)
    return {name: language_word(at.jobs[name].result) for name in names if name in at.jobs}


def _ancestors(graph: Mapping[str, tuple[str, ...]], name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[name])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += graph.get(one, ())
    return found


_WORDS: Mapping[Result, LanguageResult] = {
    "succeeded": "Succeeded",
    "succeededWithIssues": "SucceededWithIssues",
    "failed": "Failed",
    "canceled": "Canceled",
    "skipped": "Skipped",
    "abandoned": "Abandoned",
}
