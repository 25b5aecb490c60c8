"""A run's `name:` when it begins."""

from pathlib import Path

import pytest
from tests.unit.loop.test_run_files import queue

from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import projects, runs
from shipway.devops.runs import Run
from shipway.loop import run as station
from shipway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(Home(tmp_path / "home"), SystemClock())
    users.ensure_demo_users(made)
    return made


def begun(store: Store, name: str) -> Run:
    yaml = f"name: {name}\nvariables:\n  version: 0.2.24.\nsteps:\n- script: echo\n"
    run = queue(store, projects.create(store, name="ml"), yaml)
    (event,) = store.journal.of(runs.subject(run.run_id))
    with store.database.transaction():
        station.on_queued(store, event)
    return runs.get(store, run.run_id)


def test_a_run_begins_under_its_name(store: Store) -> None:
    run = begun(store, "v$(version)$(Rev:r)-$(Build.SourceBranch)")
    assert (run.run_name, run.state) == ("v0.2.24.1-refs_heads_main", "inProgress")


def test_a_name_that_no_run_may_have_ends_the_run_at_once(store: Store) -> None:
    run = begun(store, "$(version)")
    assert (run.state, run.result) == ("completed", "failed")
    assert runs.records_of(store, run.run_id) == []
    assert [d["message"] for d in run.diagnostics] == [
        "The build number format string $(version) generated a build number 0.2.24. which contains "
        "invalid character(s), is too long, or ends with '.'. The maximum length of a build number "
        "is 255 characters. Characters which are not allowed include '\"', '/', ':', '<', '>', "
        "'\\', '|', '?', '@', and '*'."
    ]
