"""Step logs: files that only grow, read by line while they grow.

`<home>/runs/<run id>/logs/<log id>.log` holds the lines, each beginning with its time as Azure
writes it; `<log id>.lines` holds the offset of every line's begin (eight bytes each), so that any
line is found without reading those before it. A line counts once its offset is written; a writer
that died between the two is mended by the next one that opens the log.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shipway.base.clock import Clock
from shipway.base.errors import NotFound
from shipway.devops import rows
from shipway.store.store import Store

_KIND = "run_log"
_OFFSET = struct.Struct("<Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log of a run. `log_id` counts from 1 within the run."""

    run_id: int
    log_id: int
    record_id: str
    created_at: datetime


class LogWriter:
    """Appends lines to one log; one writer at a time. `close()` when done."""

    def __init__(self, folder: Path, log_id: int, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lines = (folder / f"{log_id}.log").open("ab", buffering=0)
        self._offsets = (folder / f"{log_id}.lines").open("ab", buffering=0)
        self._mend(folder, log_id)

    def write(self, text: str) -> None:
        """Append one or more lines, each with the present time before it."""
        self.write_lines(text.splitlines() or [""])

    def write_lines(self, lines: Iterable[str]) -> None:
        """Append lines, each with the present time before it."""
        at = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        position = os.fstat(self._lines.fileno()).st_size
        content, offsets = bytearray(), bytearray()
        for line in lines:
            offsets += _OFFSET.pack(position + len(content))
            content += f"{at} {line.rstrip(chr(13))}\n".encode(errors="replace")
        _write_all(self._lines.fileno(), content)
        _write_all(self._offsets.fileno(), offsets)

    @property
    def line_count(self) -> int:
        """How many lines the log has by now."""
        return os.fstat(self._offsets.fileno()).st_size // _OFFSET.size

    def close(self) -> None:
        """No more lines."""
        self._lines.close()
        self._offsets.close()

    def __enter__(self) -> "LogWriter":
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def _mend(self, folder: Path, log_id: int) -> None:
        offsets = (folder / f"{log_id}.lines").read_bytes()
        whole = len(offsets) - len(offsets) % _OFFSET.size
        os.ftruncate(self._offsets.fileno(), whole)
        with (folder / f"{log_id}.log").open("rb") as file:
            if whole:
                file.seek(_OFFSET.unpack_from(offsets, whole - _OFFSET.size)[0])
                file.readline()
            position = file.tell()
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offsets.write(_OFFSET.pack(position))
                position += len(line)
        os.ftruncate(self._lines.fileno(), position)


def create(store: Store, *, run_id: int, record_id: str) -> Log:
    """A new, empty log of a run; its number goes into the record's `log_id`."""
    with store.database.transaction():
        log = Log(
            run_id=run_id, log_id=store.documents.next_number(f"log {run_id}"),
            record_id=record_id, created_at=store.clock.now(),
        )  # fmt: skip
        store.documents.create(_KIND, _key(run_id, log.log_id), rows.body_of(log))
    return log


def writer(store: Store, log: Log) -> LogWriter:
    """Append to a log."""
    return LogWriter(_folder(store, log.run_id), log.log_id, store.clock)


def get(store: Store, *, run_id: int, log_id: int) -> Log:
    """The log. Raises `NotFound`."""
    found = store.documents.find(_KIND, _key(run_id, log_id))
    if found is None:
        raise NotFound(
            f"The log {log_id} of build {run_id} could not be found.",
            code="LogNotFoundException", where=str(log_id),
        )  # fmt: skip
    return rows.read(Log, found.body)


def list_of(store: Store, *, run_id: int) -> list[Log]:
    """The logs of a run by number."""
    return [rows.read(Log, d.body) for d in store.documents.list(_KIND, prefix=f"{run_id:010}/")]


def line_count(store: Store, log: Log) -> int:
    """How many lines there are now."""
    try:
        return _index(store, log).stat().st_size // _OFFSET.size
    except FileNotFoundError:
        return 0


def path_of(store: Store, log: Log) -> Path:
    """The file of a log; it may not exist while the log is empty."""
    return _folder(store, log.run_id) / f"{log.log_id}.log"


def read(
    store: Store, log: Log, *, start: int = 1, end: int | None = None, with_times: bool = True
) -> list[str]:
    """Lines `start` to `end` (from 1, both included), as far as they are there."""
    last = line_count(store, log) if end is None else min(end, line_count(store, log))
    if last < start:
        return []
    with _index(store, log).open("rb") as index:
        index.seek((start - 1) * _OFFSET.size)
        begin = _OFFSET.unpack(index.read(_OFFSET.size))[0]
    with path_of(store, log).open("rb") as file:
        file.seek(begin)
        lines = [file.readline().decode(errors="replace") for _ in range(last - start + 1)]
    return [_shown(line, with_times=with_times) for line in lines]


def follow(store: Store, log: Log, *, after: int = 0) -> Iterator[tuple[int, str]]:
    """The lines after number `after` that are there now, each with its number."""
    yield from enumerate(read(store, log, start=after + 1), start=after + 1)


def _shown(line: str, *, with_times: bool) -> str:
    text = line.rstrip("\n")
    return text if with_times else text.partition(" ")[2]


def _write_all(descriptor: int, content: bytearray) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _index(store: Store, log: Log) -> Path:
    return _folder(store, log.run_id) / f"{log.log_id}.lines"


def _folder(store: Store, run_id: int) -> Path:
    return store.home.runs / str(run_id) / "logs"


def _key(run_id: int, log_id: int) -> str:
    return f"{run_id:010}/{log_id:010}"
