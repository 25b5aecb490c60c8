"""Logs: lines are found by number while the file grows; a writer that died leaves no half line."""

from pathlib import Path

import pytest
from tests.devops_door import new_store

from shipway.base.clock import FrozenClock
from shipway.base.errors import NotFound
from shipway.devops import logs
from shipway.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path, FrozenClock())


def test_lines_are_numbered_from_one_and_carry_their_time(store: Store) -> None:
    log = logs.create(store, run_id=7, record_id="r")
    with logs.writer(store, log) as writer:
        writer.write("one\ntwo\r\n")
        assert logs.read(store, log, with_times=False) == ["one", "two"]
        writer.write("three")
        writer.write("")
    assert logs.line_count(store, log) == 4
    assert logs.read(store, log, start=2, end=3, with_times=False) == ["two", "three"]
    assert logs.read(store, log, end=1) == ["2026-01-01T00:00:00.0000000Z one"]
    assert [number for number, _ in logs.follow(store, log, after=3)] == [4]
    assert logs.read(store, log, start=9) == []


def test_a_second_writer_goes_on_and_mends_what_the_first_left(store: Store) -> None:
    log = logs.create(store, run_id=7, record_id="r")
    with logs.writer(store, log) as writer:
        writer.write("whole")
    with logs.path_of(store, log).open("ab") as file:
        file.write(b"2026-01-01T00:00:00.0000000Z written, not counted\n2026-01-01 ha")
    with logs.writer(store, log) as writer:
        writer.write("after")
    assert logs.read(store, log, with_times=False) == ["whole", "written, not counted", "after"]


def test_an_empty_log_and_one_that_is_not_there(store: Store) -> None:
    log = logs.create(store, run_id=7, record_id="r")
    assert (logs.line_count(store, log), logs.read(store, log)) == (0, [])
    assert logs.create(store, run_id=7, record_id="s").log_id == 2
    with pytest.raises(NotFound, match="The log 3 of build 7"):
        logs.get(store, run_id=7, log_id=3)
