"""What a machine of an environment keeps, and who has it."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from shipway.agent import machine_folders
from shipway.agent.directories import JobDirectories
from shipway.agent.job_context import JobStop


def on_machine(tmp_path: Path, job: str = "one") -> JobDirectories:
    made = JobDirectories(root=tmp_path / job, machine=tmp_path / "vm", pipeline="7")
    made.create()
    return made


def fill(folders: JobDirectories) -> None:
    for folder in (folders.sources, folders.binaries, folders.artifacts, folders.user_home):
        (folder / "left").touch()


def left(folders: JobDirectories) -> set[str]:
    places = {"s": folders.sources, "b": folders.binaries, "a": folders.artifacts,
              "home": folders.user_home}  # fmt: skip
    return {name for name, folder in places.items() if (folder / "left").exists()}


@pytest.mark.parametrize(
    ("clean", "stays"),
    [
        ("", {"s", "b", "home"}),
        ("outputs", {"s", "home"}),
        ("Resources", {"b", "home"}),
        ("all", {"home"}),
    ],
)
def test_a_machine_keeps_what_clean_leaves(tmp_path: Path, clean: str, stays: set[str]) -> None:
    first = on_machine(tmp_path)
    machine_folders.prepare(first, "")
    fill(first)
    machine_folders.prepare(first, "all")  # taken over by another agent: the same job
    assert left(first) == {"s", "b", "a", "home"}
    first.remove()
    second = on_machine(tmp_path, "two")
    machine_folders.prepare(second, clean)
    assert left(second) == stays
    assert second.sources.is_dir()


def test_a_job_of_its_own_leaves_nothing(tmp_path: Path) -> None:
    folders = replace(on_machine(tmp_path), machine=None)
    folders.create()
    fill(folders)
    machine_folders.prepare(folders, "all")
    assert left(folders) == {"s", "b", "a", "home"}
    folders.remove()
    assert left(folders) == set()


def test_a_machine_has_one_job_at_a_time(tmp_path: Path) -> None:
    first, second = on_machine(tmp_path), on_machine(tmp_path, "two")
    order: list[str] = []
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        with machine_folders.held(second, JobStop()) as is_mine:
            order.append(f"second {is_mine}")

    with machine_folders.held(first, JobStop()) as is_mine:
        order.append(f"first {is_mine}")
        other = threading.Thread(target=wait)
        other.start()
        begun.wait()
        stopped = JobStop()
        stopped.set()
        with machine_folders.held(second, stopped) as got:
            order.append(f"stopped {got}")
    other.join()
    assert order == ["first True", "stopped False", "second True"]


def test_work_without_a_machine_waits_for_nobody(tmp_path: Path) -> None:
    with machine_folders.held(JobDirectories(root=tmp_path), JobStop()) as is_mine:
        assert is_mine
    assert not list(tmp_path.iterdir())
