"""The append-only journal of events: the story of every run."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.messages import Event
from shipway.store.database import Database


class Journal:
    """Events in the order in which they were committed, each handled once by the reactor."""

    def __init__(self, database: Database, ring: Callable[[str], None]) -> None:
        self._database = database
        self._ring = ring

    def append(self, event: Event) -> int:
        """Write an event and return its number; whoever waits is woken after the commit."""
        with self._database.transaction() as sql:
            done = sql.execute(
                "INSERT INTO journal (kind, subject, data, at) VALUES (?, ?, ?, ?)",
                (event.kind, event.subject, json.dumps(dict(event.data)), timestamp(event.at)),
            )
            self._database.after_commit(lambda: self._ring("journal"))
            return int(done.lastrowid or 0)

    def after(self, number: int, *, limit: int = 500) -> Sequence[Event]:
        """Events later than `number`, oldest first."""
        rows = self._database.read().execute(
            "SELECT * FROM journal WHERE number > ? ORDER BY number LIMIT ?", (number, limit)
        )
        return [_event(row) for row in rows.fetchall()]

    def of(self, subject: str) -> Sequence[Event]:
        """The whole story of one subject, oldest first."""
        rows = self._database.read().execute(
            "SELECT * FROM journal WHERE subject = ? ORDER BY number", (subject,)
        )
        return [_event(row) for row in rows.fetchall()]

    def since(self, moment: datetime, kinds: Iterable[str]) -> Sequence[Event]:
        """Events of these kinds from `moment` on, newest first; reads no further back."""
        wanted, first = frozenset(kinds), timestamp(moment)
        found = []
        for row in self._database.read().execute("SELECT * FROM journal ORDER BY number DESC"):
            if row["at"] < first:
                break
            if row["kind"] in wanted:
                found.append(_event(row))
        return found

    def last_number(self) -> int:
        """The number of the newest event, 0 when there is none."""
        return int(
            self._database.read().execute("SELECT max(number) FROM journal").fetchone()[0] or 0
        )

    def handled(self) -> int:
        """The number up to which the reactor has worked."""
        row = self._database.read().execute(
            "SELECT value FROM sequences WHERE name = 'journal handled'"
        ).fetchone()  # fmt: skip
        return int(row[0]) if row else 0

    def mark_handled(self, number: int) -> None:
        """Remember the reactor's place, in the transaction of what it did."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO sequences (name, value) VALUES ('journal handled', ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (number,),
            )


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        number=row["number"],
        kind=row["kind"],
        subject=row["subject"],
        data=json.loads(row["data"]),
        at=parse_timestamp(row["at"]),
    )
