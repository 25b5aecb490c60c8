"""Durable due times: approval time-outs, schedules, retries."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shipway.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something due: `kind` says which station, `subject` what it concerns."""

    name: str
    due: datetime
    kind: str
    subject: str
    data: Mapping[str, Any]


class Timers:
    """Timers by name; setting a name again moves it."""

    def __init__(self, database: Database, ring: Callable[[str], None]) -> None:
        self._database = database
        self._ring = ring

    def set(
        self,
        name: str,
        *,
        due: datetime,
        kind: str,
        subject: str,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Set or move a timer."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO timers (name, due, kind, subject, data) VALUES (?,?,?,?,?)",
                (name, due.timestamp(), kind, subject, json.dumps(dict(data or {}))),
            )
            self._database.after_commit(lambda: self._ring("journal"))

    def cancel(self, name: str) -> None:
        """Remove a timer; nothing happens when there is none."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM timers WHERE name = ?", (name,))

    def due(self, now: datetime, *, limit: int = 100) -> Sequence[Timer]:
        """Timers whose time has come, earliest first. The caller cancels what it handled."""
        rows = self._database.read().execute(
            "SELECT * FROM timers WHERE due <= ? ORDER BY due LIMIT ?", (now.timestamp(), limit)
        )
        return [_timer(row) for row in rows.fetchall()]

    def next_due(self) -> datetime | None:
        """When the earliest timer is due."""
        row = self._database.read().execute("SELECT min(due) FROM timers").fetchone()
        return None if row[0] is None else datetime.fromtimestamp(row[0], UTC)

    def find(self, name: str) -> Timer | None:
        """The timer, or None."""
        row = (
            self._database.read().execute("SELECT * FROM timers WHERE name = ?", (name,)).fetchone()
        )
        return _timer(row) if row else None


def _timer(row: Mapping[str, Any]) -> Timer:
    return Timer(
        name=row["name"],
        due=datetime.fromtimestamp(row["due"], UTC),
        kind=row["kind"],
        subject=row["subject"],
        data=json.loads(row["data"]),
    )
