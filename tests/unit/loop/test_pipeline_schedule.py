"""Pipelines that start by the clock: only where there is something new, unless always."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.begun_runs import end_jobs, settle
from tests.support.pushed_pipelines import pipeline_of, put, repository_of

from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import definitions, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import Run
from shipway.loop import pipeline_schedule
from shipway.store.store import Store, open_store

YAML = """
trigger: none
schedules:
- cron: 0 3 * * *
  displayName: Nightly
  branches: [main]
  always: %s
  batch: %s
steps: [{script: echo}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def scene(store: Store, *, always: str = "false", batch: str = "false") -> PipelineDefinition:
    repository = repository_of(store, "r")
    put(store, repository, {"azure-pipelines.yml": YAML % (always, batch)})
    made = pipeline_of(store, repository, "nightly")
    pipeline_schedule.arm_definition(store, made)
    return made


def night(store: Store, definition: PipelineDefinition) -> Run | None:
    """The schedule is due once; the run that it queues."""
    timer = store.timers.find(f"pipeline-schedule/{definition.definition_id}/refs/heads/main/0")
    assert timer is not None
    before = len(runs.list_of(store))
    pipeline_schedule.fire(store, timer)
    settle(store)
    found = runs.list_of(store)
    return found[0] if len(found) > before else None


def test_it_runs_again_only_after_a_change_or_a_run_that_did_not_go_well(store: Store) -> None:
    definition = scene(store)
    first = night(store, definition)
    assert first is not None
    assert (first.reason, first.trigger_info) == ("schedule", {"schedule.displayName": "Nightly"})
    end_jobs(store, first, "failed")
    second = night(store, definition)
    assert second is not None
    end_jobs(store, second)
    assert night(store, definition) is None
    put(store, repository_of(store, "r"), {"a.txt": "new"})
    third = night(store, definition)
    assert third is not None
    end_jobs(store, third)
    assert night(store, definition) is None
    definitions.replace_definition(store, replace(definition, name="other"))
    assert night(store, definition) is not None


def test_always_runs_whatever_happened(store: Store) -> None:
    definition = scene(store, always="true", batch="true")
    for _ in range(2):
        run = night(store, definition)
        assert run is not None
        assert run.state == "inProgress"


def test_with_batch_it_waits_for_the_scheduled_run_under_way(store: Store) -> None:
    definition = scene(store, batch="true")
    run = night(store, definition)
    assert run is not None
    put(store, repository_of(store, "r"), {"a.txt": "new"})
    assert night(store, definition) is None
    end_jobs(store, run)
    assert night(store, definition) is not None


def test_without_batch_it_does_not_wait(store: Store) -> None:
    definition = scene(store)
    assert night(store, definition) is not None
    assert night(store, definition) is not None
