"""The station of runs: what cannot be begun fails by name, what is deployed is noted."""

from pathlib import Path
from typing import Any

import pytest

from shipway.azpipelines.plan import (
    EnvironmentTarget,
    FanOut,
    HookPlan,
    JobPlan,
    PoolPlan,
    RunPlan,
    StagePlan,
)
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.base.messages import Event
from shipway.devops import (
    definitions,
    environments,
    projects,
    repositories,
    run_progress,
    runs,
)
from shipway.devops.runs import Record, Run
from shipway.loop import run as station
from shipway.loop import run_deployments
from shipway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def begun(store: Store, *stages: StagePlan) -> Run:
    users.ensure_demo_users(store)
    project = projects.create(store, name="ml")
    repository = repositories.create(store, project_id=project.project_id, name="r")
    definition = definitions.create(
        store, project_id=project.project_id, name="p", repository_id=repository.repository_id
    )
    run = runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="0" * 40,
        reason="manual", requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip
    plan = RunPlan(name_format="", triggers=PipelineTriggers(), stages=stages)
    for stage in stages:
        runs.set_record(
            store,
            Record(
                record_id=run_progress.stage_id(run, stage.name), run_id=run.run_id,
                kind="Stage", name=stage.name, ref_name=stage.name,
            ),
        )  # fmt: skip
    runs.set_run(store, run.run_id, state="inProgress", plan=plan.to_json())
    with store.database.transaction():
        run_deployments.make_environments(store, run, plan)
        station.advance(store, run.run_id)
    return runs.get(store, run.run_id)


def stage_of(name: str, job: JobPlan, *, after: tuple[str, ...] = (), **more: Any) -> StagePlan:
    return StagePlan(name=name, display_name=name, jobs=(job,), depends_on=after, **more)


def deployment(environment: str, resource: str | None = None) -> JobPlan:
    return JobPlan(
        name="Ship", display_name="Ship", kind="deployment", pool=PoolPlan(),
        environment=EnvironmentTarget(name=environment, resource_name=resource),
        hooks=(HookPlan(name="deploy", steps=(), pool=PoolPlan()),),
    )  # fmt: skip


def records(store: Store, run: Run, kind: str) -> dict[str, Record]:
    return {r.name: r for r in runs.records_of(store, run.run_id) if r.kind == kind}


@pytest.mark.parametrize(
    ("job", "name"),
    [(deployment("a/b"), "a/b"), (deployment("dev", "vm1"), "Resource vm1")],
)
def test_a_stage_that_cannot_meet_its_environment_fails_by_name_and_the_run_ends(
    store: Store, job: JobPlan, name: str
) -> None:
    tail = JobPlan(name="T", display_name="T", kind="job", pool=PoolPlan())
    run = begun(store, stage_of("S", job), stage_of("After", tail, after=("S",)))
    stages = records(store, run, "Stage")
    assert {n: s.result for n, s in stages.items()} == {"S": "failed", "After": "skipped"}
    assert name in stages["S"].issues[0].message
    assert (run.state, run.result) == ("completed", "failed")
    assert store.queue.count("agent") == 0


def test_a_matrix_that_cannot_be_read_fails_its_job(store: Store) -> None:
    job = JobPlan(
        name="M", display_name="M", kind="job", pool=PoolPlan(),
        fan_out=FanOut(kind="matrix", matrix_expression="$[ variables.nothing ]"),
    )  # fmt: skip
    run = begun(store, stage_of("S", job))
    assert (run.state, run.result) == ("completed", "failed")
    (issue,) = records(store, run, "Phase")["M"].issues
    assert issue.kind == "error"
    assert issue.message


def test_a_deployment_is_noted_at_its_environment_from_queue_to_end(store: Store) -> None:
    run = begun(store, stage_of("S", deployment("dev")))
    target = environments.find(store, project_id=run.project_id, name="dev")
    assert target is not None

    def noted() -> environments.DeploymentRecord:
        (one,) = environments.records_of(store, environment_id=target.environment_id)
        return one

    assert (noted().stage_name, noted().job_name, noted().run_id) == ("S", "Ship", run.run_id)
    assert (noted().started_at, noted().result) == (None, None)
    record = records(store, run, "Job")["Ship"]
    for kind, react, more in (
        ("JobRunStarted", station.on_job_started, {}),
        ("JobRunEnded", station.on_job_ended, {"result": "succeeded"}),
    ):
        event = Event(
            kind=kind, subject=runs.subject(run.run_id), at=store.clock.now(),
            data={"record_id": record.record_id, **more},
        )  # fmt: skip
        with store.database.transaction():
            react(store, event)
    done = noted()
    assert done.started_at is not None
    assert done.finished_at is not None
    assert done.result == "succeeded"
    assert runs.get(store, run.run_id).result == "succeeded"


def test_a_run_that_is_canceled_before_it_begins_ends_canceled(store: Store) -> None:
    run = begun(store)
    fresh = runs.queue_run(
        store, definition=definitions.get(store, project_id=run.project_id,
                                          definition_id=run.definition_id),
        branch="refs/heads/main", version="0" * 40, reason="manual",
        requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip
    dana = users.principal_of(store, users.get(store, "dana"))
    station.cancel(store, run_id=fresh.run_id, principal=dana)
    for event in store.journal.of(runs.subject(fresh.run_id)):
        with store.database.transaction():
            react = station.on_queued if event.kind == "RunQueued" else station.on_progress
            react(store, event)
    after = runs.get(store, fresh.run_id)
    assert (after.state, after.result) == ("completed", "canceled")
    assert store.queue.count("agent") == 0
