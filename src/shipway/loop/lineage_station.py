"""One station of a chain of lineage, whichever world it belongs to."""

from dataclasses import dataclass
from typing import Literal

StationKind = Literal[
    "commit", "schedule", "run", "ml_job", "model_version", "promotion", "approval", "deployment"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One station. `is_found` False: `state` says why it is not there.

    `is_good`: what is there is as the chain needs it (completed, approved, serving). `page` is its
    page in the studio, `facts` what is worth knowing, by name.
    """

    kind: StationKind
    title: str
    state: str
    at: str = ""
    page: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    is_found: bool = True
    is_good: bool = True


def absent(kind: StationKind, why: str) -> Station:
    """A station that is not there, and why."""
    return Station(kind=kind, title="none yet", state=why, is_found=False, is_good=False)


def known(*facts: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """The facts that have a value."""
    return tuple((name, value) for name, value in facts if value)
