"""Published test results: runs of tests with their cases.

Knows: documents. Must not know: HTTP, the formats that they come in.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shipway.devops import rows
from shipway.store.store import Store

_KIND = "published_tests"
Outcome = Literal["Passed", "Failed", "NotExecuted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One test case; `seconds` is how long it took, `message` why it failed."""

    name: str
    suite: str
    outcome: Outcome
    seconds: float
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTests:
    """The results that one step published."""

    run_id: int
    record_id: str
    title: str
    cases: tuple[CaseResult, ...]
    created_at: datetime

    def count(self, outcome: Outcome) -> int:
        """How many cases had that outcome."""
        return sum(1 for case in self.cases if case.outcome == outcome)


def publish(
    store: Store, *, run_id: int, record_id: str, title: str, cases: tuple[CaseResult, ...]
) -> PublishedTests:
    """Keep the results of a step; publishing again replaces them."""
    made = PublishedTests(
        run_id=run_id, record_id=record_id, title=title, cases=cases, created_at=store.clock.now()
    )
    store.documents.put(_KIND, f"{run_id:010}/{record_id}/{title}", rows.body_of(made))
    return made


def list_of(store: Store, *, run_id: int) -> list[PublishedTests]:
    """What was published for a run."""
    found = store.documents.list(_KIND, prefix=f"{run_id:010}/")
    return [rows.read(PublishedTests, d.body) for d in found]
