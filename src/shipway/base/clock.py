"""The only place that asks what time it is, and Azure's ways of writing it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OURS = len("2026-01-01T02:03:04.123456Z")


class Clock(Protocol):
    """Tells the time; always UTC, always aware."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FrozenClock:
    """A clock for tests that moves only when told to."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the time forward by `seconds`."""
        self._now += timedelta(seconds=seconds)


def timestamp(moment: datetime) -> str:
    """ARM's text for a moment: `2026-01-01T02:03:04.123456Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"


def parse_timestamp(text: str) -> datetime:
    """Read ISO 8601 with or without zone (no zone: UTC), with up to seven decimals.

    Raises `ValueError` when it is not a timestamp.
    """
    if len(text) == _OURS and text.endswith("Z"):  # as `timestamp` writes it
        return datetime.fromisoformat(text)
    cleaned = text.strip().replace("Z", "+00:00")
    head, dot, tail = cleaned.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        cleaned = f"{head}.{tail[:digits][:6]}{tail[digits:]}"
    moment = datetime.fromisoformat(cleaned)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def http_date(moment: datetime) -> str:
    """RFC 1123 text, as in `Last-Modified` and `x-ms-date`."""
    at = moment.astimezone(UTC)  # by hand: email.utils is slow to import, and strftime has locales
    return (
        f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} GMT"
    )


def monotonic() -> float:
    """Seconds on a clock that never steps back; for measuring, never for storing."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Hold the calling thread. For polling things that cannot wake us."""
    time.sleep(seconds)
