"""Published code coverage: how much of what kind a run's tests have reached.

Knows: documents. Must not know: HTTP, the formats that it comes in.
"""

from dataclasses import dataclass
from datetime import datetime

from shipway.devops import rows
from shipway.store.store import Store

_KIND = "published_coverage"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageCount:
    """How many of `total` things (lines, branches...) are covered."""

    label: str
    covered: int
    total: int

    def percent(self) -> float:
        """The share, from 0 to 100; nothing at all counts as 0."""
        return 100.0 * self.covered / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCoverage:
    """What one job published; `tool` names the format, `files` how many were summed."""

    run_id: int
    record_id: str
    tool: str
    files: int
    counts: tuple[CoverageCount, ...]
    created_at: datetime


def publish(
    store: Store, *, run_id: int, record_id: str, tool: str, files: int,
    counts: tuple[CoverageCount, ...],
) -> PublishedCoverage:  # fmt: skip
    """Keep the coverage of a job; publishing again replaces it."""
    made = PublishedCoverage(
        run_id=run_id, record_id=record_id, tool=tool, files=files, counts=counts,
        created_at=store.clock.now(),
    )  # fmt: skip
    store.documents.put(_KIND, f"{run_id:010}/{record_id}/{tool}", rows.body_of(made))
    return made


def list_of(store: Store, *, run_id: int) -> list[PublishedCoverage]:
    """What was published for a run."""
    found = store.documents.list(_KIND, prefix=f"{run_id:010}/")
    return [rows.read(PublishedCoverage, d.body) for d in found]


def summed(parts: list[tuple[CoverageCount, ...]]) -> tuple[CoverageCount, ...]:
    """The counts of several files, added up by their labels."""
    totals: dict[str, tuple[int, int]] = {}
    for counts in parts:
        for one in counts:
            covered, total = totals.get(one.label, (0, 0))
            totals[one.label] = (covered + one.covered, total + one.total)
    return tuple(
        CoverageCount(label=label, covered=covered, total=total)
        for label, (covered, total) in totals.items()
    )
