"""What runs for a step of a job: the stub of its repository's commit, or the task."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.agent.job_runs import log_of, open_home, results, task, work_of
from tests.unit.loop.test_run_files import commit

from shipway.agent.job_runner import JobRunner
from shipway.azpipelines.plan import PoolPlan, StepPlan
from shipway.devops import repositories
from shipway.devops.job_work import JobWork
from shipway.store.store import Store

STUBS = "tasks:\n  ContosoScan@2: succeed\n  delay@1: fail\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_home(tmp_path)


def agentless(store: Store, *steps: StepPlan) -> JobWork:
    work = work_of(store, *steps, pool=PoolPlan(is_server=True))
    repository = repositories.by_id(store, work.run.repository_id)
    assert repository is not None
    version = commit(store, repository, {"shipway.yml": STUBS}, "refs/heads/main")
    return replace(work, run=replace(work.run, source_version=version))


def test_a_stub_stands_in_for_a_task_that_is_not_here_and_for_one_that_is(store: Store) -> None:
    work = agentless(
        store,
        task("scan", "ContosoScan@2", {"id": "$(System.TaskInstanceId)"}),
        task("pause", "Delay@1", {"delayForMinutes": "1000"}),
    )
    assert JobRunner(store, work, worker="w").run() == "Failed"
    assert results(store, work) == {"scan": "succeeded", "pause": "failed"}
    assert "##[section]A stub stands in for the task ContosoScan@2" in log_of(store, work, "scan")
    assert "$(System" not in log_of(store, work, "scan")
    assert "as shipway.yml:3 says" in log_of(store, work, "pause")


def test_a_task_without_a_stub_is_named(store: Store) -> None:
    work = agentless(store, task("other", "ContosoOther@1", {}))
    assert JobRunner(store, work, worker="w").run() == "Failed"
    assert "the task ContosoOther@1 is not available" in log_of(store, work, "other")
