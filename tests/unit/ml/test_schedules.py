"""Schedules really submit jobs, by durable timers."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.ml_world import environment, make_world

from shipway.base.clock import FrozenClock
from shipway.base.errors import BadInput
from shipway.loop import schedule as station
from shipway.loop import timer
from shipway.ml import jobs, schedules
from shipway.ml.schedules import Schedule
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store


def nightly(workspace: Workspace, reference: str, **more: object) -> Schedule:
    definition = {
        "jobType": "Command", "command": "echo hi", "environmentId": reference,
        "computeId": "local", "experimentName": "nightly",
    }  # fmt: skip
    trigger = {"kind": "Cron", "expression": "0 6 * * *", "time_zone": "UTC"}
    return Schedule(
        workspace=workspace.key,
        name="nightly",
        definition=definition,
        trigger=trigger,
        **more,  # type: ignore[arg-type]
    )


def fire_due(store: Store) -> int:
    due = store.timers.due(store.clock.now())
    for one in due:
        timer.fire(store, one)
    return len(due)


def submitted(store: Store, workspace: Workspace) -> list[str]:
    return [job.name for job in jobs.list_top(store, workspace=workspace.key)]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2026, 1, 1, 5, 59, tzinfo=UTC))


def test_a_due_schedule_submits_a_job_and_sets_its_next_time(
    tmp_path: Path, clock: FrozenClock
) -> None:
    store, workspace = make_world(tmp_path, clock)
    reference = environment(store, workspace, "e")
    station.put(store, nightly(workspace, reference))
    assert fire_due(store) == 0
    clock.advance(61)
    assert fire_due(store) == 1
    (name,) = submitted(store, workspace)
    assert name.startswith("nightly-20260101T060001Z-")
    assert jobs.get(store, workspace=workspace.key, name=name).schedule == "nightly"
    (edge,) = store.growing.edges_to(f"job/{workspace.key}/{name}")
    assert (edge.source, edge.relation) == (f"schedule/{workspace.key}/nightly", "triggered")
    assert fire_due(store) == 0
    assert store.timers.next_due() == datetime(2026, 1, 2, 6, 0, tzinfo=UTC)


def test_what_was_missed_while_nothing_ran_fires_once(tmp_path: Path, clock: FrozenClock) -> None:
    store, workspace = make_world(tmp_path, clock)
    station.put(store, nightly(workspace, environment(store, workspace, "e")))
    clock.advance(5 * 86400)
    assert fire_due(store) == 1
    assert fire_due(store) == 0
    assert len(submitted(store, workspace)) == 1


def test_a_disabled_schedule_does_not_fire_but_can_be_triggered(
    tmp_path: Path, clock: FrozenClock
) -> None:
    store, workspace = make_world(tmp_path, clock)
    made, is_new = station.put(store, nightly(workspace, environment(store, workspace, "e")))
    assert is_new
    station.put(store, replace(made, is_enabled=False))
    clock.advance(86400)
    assert fire_due(store) == 0
    job = station.trigger(store, schedules.get(store, workspace=workspace.key, name="nightly"))
    assert submitted(store, workspace) == [job.name]


def test_a_job_that_cannot_be_submitted_is_told_and_the_schedule_lives_on(
    tmp_path: Path, clock: FrozenClock
) -> None:
    store, workspace = make_world(tmp_path, clock)
    station.put(store, nightly(workspace, "azureml:gone:1"))
    clock.advance(61)
    assert fire_due(store) == 1
    found = schedules.get(store, workspace=workspace.key, name="nightly")
    assert "gone" in found.last_error
    assert submitted(store, workspace) == []
    assert store.journal.of(found.subject)[-1].kind == "ScheduleFailed"
    assert store.timers.next_due() == datetime(2026, 1, 2, 6, 0, tzinfo=UTC)


def test_deleting_takes_the_timer_along(tmp_path: Path, clock: FrozenClock) -> None:
    store, workspace = make_world(tmp_path, clock)
    station.put(store, nightly(workspace, environment(store, workspace, "e")))
    assert station.delete(store, workspace=workspace.key, name="nightly")
    assert store.timers.next_due() is None
    assert not station.delete(store, workspace=workspace.key, name="nightly")


def test_a_wrong_name_is_refused(tmp_path: Path, clock: FrozenClock) -> None:
    store, workspace = make_world(tmp_path, clock)
    with pytest.raises(BadInput, match="invalid"):
        station.put(store, replace(nightly(workspace, "e"), name="a b"))
