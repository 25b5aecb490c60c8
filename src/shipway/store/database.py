"""SQLite: connections, transactions, numbered migrations.

One file, WAL, `synchronous=FULL`. A thread has one connection; transactions of one process queue
at a lock, those of several processes at SQLite's own with `busy_timeout`.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MILLISECONDS = 30_000


class _ThreadState(threading.local):
    connection: sqlite3.Connection | None = None
    depth: int = 0
    after_commit: list[Callable[[], None]]


class Database:
    """A file of tables. `read()` for looking, `transaction()` for changing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = _ThreadState()
        self._writing = threading.RLock()
        self._open: list[sqlite3.Connection] = []
        self._open_lock = threading.Lock()

    def migrate(self) -> None:
        """Bring the tables to the newest shape, one numbered file at a time."""
        connection = self._connection()
        done = int(connection.execute("PRAGMA user_version").fetchone()[0])
        for file in sorted(_MIGRATIONS.glob("*.sql")):
            number = int(file.name[:4])
            if number > done:
                stamp = f"PRAGMA user_version = {number};"
                connection.executescript(f"BEGIN IMMEDIATE;\n{file.read_text()}\n{stamp}\nCOMMIT;")

    def read(self) -> sqlite3.Connection:
        """This thread's connection; inside a transaction it sees that transaction."""
        return self._connection()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. A transaction within one joins it; only the outer one commits."""
        state = self._state
        connection = self._connection()
        if state.depth:
            state.depth += 1
            try:
                yield connection
            finally:
                state.depth -= 1
            return
        callbacks: list[Callable[[], None]] = []
        with self._writing:
            connection.execute("BEGIN IMMEDIATE")
            state.depth, state.after_commit = 1, callbacks
            try:
                yield connection
            except BaseException:
                state.depth = 0
                connection.execute("ROLLBACK")
                raise
            state.depth = 0
            connection.execute("COMMIT")
        for callback in callbacks:
            callback()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call once the running transaction is on disk; never if it rolls back.

        Outside a transaction: at once.
        """
        if self._state.depth:
            self._state.after_commit.append(callback)
        else:
            callback()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._open_lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._state = _ThreadState()

    def _connection(self) -> sqlite3.Connection:
        if self._state.connection is None:
            connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # a deleted secret must not linger in free pages
            connection.execute("PRAGMA secure_delete = ON")
            with self._open_lock:
                self._open.append(connection)
            self._state.connection = connection
        return self._state.connection
