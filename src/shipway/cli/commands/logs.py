"""`shipway logs`: what a run's steps, an ML job, a deployment or the server wrote."""

import argparse
import sys
from typing import Any
from urllib.parse import quote

from shipway.base import clock, config
from shipway.base.errors import NotFound
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session

_PAUSE_SECONDS = 0.3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose log, `--step`, `--follow`, `--json`."""
    parser.add_argument(
        "target", nargs="?", default="", metavar="RUN|JOB|ENDPOINT/DEPLOYMENT",
        help="a run's number, an ML job's name or a deployment; none: the server's own log",
    )  # fmt: skip
    parser.add_argument("--step", help="of a run: only the steps whose name contains this")
    parser.add_argument("--follow", "-f", action="store_true", help="go on until it is over")
    parser.add_argument(
        "--lines",
        type=int,
        default=200,
        help="of server and deployments: the newest (default: 200)",
    )
    parser.add_argument("--json", action="store_true", help="print the lines as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print it. Raises `NotFound` and what the server says."""
    home = Home(config.default_home())
    target = arguments.target
    if not target:
        return _print(arguments, _tail(home, arguments.lines))
    session = Session(home)
    if target.isdecimal():
        return _run_logs(session, int(target), arguments)
    if "/" in target:
        endpoint, _, deployment = target.partition("/")
        path = f"/endpoints/{quote(endpoint, safe='')}/{quote(deployment, safe='')}/log"
        return _print(arguments, session.get(f"{path}?lines={arguments.lines}")["lines"])
    return _job_log(session, target, arguments)


def _run_logs(session: Session, number: int, arguments: argparse.Namespace) -> int:
    printed: dict[int, int] = {}
    collected: list[dict[str, Any]] = []
    while True:
        found = session.get(f"/runs/{number}")
        steps = [r for r in found["records"] if r["log_id"] and r["kind"] == "Task"]
        chosen = [s for s in steps if (arguments.step or "").lower() in s["name"].lower()]
        if arguments.step and not chosen and not arguments.follow:
            raise NotFound(
                f"run {number} has no step with '{arguments.step}' in its name",
                where=arguments.step,
                hint=f"Steps so far: {', '.join(s['name'] for s in steps) or 'none'}.",
            )
        for step in chosen:
            lines = _new_lines(session, number, step["log_id"], printed)
            if arguments.json:
                collected += [{"step": step["name"], "line": line} for line in lines]
                continue
            if lines and printed[step["log_id"]] == len(lines):
                print(output.paint(f"== {step['name']}", "bold"))
            for line in lines:
                print(line, flush=True)
        if not arguments.follow or found["state"] == "completed":
            break
        clock.sleep(_PAUSE_SECONDS)
    if arguments.json:
        output.show_json(collected)
    return 0


def _new_lines(session: Session, run: int, log_id: int, printed: dict[int, int]) -> list[str]:
    lines: list[str] = []
    while True:
        piece = session.get(f"/runs/{run}/logs/{log_id}?after={printed.get(log_id, 0)}")
        lines += piece["lines"]
        printed[log_id] = piece["last"]
        if not piece["lines"]:
            return lines


def _job_log(session: Session, name: str, arguments: argparse.Namespace) -> int:
    path = f"/jobs/{quote(name, safe='')}"
    if not arguments.follow:
        return _print(arguments, list(session.lines(f"{path}/log")))
    shown = 0
    while True:
        ended = session.get(path)["status"] in ("Completed", "Failed", "Canceled")
        lines = list(session.lines(f"{path}/log"))
        for line in lines[shown:]:
            print(line, flush=True)
        shown = len(lines)
        if ended:
            return 0
        clock.sleep(_PAUSE_SECONDS)


def _tail(home: Home, lines: int) -> list[str]:
    path = home.logs / "server.log"
    if not path.exists():
        raise NotFound(
            "the server of this home has written no log", where=str(path),
            hint="Start it with `shipway up`.",
        )  # fmt: skip
    return path.read_text(errors="replace").splitlines()[-lines:]


def _print(arguments: argparse.Namespace, lines: list[str]) -> int:
    if arguments.json:
        output.show_json(lines)
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0
