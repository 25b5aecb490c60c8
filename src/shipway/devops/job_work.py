"""What an agent needs to run one job: its plan, its leg, its variables with secrets in clear.

Made from the run's records when the agent takes the job, so nothing secret travels in the queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shipway.azpipelines import runtime
from shipway.azpipelines.conditions import Dependency
from shipway.azpipelines.plan import JobPlan, LegPlan, RunPlan, StagePlan
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.devops import (
    job_checkouts,
    job_downloads,
    predefined_variables,
    run_engine,
    run_progress,
    run_variables,
    runs,
    runtime_values,
)
from shipway.devops.runs import Record, Run
from shipway.devops.runtime_values import RunVariable
from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWork:
    """One job of a run, ready to be run. `error` says why it cannot be."""

    run: Run
    stage: StagePlan
    job: JobPlan
    leg: LegPlan
    record: Record
    variables: tuple[RunVariable, ...] = ()
    dependencies: Mapping[str, Dependency]
    checkout_names: Mapping[str, str] = field(default_factory=dict)
    """The names of the repositories that the job checks out, by folded alias."""
    error: str = ""


def secret_name(run_id: int, record_id: str, output: str) -> str:
    """Under which name the value of a secret output variable lies in the secrets."""
    return f"run-output/{run_id}/{record_id}/{output.lower()}"


def of_record(store: Store, *, run_id: int, record_id: str) -> JobWork:
    """The work behind a Job record. Raises `NotFound`."""
    run = runs.get(store, run_id)
    plan = run_progress.plan_of(run)
    record = runs.get_record(store, run_id, record_id)
    stage = next(s for s in plan.stages if s.name == record.data["stage"])
    job = next(j for j in stage.jobs if j.name == record.data["job"])
    progress = _revealed(store, run, plan)
    leg = _leg(progress, stage, job, str(record.data["leg"]))
    dependencies = run_engine.job_views(stage, progress.stages[stage.name], job.depends_on)
    job = job_downloads.expanded(plan, _of_hook(job, leg))
    job, names = job_checkouts.prepared(store, run, plan, job)
    work = JobWork(
        run=run, stage=stage, job=job, leg=leg, record=record, dependencies=dependencies,
        checkout_names=names,
    )  # fmt: skip
    of_stage = run_variables.all_of(store, run, plan, stage=stage, job=job)
    defined = [one for one in of_stage if one.name not in predefined_variables.OF_CHECKS]
    place = f"{stage.name}/{job.name}/{leg.name}"
    defined += [RunVariable(name=n, value=v, scope=place) for n, v in leg.variables.items()]
    of_job = predefined_variables.of_job(store, run, stage, job, leg, record)
    defined += [RunVariable(name=n, value=v, is_read_only=True) for n, v in of_job.items()]
    try:
        resolved = runtime_values.resolved(
            store,
            run,
            defined,
            plan=plan,
            secret_outputs=_secret_outputs(store, run),
            dependencies=dependencies,
            stage_dependencies=run_engine.stage_job_views(plan, progress, stage),
        )
        late = runtime.resolve_job(job, {one.name: one.value for one in resolved})
    except RuntimeValueError as error:
        return replace(work, error=str(error))
    limit = str(late.timeout_in_minutes)
    known = (replace(v, value=limit) if v.name == "System.JobTimeout" else v for v in resolved)
    return replace(work, job=late, variables=tuple(known))


def _leg(progress: run_engine.RunProgress, stage: StagePlan, job: JobPlan, name: str) -> LegPlan:
    planned = progress.stages[stage.name].jobs[job.name].planned_legs
    return next((leg for leg in planned if leg.name == name), LegPlan(name=name))


def _of_hook(job: JobPlan, leg: LegPlan) -> JobPlan:
    """A deployment job as the agent runs it: the steps and the pool of one hook."""
    if job.kind != "deployment":
        return job
    hook = next((one for one in job.hooks if one.name == (leg.hook or "deploy")), None)
    return replace(job, steps=hook.steps, pool=hook.pool) if hook else job


def _revealed(store: Store, run: Run, plan: RunPlan) -> run_engine.RunProgress:
    """The run's progress with the values of secret outputs, for the agent's eyes only."""
    progress = run_progress.progress_of(store, run, plan)
    secrets = {
        (record.parent_id, str(record.data.get("leg", "")), name): store.secrets.find(
            secret_name(run.run_id, record.record_id, name)
        )
        for record in runs.records_of(store, run.run_id)
        if record.kind == "Job"
        for name, output in record.outputs.items()
        if output.is_secret
    }
    if not secrets:
        return progress
    stages = {}
    for stage_name, at in progress.stages.items():
        jobs = {}
        for job_name, job in at.jobs.items():
            parent = run_progress.phase_id(run, stage_name, job_name)
            legs = {
                leg_name: replace(
                    leg,
                    outputs={
                        n: secrets.get((parent, leg_name, n)) or v for n, v in leg.outputs.items()
                    },
                )
                for leg_name, leg in job.legs.items()
            }
            jobs[job_name] = replace(job, legs=legs)
        stages[stage_name] = replace(at, jobs=jobs)
    return replace(progress, stages=stages)


def _secret_outputs(store: Store, run: Run) -> set[str]:
    """The values of the run's secret output variables."""
    prefix = f"run-output/{run.run_id}/"
    found = (store.secrets.find(name) for name in store.secrets.names(prefix=prefix))
    return {value for value in found if value}
