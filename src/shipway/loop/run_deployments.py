"""The environments of a run: made when it begins, and the history of what was deployed to them.

Called by the station of runs, in its transactions; knows nothing of how a run goes on.
"""

from datetime import datetime

from shipway.azpipelines.plan import JobPlan, LegPlan, RunPlan, StagePlan
from shipway.base.errors import BadInput
from shipway.devops import (
    deployment_legs,
    environment_machines,
    environments,
    run_progress,
    run_variables,
    runs,
)
from shipway.devops.environment_machines import EnvironmentMachine
from shipway.devops.environments import DeploymentRecord, EnvironmentInstance
from shipway.devops.run_states import Result
from shipway.devops.runs import Record, Run
from shipway.store.store import Store


def make_environments(store: Store, run: Run, plan: RunPlan) -> None:
    """The environments that the plan names and that are missing, each open to its definition.

    A name that no environment can have fails its stage later, where it can be shown.
    """
    for name in {job.environment_name for stage in plan.stages for job in stage.jobs}:
        try:
            environments.check_name(name or "")
        except BadInput:
            continue
        environments.ensure(
            store, project_id=run.project_id, name=name or "", definition_id=run.definition_id,
            by_id=run.requested_by.object_id, by_name=run.requested_by.name,
        )  # fmt: skip


def legs_of(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan
) -> tuple[LegPlan, ...]:
    """The jobs that a job of the plan runs as: legs of a matrix, hooks of a deployment.

    Raises `RuntimeValueError`, `NotFound` for a machine that is not there, `BadInput`.
    """
    if job.kind != "deployment":
        return run_variables.legs_of(store, run, plan, stage=stage, job=job)
    target = _target(store, run, job)
    machines: list[EnvironmentMachine] = []
    if target is not None and job.environment is not None:
        machines = environment_machines.chosen(
            store, job.environment, environment_id=target.environment_id, job_name=job.name,
            all_by_default=job.deployment_strategy == "rolling",
        )  # fmt: skip
    return deployment_legs.legs_of(job, [(m.name, str(m.machine_id)) for m in machines])


def planned_leg(store: Store, run: Run, stage: StagePlan, job: JobPlan, name: str) -> LegPlan:
    """A job of `legs_of` as it was planned when the job of the plan began."""
    phase = runs.find_record(store, run.run_id, run_progress.phase_id(run, stage.name, job.name))
    planned = run_progress.legs_from(phase.data.get("legs")) if phase else ()
    return next((leg for leg in planned if leg.name == name), LegPlan(name=name))


def order_of(phase: Record, name: str) -> int:
    """Where a job of a job of the plan stands among the others, from 1."""
    names = [leg.name for leg in run_progress.legs_from(phase.data.get("legs"))]
    return 1 + names.index(name) if name in names else 1


def is_server(job: JobPlan, leg: LegPlan) -> bool:
    """Whether a job needs no agent; each hook of a deployment has a pool of its own."""
    hook = next((one for one in job.hooks if one.name == (leg.hook or "deploy")), None)
    return (hook or job).pool.is_server


def add(store: Store, run: Run, stage: StagePlan, job: JobPlan, leg: LegPlan) -> dict[str, int]:
    """Note a job that was queued; what its Record keeps in `data` to find the note again.

    Empty for a job without an environment. Hooks of one deployment have one note.
    """
    target = _target(store, run, job)
    if target is None:  # or taken away since the checkpoint
        return {}
    machine = _machine_id(leg)
    number = _noted(store, run, stage, job, machine)
    if not number:
        number = environments.add_record(
            store,
            DeploymentRecord(
                record_number=0, environment_id=target.environment_id, run_id=run.run_id,
                definition_id=run.definition_id, definition_name=run.definition_name,
                run_name=run.run_name, stage_name=stage.name, job_name=job.name,
                machine_id=machine, queued_at=store.clock.now(),
                stage_attempt=run_progress.attempt_of(run, stage.name),
                job_attempt=run_progress.attempt_of(run, stage.name, job.name),
            ),
        ).record_number  # fmt: skip
    return {"environment": target.environment_id, "deployment": number, "machine": machine}


def _target(store: Store, run: Run, job: JobPlan) -> EnvironmentInstance | None:
    name = job.environment_name
    return environments.find(store, project_id=run.project_id, name=name) if name else None


def _machine_id(leg: LegPlan) -> int:
    return int(leg.variables.get("Environment.ResourceId", "0"))


def _noted(store: Store, run: Run, stage: StagePlan, job: JobPlan, machine: int) -> int:
    """The number of the note that an earlier hook of the same deployment made; 0 for none."""
    phase = run_progress.phase_id(run, stage.name, job.name)
    for record in runs.records_of(store, run.run_id):
        data = record.data
        if record.parent_id == phase and data.get("machine") == machine and "deployment" in data:
            return int(data["deployment"])
    return 0


def note(
    store: Store, record: Record, *, started_at: datetime | None = None,
    finished_at: datetime | None = None, result: Result | None = None,
) -> None:  # fmt: skip
    """Note that a job has begun or ended; nothing happens for one without an environment."""
    if "deployment" in record.data:
        environments.change_record(
            store, environment_id=int(record.data["environment"]),
            record_number=int(record.data["deployment"]),
            started_at=started_at, finished_at=finished_at, result=result,
        )  # fmt: skip
