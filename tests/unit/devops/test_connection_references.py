"""What a queued run says about the service connections that its steps name."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.devops.test_stage_resources import plan_of, scene, step

from shipway.azpipelines.plan import RunPlan, StepPlan, TaskReference
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import connection_references, service_connections, task_stubs
from shipway.devops.runs import Run
from shipway.store.store import Store, open_store

MISSING = (
    "which could not be found. The service connection does not exist, has been disabled or has not "
    "been authorized for use. For authorization details, refer to https://aka.ms/yamlauthz."
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def told(store: Store, run: Run, plan: RunPlan, stubs: str = "") -> list[str]:
    given = task_stubs.parse(stubs) if stubs else task_stubs.NO_STUBS
    found = connection_references.problems_of(store, run, plan, given)
    return [one.service_text() for one in found]


def npm(names: str) -> StepPlan:
    return replace(
        step("customEndpoint", names, task="Npm"), task=TaskReference(name="Npm", version="1")
    )


def test_a_connection_that_is_missing_is_told_in_the_services_words(store: Store) -> None:
    one = step("azureSubscription", "$(where)")
    plan = plan_of(one, where="nowhere")
    run, _ = scene(store, plan)
    message = f"input azureSubscription references service connection nowhere {MISSING}"
    assert told(store, run, plan) == [f"Job J: Step s {message}"]
    assert told(store, run, plan_of(replace(one, ref_name="AzureCLI2"), where="nowhere")) == [
        f"Job J: Step {message}"
    ]
    assert told(store, run, plan_of(step("connectedServiceNameARM", "$(later)"))) == [
        f"Job J: Step s input connectedServiceNameARM references service connection $(later) "
        f"{MISSING}"
    ]


def test_one_that_is_there_and_one_that_nothing_needs_are_no_problem(store: Store) -> None:
    plan = plan_of(step("azureSubscription", "Production"))
    run, _ = scene(store, plan)
    missing = step("azureSubscription", "nowhere")
    assert told(store, run, plan) == []
    assert told(store, run, plan_of(replace(missing, enabled=False))) == []
    assert told(store, run, plan_of(missing), "tasks: {'AzureCLI@2': succeed}") == []
    assert told(store, run, plan_of(step("azureSubscription", "x", task="NotOurs"))) == []
    hidden = replace(missing, inputs={"backendServiceArm": "nowhere", "command": "plan"})
    terraform = TaskReference(name="TerraformTaskV4", version="4")
    assert told(store, run, plan_of(replace(hidden, task=terraform))) == []


def test_the_kind_of_each_of_several_counts(store: Store) -> None:
    plan = plan_of(npm("good, production,gone"))
    run, connection = scene(store, plan)
    service_connections.create(
        store, project_id=connection.project_id, name="good", kind="externalnpmregistry",
        scheme="Token", url="https://npm.example",
    )  # fmt: skip
    assert told(store, run, plan) == [
        "Job J: Step s input customEndpoint expects a service connection of type "
        "externalnpmregistry but the provided service connection production is of type azurerm.",
        f"Job J: Step s input customEndpoint references service connection gone {MISSING}",
    ]
