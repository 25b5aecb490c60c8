"""kill -9 at each point of a job's life: the next process goes on, and no step runs twice."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.ml_lab import Lab, lab, make_workspace
from tests.shipway_server import wait_until

from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.store.store import open_store

# a reactor and a compute that kill themselves where the first argument says
_DYING = """
import os, signal, sys, threading
from pathlib import Path
from shipway.base import process
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.compute import command_runner, outputs, worker
from shipway.loop.reactor import Reactor
from shipway.store.store import open_store

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    def called(*args, **kwargs):
        function(*args, **kwargs)
        die()
    return called

POINTS = {
    "after the lease": (command_runner.CommandRun, "execute", die),
    "before the spawn": (process, "start", die),
    "after the spawn": (process, "start", after(process.start)),
    "after the exit": (command_runner.CommandRun, "_finish", die),
    "during the upload": (outputs, "keep", after(outputs.keep)),
    "within the commit": (outputs, "commit", after(outputs.commit)),
    "after the commit": (worker.Worker, "_clear", die),
    "nowhere": (worker.Worker, "no_such", None),
}
owner, name, replacement = POINTS[sys.argv[2]]
setattr(owner, name, replacement)
store = open_store(Home(Path(sys.argv[1])), SystemClock())
Reactor(store).start()
worker.Worker(store, slots=2).run()
"""


def _submit(folder: Path, *, steps: int, seconds: float = 0.0) -> tuple[str, Path]:
    """A chain of steps, each of which appends its name to a file."""
    marker = folder / "ran"
    store = open_store(Home(folder / "home"), SystemClock())
    made = Lab(store=store, workspace=make_workspace(store))
    component = made.component(
        f"echo ${{{{inputs.name}}}} >> {marker}; sleep {seconds}; echo ${{{{inputs.name}}}} >"
        " ${{outputs.o}}",
        inputs={"name": {"type": "string"}, "before": {"type": "uri_file", "optional": True}},
        outputs={"o": {"type": "uri_file"}},
    )  # fmt: skip
    nodes = {}
    for number in range(steps):
        inputs = {"name": {"job_input_type": "literal", "value": f"s{number}"}}
        if number:
            inputs["before"] = {
                "job_input_type": "literal",
                "value": f"${{{{parent.jobs.s{number - 1}.outputs.o}}}}",
            }
        nodes[f"s{number}"] = {"type": "command", "componentId": component, "inputs": inputs}
    job = made.pipeline(nodes)
    store.database.close()
    return job.name, marker


def _start(folder: Path, point: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _DYING, str(folder / "home"), point])


@pytest.mark.parametrize(
    "point",
    [
        "after the lease", "before the spawn", "after the spawn", "after the exit",
        "during the upload", "within the commit", "after the commit",
    ],
)  # fmt: skip
def test_a_job_goes_on_and_no_step_runs_twice_when_killed(tmp_path: Path, point: str) -> None:
    name, marker = _submit(tmp_path, steps=3)
    dying = _start(tmp_path, point)
    assert dying.wait(30) == -signal.SIGKILL
    with lab(tmp_path) as again:
        done = again.ended(name)
        assert (done.status, done.error) == ("Completed", {})
        assert marker.read_text() == "s0\ns1\ns2\n"
        assert again.output(again.children(name)["s2"].name, "o") == {"": "s2\n"}
        wait_until(lambda: not list((tmp_path / "home" / "jobs").iterdir()))


def test_a_job_survives_ten_kills_at_random_moments(tmp_path: Path) -> None:
    name, marker = _submit(tmp_path, steps=12, seconds=0.05)
    moments = random.Random(7)
    for _ in range(10):
        process = _start(tmp_path, "nowhere")
        time.sleep(0.35 + moments.random() * 0.5)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with lab(tmp_path) as again:
        assert again.ended(name, seconds=60).status == "Completed"
    assert marker.read_text().split() == [f"s{number}" for number in range(12)]


def test_a_process_that_lives_on_is_adopted(tmp_path: Path) -> None:
    name, marker = _submit(tmp_path, steps=1, seconds=2)
    process = _start(tmp_path, "nowhere")
    wait_until(marker.exists)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with lab(tmp_path) as again:
        wait_until(lambda: again.children(name)["s0"].status == "Running")
        assert again.ended(name).status == "Completed"
    assert marker.read_text() == "s0\n"


def test_a_process_that_was_killed_meanwhile_is_reported_as_lost(tmp_path: Path) -> None:
    name, marker = _submit(tmp_path, steps=1, seconds=60)
    process = _start(tmp_path, "nowhere")
    wait_until(marker.exists)
    process.send_signal(signal.SIGKILL)
    process.wait()
    control = next((tmp_path / "home" / "jobs").iterdir()) / "control"
    os.killpg(int((control / "pid").read_text().split()[0]), signal.SIGKILL)
    with lab(tmp_path) as again:
        assert again.ended(name).status == "Failed"
        assert again.children(name)["s0"].error["code"] == "ProcessLost"
