"""When a station fails for good, what it worked on ends and says so; it never runs for ever."""

from pathlib import Path

import pytest
from tests.unit.loop.test_run import begun, stage_of

from shipway.azpipelines.plan import JobPlan, PoolPlan
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.base.messages import Event
from shipway.devops import runs
from shipway.loop import ml_job_failure, run_failure
from shipway.ml import jobs
from shipway.ml.jobs import MLJob
from shipway.store.store import Store, open_store

W = "s/g/w"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def failed(store: Store, subject: str, kind: str) -> Event:
    data = {"event": 1, "kind": kind}
    return Event(kind="ReactionFailed", subject=subject, at=store.clock.now(), data=data)


def saved(store: Store, name: str, status: str, parent: str = "") -> MLJob:
    job = MLJob(
        workspace=W, name=name, job_type="Command" if parent else "Pipeline", status=status,
        parent=parent, node=name if parent else "",
    )  # fmt: skip
    if parent:
        position = store.documents.count(jobs.NODE)
        body = {"position": position, "child": name}
        store.documents.put(jobs.NODE, f"{W}/{parent}/{name}", body)
    return jobs.save(store, job)


def test_a_pipeline_job_fails_with_its_children_and_what_runs_is_asked_to_stop(
    store: Store,
) -> None:
    saved(store, "top", "Running")
    done, broken = (
        saved(store, "done", "Completed", "top"),
        saved(store, "broken", "Running", "top"),
    )
    runs_on, waits = (
        saved(store, "runs", "Running", "top"),
        saved(store, "waits", "NotStarted", "top"),
    )
    store.queue.put("compute", runs_on.subject, {})
    ml_job_failure.on_reaction_failed(store, failed(store, broken.subject, "JobEnded"))
    found = {one: jobs.get_stored(store, workspace=W, name=one) for one in
             ("top", "done", "broken", "runs", "waits")}  # fmt: skip
    assert {name: job.status for name, job in found.items()} == {
        "top": "Failed", "done": "Completed", "broken": "Failed", "runs": "CancelRequested",
        "waits": "Canceled",
    }  # fmt: skip
    assert "JobEnded of the job broken" in found["top"].error["message"]
    assert [e.kind for e in store.journal.of(found["top"].subject)] == ["JobFailed"]
    assert (done.error, waits.status) == ({}, "NotStarted")


def test_a_run_ends_failed_and_names_the_event(store: Store) -> None:
    job = JobPlan(name="J", display_name="J", kind="job", pool=PoolPlan())
    run = begun(store, stage_of("S", job))
    assert run.state == "inProgress"
    run_failure.on_reaction_failed(store, failed(store, runs.subject(run.run_id), "JobRunEnded"))
    ended = runs.get(store, run.run_id)
    assert (ended.state, ended.result) == ("completed", "failed")
    assert "JobRunEnded" in ended.diagnostics[-1]["message"]
    assert {r.state for r in runs.records_of(store, run.run_id)} == {"completed"}
    again = len(store.journal.of(runs.subject(run.run_id)))
    run_failure.on_reaction_failed(store, failed(store, runs.subject(run.run_id), "JobRunEnded"))
    assert len(store.journal.of(runs.subject(run.run_id))) == again
