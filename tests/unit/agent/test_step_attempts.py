"""A step that fails is tried again, later each time, as often as it says."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.agent.job_runs import bash, log_of, open_home, results, work_of

from shipway.agent.job_runner import JobRunner
from shipway.base import clock
from shipway.devops import runs
from shipway.devops.job_work import JobWork
from shipway.devops.runtime_values import RunVariable
from shipway.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_home(tmp_path)


def logged(store: Store, work: JobWork, name: str) -> str:
    """The log of a step, or nothing while it has none."""
    found = [r for r in runs.records_of(store, work.run.run_id) if r.name == name and r.log_id]
    return log_of(store, work, name) if found else ""


def test_a_step_is_tried_as_often_as_a_variable_says(store: Store, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    step = bash("flaky", f"echo x >> {tries}; test $(wc -l < {tries}) = 2")
    work = work_of(store, replace(step, runtime_values={"retryCountOnTaskFailure": "$(often)"}))
    given = (RunVariable(name="often", value="2"),)
    assert JobRunner(store, replace(work, variables=given), worker="w").run() == "Succeeded"
    (record,) = (r for r in runs.records_of(store, work.run.run_id) if r.kind == "Task")
    warning = (
        "RetryHelper encountered task failure, will retry (attempt #: 1 out of 2) after 1000 ms"
    )
    assert warning in [i.message for i in record.issues]
    assert f"##[warning]{warning}" in log_of(store, work, "flaky")


def test_a_step_that_is_ended_from_outside_says_so_and_nothing_else(store: Store) -> None:
    step = bash("long", "sleep 30", condition="always()")
    work = work_of(store, step, cancel_timeout_in_minutes=0)
    runner = JobRunner(store, work, worker="w")
    runner.stop()
    assert runner.run() == "Canceled"
    (record,) = (r for r in runs.records_of(store, work.run.run_id) if r.kind == "Task")
    assert [i.message for i in record.issues] == ["The operation was canceled."]


def test_a_job_that_is_canceled_waits_for_no_further_try(store: Store) -> None:
    work = work_of(store, replace(bash("flaky", "exit 1"), retry_count=12))
    runner = JobRunner(store, work, worker="w")
    thread = threading.Thread(target=runner.run)
    thread.start()
    end = clock.monotonic() + 30
    while "after 4000 ms" not in logged(store, work, "flaky"):
        assert clock.monotonic() < end
        clock.sleep(0.02)
    runner.stop()
    thread.join(3.5)
    assert not thread.is_alive()
    assert results(store, work) == {"flaky": "canceled"}
    assert "is 10 but got 12" in log_of(store, work, "flaky")
