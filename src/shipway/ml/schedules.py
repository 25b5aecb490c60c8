"""Schedules: a trigger and the job that it submits.

Knows: documents. Must not know: HTTP, timers (`loop/schedule.py` sets them).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shipway.base.errors import BadInput, NotFound
from shipway.ml import triggers
from shipway.ml.entities import Entity
from shipway.ml.triggers import Trigger
from shipway.store.store import Store

KIND = "schedule"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Entity):
    """A schedule. `definition` is the job's ARM properties as sent; it is looked at anew each time
    it fires, so that `@latest` means the newest then. `last_job` is what it submitted last,
    `last_error` why it could not."""

    workspace: str
    name: str
    trigger: Mapping[str, Any]
    definition: Mapping[str, Any]
    is_enabled: bool = True
    display_name: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    last_job: str = ""
    last_fired: str = ""
    last_error: str = ""

    @property
    def key(self) -> str:
        """Its document key."""
        return f"{self.workspace}/{self.name}"

    @property
    def subject(self) -> str:
        """Its name in the journal, among timers and in lineage."""
        return f"schedule/{self.key}"

    @property
    def when(self) -> Trigger:
        """Its trigger."""
        lists = ("hours", "minutes", "week_days", "month_days")
        values: dict[str, Any] = dict(self.trigger)
        values |= {name: tuple(values[name]) for name in lists if name in values}
        return Trigger(**values)


def check(schedule: Schedule) -> None:
    """Raises `BadInput` for a name or trigger that Azure refuses."""
    if not _NAME.fullmatch(schedule.name):
        raise BadInput(
            f"The schedule name '{schedule.name}' is invalid.", code="UserError",
            where=schedule.name,
            hint="Up to 255 letters, digits, '-', '_' and '.', the first a letter or digit.",
        )  # fmt: skip
    triggers.check(schedule.when)


def find(store: Store, *, workspace: str, name: str) -> Schedule | None:
    """The schedule, or None."""
    document = store.documents.find(KIND, f"{workspace}/{name}")
    return Schedule.read(document) if document else None


def get(store: Store, *, workspace: str, name: str) -> Schedule:
    """The schedule. Raises `NotFound`."""
    schedule = find(store, workspace=workspace, name=name)
    if schedule is None:
        raise NotFound(
            f"The schedule '{name}' was not found.", code="UserError", where=name,
            hint="`shipway schedules` lists those that exist.",
        )  # fmt: skip
    return schedule


def list_all(store: Store, *, workspace: str) -> list[Schedule]:
    """The schedules of a workspace, the newest first."""
    rows = store.documents.list(KIND, prefix=f"{workspace}/", newest_first=True)
    return [Schedule.read(row) for row in rows]


def save(store: Store, schedule: Schedule) -> Schedule:
    """Write a schedule."""
    return Schedule.read(store.documents.put(KIND, schedule.key, schedule.body()))


def delete(store: Store, schedule: Schedule) -> None:
    """Remove a schedule."""
    store.documents.delete(KIND, schedule.key)
