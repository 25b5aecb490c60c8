"""MLflow's side of jobs, and runs that are none."""

import math
from pathlib import Path

import pytest
from tests.support.ml_world import make_world

from shipway.base.errors import BadInput, NotFound
from shipway.ml import jobs, tracking
from shipway.store.growing import MetricPoint


def point(key: str, value: float, step: int = 0) -> MetricPoint:
    return MetricPoint(key=key, value=value, step=step, at=1)


def test_a_job_is_a_run_of_the_same_name_with_the_jobs_status(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    job = jobs.MLJob(
        workspace=workspace.key, name="calm_leaf", job_type="Command", status="Running",
        experiment_name="exp",
    )  # fmt: skip
    jobs.save(store, job)
    tracking.log(
        store, workspace=workspace.key, run_id="calm_leaf", metrics=[point("auc", 0.9)],
        params={"depth": "3"},
    )  # fmt: skip
    tracking.update_run(store, workspace=workspace.key, run_id="calm_leaf", status="FINISHED")
    run = tracking.get_run(store, workspace=workspace.key, run_id="calm_leaf")
    assert (run.status, run.params, run.experiment_name) == ("RUNNING", {"depth": "3"}, "exp")
    assert run.experiment_id == tracking.experiment_id_of(workspace.key, "exp")
    jobs.save(store, jobs.MLJob(**{**job.body(), "status": "Failed"}))
    assert tracking.get_run(store, workspace=workspace.key, run_id="calm_leaf").status == "FAILED"
    found = tracking.find_experiment_by_name(store, workspace=workspace.key, name="exp")
    assert found is not None
    listed = tracking.list_runs(
        store, workspace=workspace.key, experiment_ids=[found.experiment_id]
    )
    assert [r.run_id for r in listed] == ["calm_leaf"]


def test_the_latest_value_of_a_metric_is_that_of_its_highest_step(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    run = tracking.create_run(store, workspace=workspace.key, experiment_id="0")
    points = [point("a", 1, 5), point("a", 2, 9), point("a", 3, 2), point("b", math.nan)]
    tracking.log(store, workspace=workspace.key, run_id=run.run_id, metrics=points)
    latest = {p.key: p.value for p in tracking.latest_metrics(store, run)}
    assert latest["a"] == 2
    assert math.isnan(latest["b"])
    assert [p.value for p in tracking.metric_history(store, run, "a")] == [1, 2, 3]


def test_a_batch_is_all_or_nothing_and_parameters_never_change(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    run = tracking.create_run(store, workspace=workspace.key, experiment_id="0")
    tracking.log(store, workspace=workspace.key, run_id=run.run_id, params={"p": "1"})
    with pytest.raises(BadInput, match="Changing param values"):
        tracking.log(
            store, workspace=workspace.key, run_id=run.run_id, metrics=[point("m", 1)],
            params={"p": "2"},
        )  # fmt: skip
    assert tracking.latest_metrics(store, run) == []
    with pytest.raises(BadInput, match="at most 1000 metrics"):
        tracking.log(
            store, workspace=workspace.key, run_id=run.run_id, metrics=[point("m", 1)] * 1001
        )
    with pytest.raises(NotFound, match="nope"):
        tracking.log(store, workspace=workspace.key, run_id="nope", metrics=[point("m", 1)])
