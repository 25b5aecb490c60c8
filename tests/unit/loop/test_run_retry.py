"""Stages tried again, started by hand and stopped one by one; earlier attempts are kept."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.begun_runs import (
    begin,
    definition_of,
    deployment,
    end_jobs,
    job,
    settle,
    stage_of,
    stage_record,
)

from shipway.azpipelines.plan import FanOut, LegPlan
from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.base.clock import SystemClock
from shipway.base.errors import Conflict, NotFound
from shipway.base.home import Home
from shipway.base.messages import Event
from shipway.devops import job_work, run_attempts, runs
from shipway.devops.runs import Record, Run
from shipway.loop import run as station
from shipway.loop import run_retry
from shipway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def dana(store: Store) -> Principal:
    return users.principal_of(store, users.get(store, "dana"))


def named(store: Store, run: Run, kind: str) -> dict[str, Record]:
    return {r.name: r for r in runs.records_of(store, run.run_id) if r.kind == kind}


def end(store: Store, run: Run, name: str, result: str) -> None:
    """An agent ends the job of that name."""
    record = named(store, run, "Job")[name]
    data = {"record_id": record.record_id, "result": result}
    at = store.clock.now()
    store.journal.append(
        Event(kind="JobRunEnded", subject=runs.subject(run.run_id), at=at, data=data)
    )
    settle(store)


def retry(store: Store, run: Run, **how: Any) -> Run:
    run_retry.retry_stages(store, run_id=run.run_id, principal=dana(store), **how)
    settle(store)
    return runs.get(store, run.run_id)


def failed_run(store: Store) -> Run:
    """Build: A went well, B failed, C after B was skipped; Deploy after it was skipped."""
    build = stage_of("Build", job("A"), job("B"), job("C", depends_on=("B",)))
    run = begin(store, definition_of(store), build, stage_of("Deploy", job("D"), after=("Build",)))
    end(store, run, "A", "succeeded")
    end(store, run, "B", "failed")
    run = runs.get(store, run.run_id)
    assert (run.state, run.result) == ("completed", "failed")
    return run


def test_only_what_failed_and_what_follows_it_runs_again(store: Store) -> None:
    run = failed_run(store)
    before = {r.record_id: r for r in runs.records_of(store, run.run_id)}
    first = named(store, run, "Job")
    run = retry(store, run)
    assert (run.state, run.result, run.finished_at) == ("inProgress", None, None)
    now = named(store, run, "Job")
    assert now["A"].record_id == first["A"].record_id
    assert now["A"].result == "succeeded"
    assert now["B"].record_id != first["B"].record_id
    assert (now["B"].state, now["B"].attempt) == ("pending", 2)
    assert [(p.attempt, p.record_id) for p in now["B"].previous] == [(1, first["B"].record_id)]
    stage = stage_record(store, run, "Build")
    assert (stage.attempt, stage.state) == (2, "inProgress")
    (previous,) = stage.previous
    old = run_attempts.records_of(store, run.run_id, previous.timeline_id)
    assert {r.record_id for r in old} == {
        i for i, r in before.items() if r.name in ("Build", "A", "B", "C", "Checkpoint")
    }
    assert {r.parent_id for r in named(store, run, "Phase").values()} == {stage.record_id}
    end(store, run, "B", "succeeded")
    end(store, run, "C", "succeeded")
    end(store, run, "D", "succeeded")
    run = runs.get(store, run.run_id)
    assert (run.state, run.result) == ("completed", "succeeded")
    assert stage_record(store, run, "Deploy").attempt == 2


def test_a_stage_that_is_skipped_when_it_is_tried_again_leaves_no_job_pending(
    store: Store,
) -> None:
    notify = stage_of("Notify", job("mail"), after=("Build",), condition="failed()")
    run = begin(store, definition_of(store), stage_of("Build", job("A")), notify)
    end(store, run, "A", "failed")
    end(store, run, "mail", "succeeded")
    retry(store, run, stages=["Build"])
    end(store, run, "A", "succeeded")
    told = {r.name: (r.state, r.result) for r in runs.records_of(store, run.run_id)}
    assert told["Notify"] == told["mail"] == ("completed", "skipped")


def test_the_attempts_are_known_to_the_job(store: Store) -> None:
    run = retry(store, failed_run(store))
    record = named(store, run, "Job")["B"]
    work = job_work.of_record(store, run_id=run.run_id, record_id=record.record_id)
    assert work.record.attempt == 2
    assert work.run.attempts == {
        "Build": 2, "Build.B": 2, "Build.B.": 2, "Build.C": 2, "Deploy": 2,
    }  # fmt: skip


def test_all_jobs_of_a_stage_that_went_well_can_run_again(store: Store) -> None:
    run = begin(store, definition_of(store), stage_of("S", job("A"), job("B")))
    end_jobs(store, run)
    with pytest.raises(Conflict, match="no stage"):
        retry(store, run)
    run = retry(store, run, stages=["s"])
    jobs = named(store, run, "Job")
    assert {n: (r.state, r.attempt) for n, r in jobs.items()} == {
        "A": ("pending", 2), "B": ("pending", 2),
    }  # fmt: skip


def test_with_all_jobs_the_good_ones_run_again_too(store: Store) -> None:
    run = retry(store, failed_run(store), stages=["Build"], all_jobs=True)
    assert {n: r.attempt for n, r in named(store, run, "Job").items()} == {"A": 2, "B": 2}


def test_only_the_failed_legs_of_a_matrix_run_again(store: Store) -> None:
    legs = FanOut(kind="matrix", legs=(LegPlan(name="x"), LegPlan(name="y")))
    run = begin(store, definition_of(store), stage_of("S", job("M", fan_out=legs)))
    end(store, run, "M x", "succeeded")
    end(store, run, "M y", "failed")
    run = retry(store, run)
    jobs = named(store, run, "Job")
    phase = named(store, run, "Phase")["M"]
    assert {n: (r.attempt, r.result, r.parent_id) for n, r in jobs.items()} == {
        "M x": (1, "succeeded", phase.record_id),
        "M y": (2, None, phase.record_id),
    }
    end(store, run, "M y", "failed")
    run = retry(store, run)
    assert [p.attempt for p in named(store, run, "Job")["M y"].previous] == [1, 2]
    end(store, run, "M y", "succeeded")
    assert runs.get(store, run.run_id).result == "succeeded"


def test_the_checks_of_a_stage_are_met_again(store: Store) -> None:
    run = begin(store, definition_of(store), stage_of("S", deployment("dev")))
    first = named(store, run, "Checkpoint")["Checkpoint"]
    end_jobs(store, run, "failed")
    run = retry(store, run)
    second = named(store, run, "Checkpoint")["Checkpoint"]
    assert second.record_id != first.record_id
    assert (first.attempt, second.attempt) == (1, 2)
    assert named(store, run, "Job")["Ship"].attempt == 2


DYING = """
from pathlib import Path
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.loop import run_retry
from shipway.store.store import open_store
store = open_store(Home(Path({home!r})), SystemClock())
who = users.principal_of(store, users.get(store, "dana"))
run_retry.retry_stages(store, run_id={run}, principal=who)
print("alive")
"""


@pytest.mark.parametrize(("point", "is_done"), [("before", False), ("after", True)])
def test_a_server_that_dies_has_done_a_retry_whole_or_not_begun_it(
    store: Store, point: str, is_done: bool
) -> None:
    run = failed_run(store)
    before = runs.records_of(store, run.run_id)
    died = subprocess.run(
        [sys.executable, "-c", DYING.format(home=str(store.home.root), run=run.run_id)],
        env={**os.environ, "SHIPWAY_CRASH_AT": f"retry-{point}-commit"}, capture_output=True,
        check=False,
    )  # fmt: skip
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, b""), died.stderr
    again = open_store(store.home, SystemClock())
    settle(again)
    if not is_done:
        assert runs.get(again, run.run_id) == run
        assert runs.records_of(again, run.run_id) == before
        return
    assert named(again, run, "Job")["B"].attempt == 2
    assert again.queue.count("agent") == 3  # A and B of the first attempt, B of the second


def test_what_cannot_be_retried_is_refused_and_changes_nothing(store: Store) -> None:
    run = begin(store, definition_of(store), stage_of("S", job()))
    before = runs.records_of(store, run.run_id)
    with pytest.raises(Conflict, match="not over"):
        retry(store, run, stages=["S"])
    with pytest.raises(NotFound, match="nothing"):
        retry(store, run, stages=["nothing"])
    assert runs.records_of(store, run.run_id) == before
    station.cancel(store, run_id=run.run_id, principal=dana(store))
    with pytest.raises(Conflict, match="canceling"):
        retry(store, run)


def test_a_stage_that_follows_and_runs_keeps_the_one_before_from_being_retried(
    store: Store,
) -> None:
    after = stage_of("After", job("B"), after=("S",), condition="always()")
    run = begin(store, definition_of(store), stage_of("S", job("A")), after)
    end(store, run, "A", "failed")
    with pytest.raises(Conflict, match="'After'"):
        retry(store, run, stages=["S"])
    run = retry(store, run, stages=["S"], dependents=False)
    assert stage_record(store, run, "S").attempt == 2


def test_a_job_of_an_attempt_that_was_given_up_is_heard_no_more(store: Store) -> None:
    run = failed_run(store)
    old = named(store, run, "Job")["B"]
    run = retry(store, run)
    at = store.clock.now()
    for kind, data in (("JobRunStarted", {}), ("JobRunEnded", {"result": "failed"})):
        told = {"record_id": old.record_id, **data}
        store.journal.append(Event(kind=kind, subject=runs.subject(run.run_id), at=at, data=told))
    settle(store)
    assert runs.get(store, run.run_id).state == "inProgress"
    assert named(store, run, "Job")["B"].state == "pending"


def test_a_stage_that_was_left_out_runs_when_it_is_asked_for(store: Store) -> None:
    run = failed_run(store)
    runs.set_run(store, run.run_id, stages_to_skip=("Deploy",))
    run = retry(store, run, stages=["Deploy"])
    assert run.stages_to_skip == ()


def test_a_run_is_complete_when_only_stages_started_by_hand_are_left(store: Store) -> None:
    run = begin(
        store, definition_of(store), stage_of("Build", job("A")),
        stage_of("Ship", job("B"), trigger="manual"), stage_of("Tell", job("C"), after=("Ship",)),
    )  # fmt: skip
    end(store, run, "A", "succeeded")
    run = runs.get(store, run.run_id)
    assert (run.state, run.result) == ("completed", "succeeded")
    assert stage_record(store, run, "Ship").state == "pending"
    with pytest.raises(Conflict, match="does not wait"):
        run_retry.start_stage(store, run_id=run.run_id, stage_name="Tell", principal=dana(store))
    run_retry.start_stage(store, run_id=run.run_id, stage_name="ship", principal=dana(store))
    settle(store)
    assert runs.get(store, run.run_id).state == "inProgress"
    end(store, run, "B", "succeeded")
    end(store, run, "C", "failed")
    run = runs.get(store, run.run_id)
    assert (run.state, run.result) == ("completed", "failed")
    run = retry(store, run, stages=["Ship"])  # once started, it is a stage like others
    assert stage_record(store, run, "Ship").attempt == 2
    assert run.state == "inProgress"


def test_a_stage_started_by_hand_can_run_at_any_time(store: Store) -> None:
    run = begin(
        store, definition_of(store), stage_of("Build", job("A")),
        stage_of("Ship", job("B"), trigger="manual"),
    )  # fmt: skip
    run_retry.start_stage(store, run_id=run.run_id, stage_name="Ship", principal=dana(store))
    settle(store)
    assert set(named(store, run, "Job")) == {"A", "B"}


def test_one_stage_is_stopped_and_the_others_go_on(store: Store) -> None:
    run = begin(
        store, definition_of(store), stage_of("S", job("A"), job("Last", depends_on=("A",))),
        stage_of("T", job("B")), stage_of("After", job("C"), after=("S",)),
    )  # fmt: skip
    run_retry.cancel_stage(store, run_id=run.run_id, stage_name="S", principal=dana(store))
    settle(store)
    assert store.queue.cancelled(holder="") == []
    end(store, run, "A", "canceled")
    assert stage_record(store, run, "S").result == "canceled"
    assert named(store, run, "Phase")["Last"].result == "canceled"
    assert stage_record(store, run, "After").result == "skipped"
    end(store, run, "B", "succeeded")
    assert runs.get(store, run.run_id).result == "canceled"
    with pytest.raises(Conflict, match="is over"):
        run_retry.cancel_stage(store, run_id=run.run_id, stage_name="S", principal=dana(store))


def test_what_begins_although_the_run_is_canceled_runs_to_its_end(store: Store) -> None:
    run = begin(
        store, definition_of(store),
        stage_of("S", job("A"), job("Tidy", depends_on=("A",), condition="always()"),
                 job("No", depends_on=("A",))),
        stage_of("Clean", job("C"), job("D", depends_on=("C",)), after=("S",),
                 condition="always()"),
        stage_of("Last", job("L"), after=("S",)),
    )  # fmt: skip
    station.cancel(store, run_id=run.run_id, principal=dana(store))
    settle(store)
    end(store, run, "A", "canceled")
    assert named(store, run, "Job")["Tidy"].data.get("cancel_requested") is None
    end(store, run, "Tidy", "succeeded")
    end(store, run, "C", "succeeded")
    end(store, run, "D", "succeeded")
    stages = {n: r.result for n, r in named(store, run, "Stage").items()}
    assert stages == {"S": "canceled", "Clean": "succeeded", "Last": "canceled"}
    assert named(store, run, "Phase")["No"].result == "canceled"
    done = runs.get(store, run.run_id)
    assert (done.state, done.result) == ("completed", "canceled")


@pytest.mark.parametrize("whole", [True, False])
def test_whoever_asks_to_stop_again_stops_that_too(store: Store, whole: bool) -> None:
    clean = stage_of("Clean", job("C"), after=("S",), condition="always()")
    tidy = job("Tidy", depends_on=("A",), condition="always()")
    run = begin(store, definition_of(store), stage_of("S", job("A"), tidy), clean)
    station.cancel(store, run_id=run.run_id, principal=dana(store))
    settle(store)
    end(store, run, "A", "canceled")
    for stage, name in (("S", "Tidy"), ("Clean", "C")):
        if whole:
            station.cancel(store, run_id=run.run_id, principal=dana(store))
        else:
            run_retry.cancel_stage(
                store, run_id=run.run_id, stage_name=stage, principal=dana(store)
            )
        settle(store)
        assert named(store, run, "Job")[name].data["cancel_requested"]
        end(store, run, name, "canceled")
    assert runs.get(store, run.run_id).result == "canceled"


def test_a_stage_is_stopped_before_it_begins(store: Store) -> None:
    after = stage_of("After", job("C"), after=("S",), condition="always()")
    run = begin(store, definition_of(store), stage_of("S", job("A")), after)
    run_retry.cancel_stage(store, run_id=run.run_id, stage_name="After", principal=dana(store))
    settle(store)
    assert stage_record(store, run, "After").result == "canceled"
