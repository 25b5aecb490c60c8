"""The environments of a run: made when it begins, and the history of what was deployed to them.

Called by the station of runs, in its transactions; knows nothing of how a run goes on.
"""

from datetime import datetime

from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan
from shipway.base.errors import BadInput
from shipway.devops import environments
from shipway.devops.environments import DeploymentRecord
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


def add(store: Store, run: Run, stage: StagePlan, job: JobPlan) -> dict[str, int]:
    """Note a job that was queued; what its Record keeps in `data` to find the note again.

    Empty for a job without an environment.
    """
    if not job.environment_name:
        return {}
    target = environments.find(store, project_id=run.project_id, name=job.environment_name)
    if target is None:  # taken away since the checkpoint
        return {}
    made = environments.add_record(
        store,
        DeploymentRecord(
            record_number=0, environment_id=target.environment_id, run_id=run.run_id,
            definition_id=run.definition_id, definition_name=run.definition_name,
            run_name=run.run_name, stage_name=stage.name, job_name=job.name,
            queued_at=store.clock.now(),
        ),
    )  # fmt: skip
    return {"environment": made.environment_id, "deployment": made.record_number}


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
