"""Runs as the owner's API tells of them, made by hand; and a server that tells a row of them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from shipway.base.clock import FrozenClock, timestamp
from shipway.client.session import ServerSaid

START = FrozenClock().now()


def at(seconds: float) -> str:
    return timestamp(START + timedelta(seconds=seconds))


def record(
    kind: str, name: str, parent: str = "", *, begun: float = 0.0, ended: float | None = 1.0,
    **facts: Any,
) -> dict[str, Any]:  # fmt: skip
    """A record that succeeded after a second, unless it is said otherwise; its id is its name."""
    return {
        "record_id": name, "parent_id": parent or None, "kind": kind, "name": name,
        "ref_name": name, "state": "completed" if ended is not None else "inProgress",
        "result": "succeeded" if ended is not None else None, "started_at": at(begun),
        "finished_at": None if ended is None else at(ended), "log_id": None, "issues": [],
        "reason": "", **facts,
    }  # fmt: skip


def run(*records: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
    return {
        "run_id": 3, "pipeline": "p", "project": "ml", "name": "n", "state": "inProgress",
        "result": None, "branch": "main", "commit": "c" * 40, "reason": "manual",
        "requested_for": "dana", "records": list(records), "approvals": [], "permissions": [],
        "tests": [], "coverage": [], "artifacts": [], "page": "/runs/3", "diagnostics": [],
        "local": None, **facts,
    }  # fmt: skip


class Told:
    """Answers as a `Session` does: runs one after another (the last again and again), and logs."""

    def __init__(self, runs: Sequence[Mapping[str, Any]] = (), **logs: list[str]) -> None:
        self.runs = list(runs)
        self.logs = logs
        self.posted: list[tuple[str, Any]] = []
        self.refused: set[str] = set()

    def get(self, path: str) -> Any:
        if "/logs/" not in path:
            return self.runs.pop(0) if len(self.runs) > 1 else self.runs[0]
        name, _, query = path.rpartition("/")[2].partition("?")
        lines = self.logs[f"log{name}"]
        kind, _, number = query.partition("=")
        kept = lines[-int(number) :] if kind == "tail" else lines[int(number) :]
        return {"lines": kept, "last": len(lines), "ended": True}

    def post(self, path: str, body: Any = None) -> Any:
        self.posted.append((path, body))
        if path in self.refused:
            raise ServerSaid("you may not", code="No", status=403)
        return {}
