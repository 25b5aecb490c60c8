"""How the command line speaks: tables, JSON, colour, and errors in three parts."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from shipway.base import config
from shipway.base.clock import parse_timestamp
from shipway.base.errors import ShipwayError

_COLOURS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "grey": 90, "bold": 1}


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """`text` in a colour where the stream is a terminal that wants colour (NO_COLOR)."""
    target = stream or sys.stdout
    env_vars = config.environment()
    if env_vars.get("NO_COLOR") or env_vars.get("TERM") == "dumb" or not target.isatty():
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def show_json(value: Any) -> None:  # noqa: ANN401  # JSON of any shape
    """A value as JSON for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as their contents; nothing but the head when there are no rows."""
    lines = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(head), *lines]) for i in range(len(head))]
    print(paint(_joined(head, widths), "grey"))
    for line in lines:
        print(_joined(line, widths))


def show_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Names and values, one a line."""
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        print(f"{paint(name.ljust(width), 'grey')}  {value}")


def show_error(error: ShipwayError) -> None:
    """What, where, what to do; on standard error."""
    print(f"{paint('error:', 'red', sys.stderr)} {error.message}", file=sys.stderr)
    if error.where:
        print(f"  where: {error.where}", file=sys.stderr)
    if error.hint:
        print(f"  to do: {error.hint}", file=sys.stderr)


def step(text: str) -> None:
    """One finished piece of a longer piece of work."""
    print(f"{paint('✓', 'green')} {text}", flush=True)


def show_warning(text: str) -> None:
    """A line on standard error that is no failure."""
    print(f"{paint('warning:', 'yellow', sys.stderr)} {text}", file=sys.stderr)


def ago(timestamp_text: str, now: datetime) -> str:
    """`3 min ago` for an Azure timestamp."""
    seconds = int((now.astimezone(UTC) - parse_timestamp(timestamp_text)).total_seconds())
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word} ago"
    return f"{max(seconds, 0)} s ago"


def size(octets: int) -> str:
    """`12.3 MiB`."""
    amount = float(octets)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{octets} B"


def quiet_pipe() -> None:
    """After a reader such as `head` went away: let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
