"""`shipway down`: stop the server; with `--kill`, what it started as well."""

import argparse
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
        help="end running steps and deployments too; else they go on and the next server has them",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print what was stopped as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Stop it and wait for its end. Nothing to stop is no error. Raises `StillRunning`."""
    home = Home(config.default_home())
    held = home.holder()
    pid = int(held.get("pid", 0)) if held else 0
    if pid:
        _end(home, pid)
    killed = _kill_steps(home) if arguments.kill else 0
    if arguments.json:
        output.show_json({"home": str(home.root), "pid": pid or None, "killed": killed})
        return 0
    print(f"stopped process {pid}" if pid else f"no server holds {home.root}")
    if arguments.kill:
        print(f"ended {killed} running steps and deployments")
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


def _kill_steps(home: Home) -> int:
    """End every command whose control folder says that it runs; how many there were."""
    folders = [f for top in _tops(home) for f in _controls(top)]
    running = [folder for folder in folders if process.look(folder).state == "running"]
    for folder in running:
        process.kill_tree(folder, grace_seconds=_STEP_GRACE_SECONDS)
    return len(running)


def _tops(home: Home) -> tuple[Path, ...]:
    """The folders below which steps, jobs and deployments have their control folders."""
    return (home.jobs, home.runs, home.run, home.root / "endpoints")


def _controls(top: Path) -> list[Path]:
    """Control folders of commands that have not left an exit code."""
    found = []
    for folder, subfolders, files in os.walk(top):
        if "claim" in files and "pid" in files:
            subfolders.clear()
            if "exit" not in files:
                found.append(Path(folder))
    return found
