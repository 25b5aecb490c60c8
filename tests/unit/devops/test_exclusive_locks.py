"""The queue of exclusive locks: all or none, nobody overtakes, the newest of a definition."""

from pathlib import Path
from typing import Literal

import pytest
from tests.support.begun_runs import definition_of

from shipway.azure.entra import users
from shipway.base.clock import FrozenClock
from shipway.base.home import Home
from shipway.devops import exclusive_locks, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import Run
from shipway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), FrozenClock())


def run_of(store: Store, definition: PipelineDefinition) -> Run:
    return runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="0" * 40, reason="manual",
        requested_by=users.owner(store),
    )  # fmt: skip


def ask(
    store: Store, run: Run, *locks: str,
    behavior: Literal["runLatest", "sequential"] = "sequential",
) -> None:  # fmt: skip
    exclusive_locks.ask(store, run=run, stage_name="S", locks=locks, behavior=behavior)


def settled(store: Store) -> list[tuple[int, bool]]:
    return [(one.wait.run_id, one.granted) for one in exclusive_locks.settle(store)]


def test_all_locks_or_none_and_nobody_overtakes(store: Store) -> None:
    definition = definition_of(store)
    one, two, three = (run_of(store, definition) for _ in range(3))
    ask(store, one, "a")
    ask(store, two, "a", "b")
    ask(store, three, "b")
    assert settled(store) == [(one.run_id, True)]
    assert exclusive_locks.holder_of(store, "a") == one.run_id
    assert exclusive_locks.holder_of(store, "b") is None, "two waits for both"
    assert exclusive_locks.release(store, run_id=one.run_id, stage_name="S")
    assert settled(store) == [(two.run_id, True)]
    assert exclusive_locks.release(store, run_id=two.run_id, stage_name="S")
    assert settled(store) == [(three.run_id, True)]


def test_the_latest_run_supersedes_older_ones_of_its_definition_only(store: Store) -> None:
    mine, other = definition_of(store), definition_of(store, "other")
    holder, old, foreign, new = (run_of(store, d) for d in (mine, mine, other, mine))
    for run in (holder, old, foreign, new):
        ask(store, run, "a", behavior="runLatest")
        settled(store)
    exclusive_locks.release(store, run_id=holder.run_id, stage_name="S")
    (first, second) = exclusive_locks.settle(store)
    assert (first.wait.run_id, first.granted, first.by) == (old.run_id, False, new.run_id)
    assert (second.wait.run_id, second.granted) == (foreign.run_id, True)
    exclusive_locks.release(store, run_id=foreign.run_id, stage_name="S")
    assert settled(store) == [(new.run_id, True)]


def test_asking_twice_is_asking_once_and_a_stage_that_asked_nothing_releases_nothing(
    store: Store,
) -> None:
    definition = definition_of(store)
    run = run_of(store, definition)
    ask(store, run, "a")
    ask(store, run, "a")
    assert len(exclusive_locks.waiting(store)) == 1
    assert not exclusive_locks.release(store, run_id=run.run_id, stage_name="Other")
    assert exclusive_locks.release(store, run_id=run.run_id, stage_name="S")
    assert exclusive_locks.waiting(store) == []
