"""Moments, durations and log lines as people read them."""

import re
from datetime import datetime
from urllib.parse import quote

from shipway.base.clock import parse_timestamp, timestamp
from shipway.studio.exchange import LogLine

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MARKS = {
    "##[error]": "error", "##[warning]": "warning", "##[section]": "section",
    "##[command]": "command", "##[debug]": "debug", "##[group]": "section",
    "##[endgroup]": "section",
}  # fmt: skip


def ago(moment: datetime | str | None, now: datetime) -> str:
    """`3 min ago`; empty for no moment."""
    if not moment:
        return ""
    then = parse_timestamp(moment) if isinstance(moment, str) else moment
    seconds = int((now - then).total_seconds())
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word} ago"
    return "just now" if seconds < 5 else f"{seconds} s ago"


def took(start: datetime | str | None, end: datetime | str | None, now: datetime) -> str:
    """`1.2 s`, `3 min 5 s`; up to now for what has not ended, empty for what has not begun."""
    if not start:
        return ""
    seconds = max(0.0, (_moment(end or now) - _moment(start)).total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"


def _moment(value: datetime | str) -> datetime:
    return parse_timestamp(value) if isinstance(value, str) else value


def iso(moment: datetime | str | None) -> str:
    """A moment for machines; empty for none."""
    if not moment:
        return ""
    return moment if isinstance(moment, str) else timestamp(moment)


def size(octets: int) -> str:
    """`12.3 KiB`."""
    amount = float(octets)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def log_line(text: str) -> LogLine:
    """A line with its kind, without terminal colours and without Azure's mark."""
    clean = _COLOURS.sub("", text)
    for mark, kind in _MARKS.items():
        if clean.startswith(mark):
            return kind, clean.removeprefix(mark)
    return "", clean


def path(*parts: object) -> str:
    """A path of the studio, each part quoted."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)
