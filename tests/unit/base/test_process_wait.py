"""Waiting for commands: one's own without polling, claimed once, with their codes."""

from pathlib import Path

from shipway.base import process

_ENV = {"PATH": "/usr/bin:/bin"}


def test_an_own_command_is_waited_for_to_its_exit_code(tmp_path: Path) -> None:
    control = tmp_path / "control"
    process.start(
        ["/bin/sh", "-c", "sleep 0.05; exit 3"], control=control, cwd=tmp_path, env_vars=_ENV
    )
    status = process.wait(control, seconds=10)
    assert (status.state, status.exit_code) == ("ended", 3)


def test_a_second_start_in_a_folder_runs_nothing(tmp_path: Path) -> None:
    control, marks = tmp_path / "control", tmp_path / "marks"
    for _ in range(3):
        process.start(
            ["/bin/sh", "-c", f"echo ran >> {marks}"], control=control, cwd=tmp_path, env_vars=_ENV
        )
    assert process.wait(control, seconds=10).exit_code == 0
    assert marks.read_text() == "ran\n"


def test_a_wait_gives_up_when_its_time_is_over(tmp_path: Path) -> None:
    control = tmp_path / "control"
    process.start(["/bin/sleep", "30"], control=control, cwd=tmp_path, env_vars=_ENV)
    try:
        assert process.wait(control, seconds=0.2).state == "running"
    finally:
        process.kill_tree(control)
    assert process.wait(control, seconds=5).exit_code == 137
