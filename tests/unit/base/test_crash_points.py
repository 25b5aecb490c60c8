"""Crash points: nothing without the variable, the end of the process with it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import shipway
from shipway.base import crash_points

SOURCE = Path(shipway.__file__).parent


def run(code: str, **env_vars: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from shipway.base import crash_points\n{code}\nprint('alive')"],
        env={**os.environ, **env_vars}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_process_goes_on_without_the_variable_and_past_other_points() -> None:
    reach_all = "for p in crash_points.POINTS: crash_points.reach(p)"
    assert run(reach_all).stdout == "alive\n"
    other = run("crash_points.reach('agent-after-exit')", SHIPWAY_CRASH_AT="agent-after-lease")
    assert other.stdout == "alive\n"


def test_a_process_ends_at_its_point_and_takes_its_server_along() -> None:
    server = subprocess.Popen(["sleep", "60"])
    ended = run(
        "crash_points.reach('agent-after-lease')",
        SHIPWAY_CRASH_AT="agent-after-lease", SHIPWAY_CRASH_WITH=str(server.pid),
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "")
    assert server.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize("point", crash_points.POINTS)
def test_each_point_is_reached_in_one_place(point: str) -> None:
    call = re.compile(rf'crash_points\.reach\("{point}"\)')
    found = [f for f in SOURCE.rglob("*.py") if call.search(f.read_text())]
    assert len(found) == 1, found
