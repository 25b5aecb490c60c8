"""What is looked at when a queued run is compiled: the stages that it is to leave out."""

from pathlib import Path

import pytest
from tests.support.begun_runs import end_jobs, settle
from tests.support.pushed_pipelines import pipeline_of, put, repository_of, somebody

from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import runs
from shipway.devops.runs import Run
from shipway.store.store import Store, open_store

YAML = """
trigger: none
stages:
- stage: Build
  jobs: [{job: A, steps: [{script: echo}]}]
- stage: Scan
  isSkippable: false
  dependsOn: []
  jobs: [{job: B, steps: [{script: echo}]}]
- stage: Ship
  dependsOn: []
  jobs: [{job: C, steps: [{script: echo}]}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def queued(store: Store, *skip: str) -> Run:
    repository = repository_of(store, "r")
    pushed = put(store, repository, {"azure-pipelines.yml": YAML})
    run = runs.queue_run(
        store, definition=pipeline_of(store, repository, "p"), branch="refs/heads/main",
        version=pushed.moves[0].new, reason="manual", requested_by=somebody(store),
        stages_to_skip=skip,
    )  # fmt: skip
    settle(store)
    return runs.get(store, run.run_id)


def test_a_stage_is_left_out_by_its_name_in_any_case(store: Store) -> None:
    run = queued(store, "ship")
    end_jobs(store, run)
    results = {
        r.ref_name: r.result for r in runs.records_of(store, run.run_id) if r.kind == "Stage"
    }
    assert results == {"Build": "succeeded", "Scan": "succeeded", "Ship": "skipped"}


def test_what_is_no_stage_to_skip_ends_the_run_by_name(store: Store) -> None:
    run = queued(store, "scan", "Scan all", "ship")
    assert (run.state, run.result) == ("completed", "failed")
    assert [(d["message"], d["line"]) for d in run.diagnostics] == [
        ("'scan' is not a valid stage to skip.", 6),
        ("'Scan all' is not a valid stage to skip.", 0),
    ]  # fmt: skip
