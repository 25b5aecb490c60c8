"""Which service connections a stage names, and that no other guarded one can be used in it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shipway.azpipelines.plan import (
    JobPlan,
    PoolPlan,
    RunPlan,
    StagePlan,
    StepPlan,
    StepTarget,
    TaskReference,
    VariablePlan,
)
from shipway.azpipelines.plan_resources import ContainerPlan
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.errors import Forbidden
from shipway.base.home import Home
from shipway.devops import (
    checks,
    definitions,
    projects,
    repositories,
    runs,
    service_connections,
    stage_resources,
)
from shipway.devops.runs import Run
from shipway.devops.service_connections import ServiceConnection
from shipway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def step(name: str, value: str, task: str = "AzureCLI") -> StepPlan:
    return StepPlan(
        ref_name="s", display_name="s", shorthand="task",
        task=TaskReference(name=task, version="2"), inputs={name: value},
    )  # fmt: skip


def plan_of(one: StepPlan, **variables: str) -> RunPlan:
    job = JobPlan(name="J", display_name="J", kind="job", pool=PoolPlan(), steps=(one,))
    return RunPlan(
        name_format="", triggers=PipelineTriggers(),
        variables=tuple(VariablePlan(name=n, value=v) for n, v in variables.items()),
        stages=(StagePlan(name="S", display_name="S", jobs=(job,)),),
    )  # fmt: skip


def scene(store: Store, plan: RunPlan) -> tuple[Run, ServiceConnection]:
    dana, avery = users.ensure_demo_users(store)
    project = projects.create(store, name="ml")
    repository = repositories.create(store, project_id=project.project_id, name="r")
    definition = definitions.create(
        store, project_id=project.project_id, name="p", repository_id=repository.repository_id
    )
    run = runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="0" * 40,
        reason="manual", requested_by=users.principal_of(store, dana),
    )  # fmt: skip
    run = runs.set_run(store, run.run_id, plan=plan.to_json())
    connection = service_connections.create(
        store, project_id=project.project_id, name="production",
        parameters={"tenantid": "t", "serviceprincipalid": "a"},
    )  # fmt: skip
    checks.create(
        store, project_id=project.project_id, kind="Approval", resource_type="endpoint",
        resource_id=connection.connection_id, settings={"approvers": [{"id": avery.object_id}]},
    )  # fmt: skip
    return run, connection


@pytest.mark.parametrize(
    ("one", "variables"),
    [
        (step("azureSubscription", "production"), {}),
        (step("AZURESUBSCRIPTION", "Production"), {}),
        (step("serviceConnection", "production", "AzureMLJobWaitTask"), {}),
        (step("azureSubscription", "$(where)"), {"where": "production"}),
        (step("azureSubscription", "$(where)"), {"where": "$(stem)uction", "stem": "prod"}),
    ],
)
def test_a_named_connection_is_found_and_may_be_used(
    store: Store, one: StepPlan, variables: dict[str, str]
) -> None:
    plan = plan_of(one, **variables)
    run, connection = scene(store, plan)
    found = stage_resources.connections_of(store, run, plan, plan.stages[0])
    assert [c.name for c in found] == ["production"]
    stage_resources.require_named(store, run=run, stage_name="S", connection=connection)


@pytest.mark.parametrize("value", ["other", "$(set-by-a-step)", ""])
def test_a_guarded_connection_that_is_not_named_is_refused(store: Store, value: str) -> None:
    run, connection = scene(store, plan_of(step("azureSubscription", value)))
    with pytest.raises(Forbidden, match="production"):
        stage_resources.require_named(store, run=run, stage_name="S", connection=connection)
    with pytest.raises(Forbidden, match="production"):
        stage_resources.require_named(store, run=run, stage_name="none", connection=connection)


def test_without_checks_any_authorized_connection_may_be_used(store: Store) -> None:
    run, connection = scene(store, plan_of(step("azureSubscription", "$(late)")))
    (check,) = checks.on(store, project_id=run.project_id)
    checks.update(
        store, project_id=run.project_id, check_id=check.check_id, settings=check.settings,
        is_disabled=True,
    )  # fmt: skip
    stage_resources.require_named(
        store, run=replace(run), stage_name="S", connection=connection
    )  # fmt: skip


@pytest.mark.parametrize(
    "job",
    [
        {"container": ContainerPlan(alias="c", image="ours", endpoint="production")},
        {"container": ContainerPlan(image="C")},
        {"services": {"db": ContainerPlan(image="db", endpoint="production")}},
        {"steps": (replace(step("a", "b"), target=StepTarget(container="c")),)},
    ],
)
def test_the_registry_of_a_container_is_used_with_its_connection(
    store: Store, job: dict[str, Any]
) -> None:
    plan = plan_of(step("script", "true"))
    (stage,) = plan.stages
    stage = replace(stage, jobs=(replace(stage.jobs[0], **job),))
    plan = replace(
        plan, stages=(stage,),
        containers=(ContainerPlan(alias="c", image="ours", endpoint="production"),),
    )  # fmt: skip
    run, _ = scene(store, plan)
    found = stage_resources.connections_of(store, run, plan, stage)
    assert [one.name for one in found] == ["production"]
