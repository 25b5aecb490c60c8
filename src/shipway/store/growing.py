"""Narrow tables for what only grows: metric points, refusals, requests of endpoints, edges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipway.base.clock import Clock, parse_timestamp, timestamp
from shipway.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """A metric's value at a step; `at` in Unix milliseconds, as MLflow has it."""

    key: str
    value: float
    step: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that shipway refused by name."""

    at: datetime
    protocol: str
    method: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRequest:
    """One scoring request. `mirrored` ones were copies that no caller saw."""

    endpoint: str
    deployment: str
    at: datetime
    status: int
    milliseconds: float
    mirrored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`source` has `relation` to `target`; each a key such as `run/12` or `model/<ws>/<n>/<v>`."""

    source: str
    relation: str
    target: str


class Growing:
    """Appends and reads; rows are never changed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add_metrics(self, tracking_run: str, points: Sequence[MetricPoint]) -> None:
        """Append metric points of a run."""
        with self._database.transaction() as sql:
            # repr keeps NaN and infinities, which SQLite's REAL turns into NULL
            sql.executemany(
                "INSERT INTO metric_points (tracking_run, key, value, step, at) VALUES (?,?,?,?,?)",
                [(tracking_run, p.key, repr(p.value), p.step, p.at) for p in points],
            )

    def metrics(self, tracking_run: str, key: str | None = None) -> Sequence[MetricPoint]:
        """Metric points of a run in the order of their arrival."""
        rows = self._database.read().execute(
            "SELECT * FROM metric_points WHERE tracking_run = ? AND (? IS NULL OR key = ?)"
            " ORDER BY number",
            (tracking_run, key, key),
        )
        return [
            MetricPoint(key=r["key"], value=float(r["value"]), step=r["step"], at=r["at"])
            for r in rows.fetchall()
        ]

    def latest_metrics(self, tracking_run: str) -> Sequence[MetricPoint]:
        """The last point of each metric of a run: of the highest step the one that came last."""
        rows = self._database.read().execute(
            "SELECT p.* FROM metric_points p JOIN (SELECT key, max(step) AS step FROM metric_points"
            " WHERE tracking_run = ? GROUP BY key) t ON p.key = t.key AND p.step = t.step"
            " WHERE p.tracking_run = ? ORDER BY p.number",
            (tracking_run, tracking_run),
        )
        last = {
            r["key"]: MetricPoint(
                key=r["key"], value=float(r["value"]), step=r["step"], at=r["at"]
            )
            for r in rows.fetchall()
        }  # fmt: skip
        return list(last.values())

    def add_refusal(self, *, protocol: str, method: str, target: str, reason: str) -> None:
        """Remember a refused request for `shipway status`."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO refusals (at, protocol, method, target, reason) VALUES (?,?,?,?,?)",
                (timestamp(self._clock.now()), protocol, method, target[:500], reason[:500]),
            )

    def refusals(self, *, limit: int = 20) -> Sequence[Refusal]:
        """The newest refusals first."""
        rows = self._database.read().execute(
            "SELECT * FROM refusals ORDER BY number DESC LIMIT ?", (limit,)
        )
        return [
            Refusal(
                at=parse_timestamp(r["at"]), protocol=r["protocol"], method=r["method"],
                target=r["target"], reason=r["reason"],
            )
            for r in rows.fetchall()
        ]  # fmt: skip

    def add_requests(self, requests: Sequence[EndpointRequest]) -> None:
        """Append scoring requests, many at a time."""
        with self._database.transaction() as sql:
            sql.executemany(
                "INSERT INTO requests (endpoint, deployment, at, status, milliseconds, mirrored)"
                " VALUES (?,?,?,?,?,?)",
                [
                    (
                        r.endpoint,
                        r.deployment,
                        timestamp(r.at),
                        r.status,
                        r.milliseconds,
                        r.mirrored,
                    )
                    for r in requests
                ],
            )

    def requests(self, endpoint: str, *, limit: int = 50) -> Sequence[EndpointRequest]:
        """The newest requests of an endpoint first."""
        rows = self._database.read().execute(
            "SELECT * FROM requests WHERE endpoint = ? ORDER BY number DESC LIMIT ?",
            (endpoint, limit),
        )
        return [_request(row) for row in rows.fetchall()]

    def requests_since(self, endpoint: str, moment: datetime) -> Sequence[EndpointRequest]:
        """Requests of an endpoint from `moment` on, newest first; reads no further back."""
        first, found = timestamp(moment), []
        for row in self._database.read().execute(
            "SELECT * FROM requests WHERE endpoint = ? ORDER BY number DESC", (endpoint,)
        ):
            if row["at"] < first:
                break
            found.append(_request(row))
        return found

    def add_edge(self, source: str, relation: str, target: str) -> None:
        """Note a relation; noting it again does nothing."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT OR IGNORE INTO edges (source, relation, target, at) VALUES (?,?,?,?)",
                (source, relation, target, timestamp(self._clock.now())),
            )

    def edges_from(self, source: str) -> Sequence[Edge]:
        """Relations that start at `source`."""
        rows = self._database.read().execute(
            "SELECT * FROM edges WHERE source = ? ORDER BY at", (source,)
        )
        return [_edge(row) for row in rows.fetchall()]

    def edges_to(self, target: str) -> Sequence[Edge]:
        """Relations that end at `target`."""
        rows = self._database.read().execute(
            "SELECT * FROM edges WHERE target = ? ORDER BY at", (target,)
        )
        return [_edge(row) for row in rows.fetchall()]


def _request(row: Mapping[str, Any]) -> EndpointRequest:
    return EndpointRequest(
        endpoint=row["endpoint"], deployment=row["deployment"], at=parse_timestamp(row["at"]),
        status=row["status"], milliseconds=row["milliseconds"], mirrored=bool(row["mirrored"]),
    )  # fmt: skip


def _edge(row: dict[str, str]) -> Edge:
    return Edge(source=row["source"], relation=row["relation"], target=row["target"])
