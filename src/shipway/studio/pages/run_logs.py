"""Logs of a run's steps: which one is shown, its lines, the rest as it grows."""

from collections.abc import Sequence

from shipway.devops import logs, runs
from shipway.devops.logs import Log
from shipway.devops.runs import Record, Run
from shipway.store.store import Store
from shipway.studio import wording
from shipway.studio.exchange import Answer, LogPiece, LogStream, Visit
from shipway.studio.views import LogView

_SHOWN = 2000
_AT_ONCE = 2000


def chosen(records: Sequence[Record], asked: str) -> Record | None:
    """The step whose log is shown: the one asked for, else what runs, failed, or ran last."""
    steps = [r for r in records if r.kind == "Task" and r.log_id is not None]
    for wanted in (
        [r for r in steps if r.record_id == asked],
        [r for r in steps if r.state == "inProgress"],
        [r for r in steps if r.result == "failed"],
        steps[-1:],
    ):
        if wanted:
            return wanted[0]
    return None


def view(store: Store, run: Run, record: Record) -> LogView:
    """The log of a step as it is now."""
    log = logs.get(store, run_id=run.run_id, log_id=record.log_id or 0)
    count = logs.line_count(store, log)
    first = max(1, count - _SHOWN + 1)
    lines = logs.read(store, log, start=first, end=count, with_times=False)
    is_over = record.state == "completed"
    path = f"/runs/{run.run_id}/logs/{log.log_id}/stream?after={count}"
    return LogView(
        key=record.record_id, title=record.name, skipped=first - 1,
        lines=tuple(wording.log_line(line) for line in lines), stream="" if is_over else path,
    )  # fmt: skip


def stream(store: Store, visit: Visit) -> Answer:
    """GET /runs/{run}/logs/{log}/stream?after=: the lines that follow, as they come."""
    log = logs.get(store, run_id=visit.number("run"), log_id=visit.number("log"))

    def read(after: int) -> LogPiece:
        return _piece(store, log, after)

    return LogStream(read=read, after=visit.after())


def _piece(store: Store, log: Log, after: int) -> LogPiece:
    # the state before the lines: what ends between the two looks is seen by the next one
    record = runs.find_record(store, log.run_id, log.record_id)
    is_over = record is None or record.state == "completed"
    lines = logs.read(store, log, start=after + 1, end=after + _AT_ONCE, with_times=False)
    last = after + len(lines)
    return LogPiece(
        lines=[wording.log_line(line) for line in lines], last=last,
        ended=is_over and not lines,
    )  # fmt: skip
