"""Follows a run to its end: a tree that redraws itself on a terminal, lines anywhere else."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from shipway.base import clock
from shipway.base.clock import SystemClock
from shipway.cli import output, run_tree
from shipway.client.session import Session

_PAUSE_SECONDS = 0.4
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
_WAITING = 4
_EXIT_CODES = {"succeeded": 0, "succeededWithIssues": 0}


def watch(
    session: Session,
    number: int,
    *,
    as_json: bool = False,
    until_waiting: bool = False,
    go_on: bool = False,
) -> int:
    """Show a run until it is over (or waits for an approval, if wanted); the exit code.

    0 succeeded, 1 failed or canceled, 4 it waits for an approval and that was asked for. `go_on`:
    what is over already was shown before.
    """
    screen = None if as_json else _Screen() if sys.stdout.isatty() else _Lines()
    if go_on and isinstance(screen, _Lines):
        screen.skip(session.get(f"/runs/{number}"))
    while True:
        found = session.get(f"/runs/{number}")
        is_over = found["state"] == "completed"
        waits = bool(found["permissions"]) or any(
            a["status"] == "pending" for a in found["approvals"]
        )
        if screen is not None:
            screen.show(found)
        if is_over or (waits and until_waiting):
            break
        clock.sleep(_PAUSE_SECONDS)
    if as_json:
        output.show_json(found)
    else:
        for line in run_tree.foot(found, session.state.studio_port):
            print(line)
    return exit_code(found)


def exit_code(run: Mapping[str, Any]) -> int:
    """0 for a run that succeeded, 1 for one that did not, 4 for one that is not over."""
    if run["state"] != "completed":
        return _WAITING
    return _EXIT_CODES.get(str(run["result"]), 1)


class _Screen:
    """Draws over what it drew before."""

    def __init__(self) -> None:
        self._drawn = 0

    def show(self, run: Mapping[str, Any]) -> None:
        """The present state of the run."""
        running = run["state"] != "completed"
        now = SystemClock().now()
        text = [*run_tree.head(run), *run_tree.lines(run, now, with_steps=not running)]
        if running:
            text += [f"      {line}" for line in _current(run)]
        text = _fitted(text, shutil.get_terminal_size())
        back = f"\x1b[{self._drawn}A" if self._drawn else ""
        # each line is cleared to its end, and what is left below as well
        sys.stdout.write(back + "".join(f"{line}\x1b[K\n" for line in text) + "\x1b[J")
        sys.stdout.flush()
        self._drawn = len(text)


def _fitted(lines: list[str], size: os.terminal_size) -> list[str]:
    """What a screen can hold: a line that wraps or scrolls could not be drawn over."""
    kept = lines if len(lines) < size.lines else [lines[0], *lines[-(size.lines - 2) :]]
    return [_cut(line, size.columns) for line in kept]


def _cut(line: str, columns: int) -> str:
    """A line of at most so many columns; colours take none."""
    shown, used = [], 0
    for piece in _COLOUR.split(line):
        if _COLOUR.fullmatch(piece):
            shown.append(piece)
            continue
        shown.append(piece[: max(0, columns - used)])
        used += len(piece)
    return "".join(shown)


class _Lines:
    """Writes a line whenever something has changed."""

    def __init__(self) -> None:
        self._seen: dict[str, object] = {}

    def skip(self, run: Mapping[str, Any]) -> None:
        """Say nothing of what is over already."""
        self._seen["run"] = run["state"]
        for record in run["records"]:
            if record["state"] == "completed":
                self._seen[record["record_id"]] = run_tree.state_of(record)

    def show(self, run: Mapping[str, Any]) -> None:
        """What is new since the last time."""
        now = SystemClock().now()
        if not self._seen:
            for line in run_tree.head(run):
                print(line, flush=True)
            self._seen["run"] = run["state"]
        for record in run["records"]:
            state = run_tree.state_of(record)
            if state == "pending" or self._seen.get(record["record_id"]) == state:
                continue
            self._seen[record["record_id"]] = state
            self._tell(record, state, run_tree.duration(record, now))
        for approval in run["approvals"]:
            # its line in the timeline has the same id, and other words for its states
            key = f"approval {approval['approval_id']}"
            if self._seen.get(key) != approval["status"]:
                self._seen[key] = approval["status"]
                print(f"approval of {approval['resource']}: {approval['status']}", flush=True)
        for one in run["permissions"]:
            if self._seen.get("permissions") != one["resources"]:
                self._seen["permissions"] = one["resources"]
                print(f"{one['message']}: {', '.join(one['resources'])}", flush=True)
        if run["state"] == "completed":
            print(
                f"{run_tree.mark(run['result'])} run {run['run_id']}: {run['result']}", flush=True
            )

    def _tell(self, record: Mapping[str, Any], state: str, took: str) -> None:
        if record["kind"] not in ("Stage", "Job", "Task"):
            return
        if state == "inProgress" and record["kind"] == "Task":
            return
        took = f" ({took})" if took and state != "inProgress" else ""
        kind = {"Task": "step"}.get(record["kind"], record["kind"].lower())
        print(f"{run_tree.mark(state)} {kind} {record['name']}: {state}{took}", flush=True)
        if state == "failed":
            for issue in record["issues"]:
                print(f"    {issue['message']}", flush=True)


def _current(run: Mapping[str, Any]) -> list[str]:
    """The steps that are at work now."""
    return [
        output.paint(f"{record['name']} ...", "grey")
        for record in run["records"]
        if record["kind"] == "Task" and record["state"] == "inProgress"
    ]
