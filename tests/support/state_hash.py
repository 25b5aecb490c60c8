"""One hash over everything that a home holds: equal before and after means nothing was changed.

Rows of every table and every file count. Left out is what may change without any meaning: the list
of refusals (a refused request is written down there), logs, sockets and ports, minted leaves, and
SQLite's own files beside the rows.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_TABLES_LEFT_OUT = ("refusals",)
_FOLDERS_LEFT_OUT = ("logs", "run", "ca/leaves")
_DATABASE = "shipway.sqlite"


def state_hash(home: Path) -> str:
    """The hash of a home's rows and files, also while a server has it open."""
    whole = hashlib.sha256()
    for line in (*_rows(home / _DATABASE), *_files(home)):
        whole.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return whole.hexdigest()


@contextmanager
def unchanged(home: Path) -> Iterator[None]:
    """Fails when the block has changed a row or a file, and says which."""
    before = {*_rows(home / _DATABASE), *_files(home)}
    yield
    after = {*_rows(home / _DATABASE), *_files(home)}
    assert after == before, f"gone: {sorted(before - after)}\nnew: {sorted(after - before)}"


def _rows(database: Path) -> list[str]:
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        tables = [n for (n,) in names if n not in _TABLES_LEFT_OUT and not n.startswith("sqlite_")]
        return [
            f"{table} {row!r}"
            for table in tables
            for row in sorted(connection.execute(f'SELECT * FROM "{table}"'), key=repr)
        ]


def _files(home: Path) -> list[str]:
    found = []
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if name.startswith(_DATABASE) or any(
            name == folder or name.startswith(f"{folder}/") for folder in _FOLDERS_LEFT_OUT
        ):
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        found.append(f"{name} {content}")
    return found
