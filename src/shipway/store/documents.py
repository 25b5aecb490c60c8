"""Resource documents with etags: the only SQL for nouns.

A document is a JSON object under (`kind`, `key`). Keys are paths such as `<workspace>/<name>`;
listing by a prefix lists a parent's children. Meaning belongs to the worlds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipway.base import ids
from shipway.base.clock import Clock, parse_timestamp, timestamp
from shipway.base.errors import Conflict, NotFound, PreconditionFailed
from shipway.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A stored JSON object. `etag` changes with every write."""

    kind: str
    key: str
    body: dict[str, Any]
    etag: str
    created_at: datetime
    updated_at: datetime


class Documents:
    """All documents of one database. Every write joins the caller's transaction if there is one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def find(self, kind: str, key: str) -> Document | None:
        """The document, or None."""
        row = self._database.read().execute(
            "SELECT * FROM documents WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()  # fmt: skip
        return _document(row) if row else None

    def get(self, kind: str, key: str) -> Document:
        """The document. Raises `NotFound` naming kind and key."""
        found = self.find(kind, key)
        if found is None:
            raise NotFound(f"there is no {kind} '{key}'", where=key)
        return found

    def create(self, kind: str, key: str, body: Mapping[str, Any]) -> Document:
        """Write a new document. Raises `Conflict` when the key is taken."""
        with self._database.transaction():
            if self.find(kind, key) is not None:
                raise Conflict(f"{kind} '{key}' already exists", where=key)
            return self.put(kind, key, body)

    def put(
        self, kind: str, key: str, body: Mapping[str, Any], *, if_match: str | None = None
    ) -> Document:
        """Write a document, new or not.

        Raises `PreconditionFailed` when `if_match` is given and is not its etag.
        """
        with self._database.transaction() as sql:
            if if_match is not None:
                before = self.find(kind, key)
                if before is None or if_match not in (before.etag, "*"):
                    raise PreconditionFailed(f"{kind} '{key}' was changed meanwhile", where=key)
            now = timestamp(self._clock.now())
            text = json.dumps(dict(body), separators=(",", ":"))
            row = sql.execute(
                "INSERT INTO documents (kind, key, body, etag, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET"
                " body = excluded.body, etag = excluded.etag, updated_at = excluded.updated_at"
                " RETURNING *",
                (kind, key, text, ids.new_etag(), now, now),
            ).fetchone()
            return _document(row)

    def update(self, kind: str, key: str, changes: Mapping[str, Any]) -> Document:
        """Replace some top-level fields. Raises `NotFound`."""
        with self._database.transaction():
            return self.put(kind, key, {**self.get(kind, key).body, **changes})

    def delete(self, kind: str, key: str) -> bool:
        """Remove a document; False when there was none."""
        with self._database.transaction() as sql:
            done = sql.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
            return done.rowcount > 0

    def list(
        self,
        kind: str,
        *,
        prefix: str = "",
        after: str = "",
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Document]:
        """Documents whose key starts with `prefix`, by key (`after` pages) or newest first."""
        order = "created_at DESC, key DESC" if newest_first else "key"
        rows = self._database.read().execute(
            "SELECT * FROM documents WHERE kind = ? AND key >= ? AND key < ? AND key > ?"  # noqa: S608
            f" ORDER BY {order} LIMIT ?",  # order is one of two constants
            (kind, prefix, prefix + "\U0010ffff", after, -1 if limit is None else limit),
        ).fetchall()  # fmt: skip
        return [_document(row) for row in rows]

    def count(self, kind: str, *, prefix: str = "") -> int:
        """How many documents have a key that starts with `prefix`."""
        row = self._database.read().execute(
            "SELECT count(*) FROM documents WHERE kind = ? AND key >= ? AND key < ?",
            (kind, prefix, prefix + "\U0010ffff"),
        ).fetchone()  # fmt: skip
        return int(row[0])

    def next_number(self, sequence: str) -> int:
        """The next number of a named sequence, from 1, without gaps for committed work."""
        with self._database.transaction() as sql:
            row = sql.execute(
                "INSERT INTO sequences (name, value) VALUES (?, 1)"
                " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (sequence,),
            ).fetchone()
            return int(row[0])


def _document(row: Mapping[str, Any]) -> Document:
    return Document(
        kind=row["kind"],
        key=row["key"],
        body=json.loads(row["body"]),
        etag=row["etag"],
        created_at=parse_timestamp(row["created_at"]),
        updated_at=parse_timestamp(row["updated_at"]),
    )
