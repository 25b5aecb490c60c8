"""Work items that agents and computes lease; how work leaves the loop."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shipway.base.clock import Clock
from shipway.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A piece of work. `item` is unique for all time: the same work is never queued twice."""

    item: str
    queue: str
    payload: Mapping[str, Any]
    cancel_requested: bool = False


class Queue:
    """Named queues (`agent`, `compute`). A leased item belongs to its holder until it completes
    it, or the lease runs out or is given back."""

    def __init__(self, database: Database, clock: Clock, ring: Callable[[str], None]) -> None:
        self._database = database
        self._clock = clock
        self._ring = ring

    def put(self, queue: str, item: str, payload: Mapping[str, Any]) -> None:
        """Queue work, in the caller's transaction; a second put of the same item does nothing."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT OR IGNORE INTO queue (item, queue, payload, position) VALUES (?, ?, ?,"
                " (SELECT coalesce(max(position), 0) + 1 FROM queue))",
                (item, queue, json.dumps(dict(payload))),
            )
            self._database.after_commit(lambda: self._ring(queue))

    def lease(
        self, queue: str, *, holder: str, seconds: float, limit: int = 1
    ) -> Sequence[WorkItem]:
        """Take up to `limit` waiting items, oldest first."""
        if limit < 1 or not self.is_waiting(queue):
            return ()
        now = self._clock.now().timestamp()
        with self._database.transaction() as sql:
            rows = sql.execute(
                "SELECT * FROM queue WHERE queue = ? AND (holder IS NULL OR lease_until < ?)"
                " ORDER BY position LIMIT ?",
                (queue, now, limit),
            ).fetchall()
            sql.executemany(
                "UPDATE queue SET holder = ?, lease_until = ? WHERE item = ?",
                [(holder, now + seconds, row["item"]) for row in rows],
            )
        return [_item(row) for row in rows]

    def renew(self, *, holder: str, seconds: float) -> None:
        """Prolong all leases of a holder."""
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE queue SET lease_until = ? WHERE holder = ?",
                (self._clock.now().timestamp() + seconds, holder),
            )

    def complete(self, item: str) -> None:
        """The work is done; in the transaction that says so in the journal."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM queue WHERE item = ?", (item,))

    def give_back(self, queue: str) -> None:
        """Free all leases of a queue: its worker has just started, so no other holds any."""
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE queue SET holder = NULL, lease_until = NULL WHERE queue = ?", (queue,)
            )

    def request_cancel(self, item: str) -> bool:
        """Ask the holder to stop; False when the item is not there (any more)."""
        with self._database.transaction() as sql:
            done = sql.execute("UPDATE queue SET cancel_requested = 1 WHERE item = ?", (item,))
            row = sql.execute("SELECT queue FROM queue WHERE item = ?", (item,)).fetchone()
            if row:
                self._database.after_commit(lambda: self._ring(row["queue"]))
            return done.rowcount > 0

    def cancelled(self, *, holder: str) -> Sequence[str]:
        """Items of a holder that somebody asked to stop."""
        rows = self._database.read().execute(
            "SELECT item FROM queue WHERE holder = ? AND cancel_requested = 1", (holder,)
        )
        return [row["item"] for row in rows.fetchall()]

    def find(self, item: str) -> WorkItem | None:
        """The item, leased or waiting; None when it is done or never was."""
        row = (
            self._database.read().execute("SELECT * FROM queue WHERE item = ?", (item,)).fetchone()
        )
        return _item(row) if row else None

    def count(self, queue: str) -> int:
        """How many items wait or are leased."""
        row = self._database.read().execute("SELECT count(*) FROM queue WHERE queue = ?", (queue,))
        return int(row.fetchone()[0])

    def is_waiting(self, queue: str) -> bool:
        """Whether there is anything to lease."""
        row = self._database.read().execute(
            "SELECT 1 FROM queue WHERE queue = ? AND (holder IS NULL OR lease_until < ?) LIMIT 1",
            (queue, self._clock.now().timestamp()),
        ).fetchone()  # fmt: skip
        return row is not None


def _item(row: Mapping[str, Any]) -> WorkItem:
    return WorkItem(
        item=row["item"],
        queue=row["queue"],
        payload=json.loads(row["payload"]),
        cancel_requested=bool(row["cancel_requested"]),
    )
