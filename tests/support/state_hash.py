"""One hash over everything that a home holds: equal before and after means nothing was changed.

Rows of every table and every file count. Left out is what may change without any meaning: the list
of refusals (a refused request is written down there), logs, sockets and ports, minted leaves, and
SQLite's own files beside the rows. Of the built environments, which are caches of tens of thousands
of files, only the names count.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_TABLES_LEFT_OUT = ("refusals",)
_FOLDERS_LEFT_OUT = ("logs", "run", "ca/leaves")
_DATABASE = "shipway.sqlite"
_ENVIRONMENTS = "environments"


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
    for folder, names, files in os.walk(home):
        inside = Path(folder).relative_to(home).as_posix()
        if inside in _FOLDERS_LEFT_OUT:
            names.clear()
            continue
        found.append(f"{inside} folder")
        if Path(inside).parent.name == _ENVIRONMENTS:
            names.clear()
            continue
        for name in files:
            path = Path(folder, name)
            if inside != "." or not name.startswith(_DATABASE):
                content = path.read_bytes() if path.is_file() else b""
                found.append(f"{inside}/{name} {hashlib.sha256(content).hexdigest()}")
    return sorted(found)
