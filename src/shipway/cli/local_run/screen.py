"""Progress as a picture that redraws itself: what is over in one line, what runs with its output.

Everything that is drawn is taken back before the run's last picture is left standing.
"""

import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Iterator

from shipway.base import clock
from shipway.base.clock import SystemClock
from shipway.cli import output, run_tree
from shipway.cli.local_run import timeline
from shipway.cli.local_run.step_logs import StepLogs
from shipway.cli.local_run.timeline import Facts, Timeline

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_OUTPUT_LINES = 5
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b\][^\x07]*\x07|[\x00-\x08\x0b-\x1a\x1c-\x1f]")
_WELL = re.compile(r"\s+(?:\x1b\[\d+m)?✓")
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


class Screen:
    """Draws over what it drew before. `close` leaves the cursor as it was."""

    def __init__(self, logs: StepLogs) -> None:
        self._logs = logs
        self._drawn = 0
        self._tails: dict[str, deque[str]] = {}
        self._notes: list[str] = []
        sys.stdout.write(_HIDE)

    def show(self, run: Facts) -> None:
        """The present state of the run."""
        self._read(run)
        self._draw([*self._tree(run), *self._waits(run), *self._notes])

    def note(self, text: str) -> None:
        """A line below the picture."""
        self._notes.append(output.paint(text, "yellow"))

    def close(self, run: Facts) -> None:
        """Leave the whole picture standing; it may scroll now."""
        lines = list(final(run))
        columns = shutil.get_terminal_size().columns
        back = f"\x1b[{self._drawn}A\r" if self._drawn else ""
        text = "".join(f"{_cut(line, columns)}\x1b[K\n" for line in lines)
        sys.stdout.write(f"{back}\x1b[J{text}{_SHOW}")
        sys.stdout.flush()
        self._drawn = 0

    def abandon(self) -> None:
        """Give the cursor back; what is drawn stays."""
        sys.stdout.write(_SHOW)
        sys.stdout.flush()

    def _read(self, run: Facts) -> None:
        for step in Timeline(run).steps():
            if step["state"] != "inProgress":
                continue
            tail = self._tails.setdefault(step["record_id"], deque(maxlen=_OUTPUT_LINES))
            read = self._logs.new_lines(step)
            kept = timeline.without_preamble(read)
            if len(kept) < len(read):
                tail.clear()
            for line in kept:
                shown = timeline.dress(line).rstrip()
                if shown:
                    tail.append(_CONTROL.sub("", shown))

    def _tree(self, run: Facts) -> Iterator[str]:
        told = Timeline(run)
        for stage in told.stages():
            yield from self._branch(told, stage)

    def _branch(self, told: Timeline, record: Facts) -> Iterator[str]:
        state = timeline.state(record)
        if not told.is_implied(record):
            yield self._line(told, record, state)
        is_open = state == "inProgress"
        for child in told.children(record):
            if is_open or told.is_implied(record) or timeline.is_bad(child):
                yield from self._branch(told, child)
        if is_open and record["kind"] == "Task":
            before = "  " * (told.depth(record) + 1) + output.paint("│", "grey")
            for line in self._tails.get(record["record_id"], ()):
                yield f"{before} {line}"

    def _line(self, told: Timeline, record: Facts, state: str) -> str:
        if state == "inProgress" and record["kind"] == "Task":
            turn = int(clock.monotonic() * 10) % len(_SPINNER)
            return line_of(told, record, mark=output.paint(_SPINNER[turn], "blue"))
        return line_of(told, record)

    def _waits(self, run: Facts) -> Iterator[str]:
        for text, command in timeline.waits(run):
            yield f"{output.paint('○', 'yellow')} {text}"
            yield f"    {output.paint(command, 'bold')}"
        for text in timeline.holds(run):
            yield f"{output.paint('○', 'yellow')} {text}"

    def _draw(self, lines: list[str]) -> None:
        size = shutil.get_terminal_size()
        fitted = [_cut(line, size.columns) for line in _fitted(lines, size)]
        back = f"\x1b[{self._drawn}A\r" if self._drawn else ""
        # each line is cleared to its end, and what is left below as well
        sys.stdout.write(back + "".join(f"{line}\x1b[K\n" for line in fitted) + "\x1b[J")
        sys.stdout.flush()
        self._drawn = len(fitted)


def final(run: Facts) -> Iterator[str]:
    """The run when it is over: every stage and job, the steps of those that did not go well."""
    told = Timeline(run)
    for record in told.shown():
        if told.is_implied(record):
            continue
        if record["kind"] == "Task" and not _is_worth_a_line(told, record):
            continue
        yield line_of(told, record)


def line_of(told: Timeline, record: Facts, *, mark: str = "") -> str:
    """One line of the tree."""
    state = timeline.state(record)
    took = run_tree.duration(record, SystemClock().now()) if state != "skipped" else ""
    text = f"{'  ' * told.depth(record)}{mark or run_tree.mark(state)} {record['name']}"
    if took:
        text += output.paint(f"  {took}", "grey")
    if (reason := timeline.reason(record)) and state != "succeeded":
        text += output.paint(f"  {reason}", "grey")
    return text


def _is_worth_a_line(told: Timeline, step: Facts) -> bool:
    """Few steps are all shown; of many only those that did not simply succeed."""
    return len(told.steps()) <= _FEW or timeline.state(step) not in ("succeeded", "skipped")


_FEW = 30


def _fitted(lines: list[str], size: os.terminal_size) -> list[str]:
    """What a screen can hold: a picture that scrolls could not be drawn over."""
    room = max(size.lines - 1, 3)
    if len(lines) <= room:
        return lines
    # what went well may go first
    well = [number for number, line in enumerate(lines) if _WELL.match(line)]
    gone = set(well[: len(lines) - room + 1])
    if len(gone) > 1:
        told = output.paint(f"  ... {len(gone)} that succeeded", "grey")
        first = min(gone)
        kept = [line for number, line in enumerate(lines) if number not in gone]
        lines = [*kept[:first], told, *kept[first:]]
    if len(lines) <= room:
        return lines
    hidden = len(lines) - room + 1
    return [output.paint(f"  ... {hidden} lines above", "grey"), *lines[-(room - 1) :]]


def _cut(line: str, columns: int) -> str:
    """A line of at most so many columns; colours take none."""
    shown, used = [], 0
    for piece in _COLOUR.split(line):
        if _COLOUR.fullmatch(piece):
            shown.append(piece)
            continue
        kept = piece.expandtabs(4)[: max(0, columns - used)]
        shown.append(kept)
        used += len(kept)
    return "".join(shown)
