"""`shipway down`: stop the server, its deployments and helpers; with `--kill`, running steps too.

Deployments come back with the next `up`; a step that runs goes on, and the next server has it.
"""

import argparse
import fcntl
import os
import signal
from pathlib import Path

from shipway.base import clock, config, process
from shipway.base.errors import Unavailable
from shipway.base.home import Home
from shipway.cli import output

_SECONDS = 20.0
_STEP_GRACE_SECONDS = 2.0


class StillRunning(Unavailable):
    """The server did not end in time."""

    default_code = "StillRunning"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--kill`, `--json`."""
    parser.add_argument(
        "--kill", action="store_true",
        help="end running steps too; else they go on and the next server has them",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print what was stopped as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Stop it and wait for its end. Nothing to stop is no error. Raises `StillRunning`."""
    home = Home(config.default_home())
    held = home.holder()
    pid = int(held.get("pid", 0)) if held else 0
    if pid:
        _end(home, pid)
    ended = _end_commands(_deployments(home))
    killed = _end_commands((home.jobs, home.runs, home.run)) if arguments.kill else 0
    _end_resident(home)
    if arguments.json:
        facts = {"home": str(home.root), "pid": pid or None, "deployments": ended, "killed": killed}
        output.show_json(facts)
        return 0
    print(f"stopped process {pid}" if pid else f"no server holds {home.root}")
    if ended:
        print(f"stopped {ended} deployments; they come back with the next `shipway up`")
    if arguments.kill:
        print(f"ended {killed} running steps")
    return 0


def _end(home: Home, pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    deadline = clock.monotonic() + _SECONDS
    while home.holder() is not None:
        if clock.monotonic() > deadline:
            raise StillRunning(
                f"process {pid} has not ended within {_SECONDS:.0f} s",
                where=str(home.logs / "server.log"),
                hint=f"Look there, or end it with `kill -9 {pid}`: nothing is lost by that.",
            )
        clock.sleep(0.02)


def _end_commands(tops: tuple[Path, ...]) -> int:
    """End every command whose control folder says that it runs; how many there were."""
    folders = [f for top in tops for f in _controls(top)]
    running = [folder for folder in folders if process.look(folder).state == "running"]
    for folder in running:
        process.kill_tree(folder, grace_seconds=_STEP_GRACE_SECONDS)
    return len(running)


def _deployments(home: Home) -> tuple[Path, ...]:
    """The folder below which serving processes have their control folders."""
    return (home.root / "endpoints",)


def _end_resident(home: Home) -> None:
    """End the process that has the SDK loaded: it says who it is in the lock that it holds."""
    try:
        descriptor = os.open(home.run / "resident.lock", os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        if text.isdecimal():
            os.kill(int(text), signal.SIGTERM)
    finally:
        os.close(descriptor)


def _controls(top: Path) -> list[Path]:
    """Control folders of commands that have not left an exit code."""
    found = []
    for folder, subfolders, files in os.walk(top):
        if "claim" in files and "pid" in files:
            subfolders.clear()
            if "exit" not in files:
                found.append(Path(folder))
    return found
