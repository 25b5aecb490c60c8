"""Runs that have begun on a store without a server: their plans are written by hand."""

from collections.abc import Sequence
from typing import Any

from shipway.azpipelines.plan import (
    EnvironmentTarget,
    HookPlan,
    JobPlan,
    PoolPlan,
    RunPlan,
    StagePlan,
    VariablePlan,
)
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.azure.entra import users
from shipway.base.messages import Event
from shipway.devops import definitions, projects, repositories, run_progress, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import Record, Run
from shipway.loop import run as station
from shipway.loop import run_deployments
from shipway.loop.reactor import Reactor
from shipway.store.store import Store


def definition_of(store: Store, name: str = "p") -> PipelineDefinition:
    """A definition of the project `ml`, which is made when it is missing."""
    users.ensure_demo_users(store)
    project = projects.find(store, "ml") or projects.create(store, name="ml")
    repository = repositories.find(
        store, project_id=project.project_id, name_or_id="r"
    ) or repositories.create(store, project_id=project.project_id, name="r")
    return definitions.create(
        store, project_id=project.project_id, name=name, repository_id=repository.repository_id
    )


def begin(
    store: Store, definition: PipelineDefinition, *stages: StagePlan,
    branch: str = "refs/heads/main", groups: Sequence[str] = (), **plan: Any,
) -> Run:  # fmt: skip
    """Queue a run by dana and begin it, as far as it goes without an agent."""
    run = runs.queue_run(
        store, definition=definition, branch=branch, version="0" * 40, reason="manual",
        requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip
    made = RunPlan(
        name_format="", triggers=PipelineTriggers(), stages=stages,
        variables=tuple(VariablePlan(group=name) for name in groups), **plan,
    )  # fmt: skip
    for stage in stages:
        runs.set_record(
            store,
            Record(
                record_id=run_progress.stage_id(run, stage.name), run_id=run.run_id,
                kind="Stage", name=stage.name, ref_name=stage.name,
            ),
        )  # fmt: skip
    runs.set_run(store, run.run_id, state="inProgress", plan=made.to_json())
    with store.database.transaction():
        run_deployments.make_environments(store, run, made)
        station.advance(store, run.run_id)
    settle(store)
    return runs.get(store, run.run_id)


def settle(store: Store) -> None:
    """Let the reactor do all that is due, without its thread."""
    reactor = Reactor(store)
    try:
        reactor.settle()
    finally:
        reactor.stop()


def stage_of(name: str, *jobs: JobPlan, after: tuple[str, ...] = (), **more: Any) -> StagePlan:
    return StagePlan(name=name, display_name=name, jobs=jobs, depends_on=after, **more)


def deployment(environment: str, **more: Any) -> JobPlan:
    return JobPlan(
        name="Ship", display_name="Ship", kind="deployment", pool=PoolPlan(),
        environment=EnvironmentTarget(name=environment),
        hooks=(HookPlan(name="deploy", steps=(), pool=PoolPlan()),), **more,
    )  # fmt: skip


def job(name: str = "J", **more: Any) -> JobPlan:
    return JobPlan(
        **{"name": name, "display_name": name, "kind": "job", "pool": PoolPlan(), **more}
    )


def stage_record(store: Store, run: Run, name: str) -> Record:
    return runs.get_record(store, run.run_id, run_progress.stage_id(run, name))


def is_running(store: Store, run: Run, name: str) -> bool:
    """Whether the stage has passed its checkpoint."""
    return stage_record(store, run, name).state == "inProgress"


def lines(store: Store, run: Run) -> list[str]:
    """The checkpoints' lines of a run: kind and state or result."""
    return [
        f"{r.kind} {r.result or r.state}"
        for r in runs.records_of(store, run.run_id)
        if r.kind.startswith("Checkpoint")
    ]


def end_jobs(store: Store, run: Run, result: str = "succeeded") -> None:
    """An agent ends every job of the run that has begun; what that makes due is done."""
    for record in runs.records_of(store, run.run_id):
        if record.kind == "Job" and record.state != "completed":
            store.journal.append(
                Event(
                    kind="JobRunEnded", subject=runs.subject(run.run_id), at=store.clock.now(),
                    data={"record_id": record.record_id, "result": result},
                )
            )  # fmt: skip
    settle(store)
