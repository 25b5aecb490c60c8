"""What travels the loop: events (past tense, they happened) and instructions (imperative)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = Any  # any value that JSON can carry; narrowed where it is read


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. `kind` is a past-tense name such as `RunQueued`.

    `subject` is the key of what it happened to (`run/12`, `job/<workspace>/<name>`), `data`
    holds the facts, `at` the time. `number` is the journal's own and 0 before it is written.
    """

    kind: str
    subject: str
    at: datetime
    data: Mapping[str, Json] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """Something to do, decided by a pure engine and done by its station in `loop/`."""

    kind: str
    subject: str
    data: Mapping[str, Json] = field(default_factory=dict)
