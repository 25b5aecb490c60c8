"""Business hours: in which windows of the week a stage may use a resource.

Pure: settings and a moment in, the window out. A window that ends before it begins runs past
midnight and belongs to the day on which it begins.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals#business-hours
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shipway.base import time_zones
from shipway.base.errors import BadInput
from shipway.base.messages import Json

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_WHERE = "settings.inputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """Days of the week (0 is Monday), times of the day, and the zone that they are in."""

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One stretch of business hours, in UTC; the end does not belong to it."""

    opens_at: datetime
    closes_at: datetime

    def has(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.opens_at <= moment < self.closes_at


def hours_of(inputs: Mapping[str, Json]) -> BusinessHours:
    """The hours that the inputs of a check say. Raises `BadInput` naming the input."""
    return BusinessHours(
        days=_days(inputs.get("businessDays")), start=_time(inputs, "startTime"),
        end=_time(inputs, "endTime"),
        zone=time_zones.zone(str(inputs.get("timeZone") or "UTC"), where=f"{_WHERE}.timeZone"),
    )  # fmt: skip


def window_at(hours: BusinessHours, moment: datetime) -> Window:
    """The window that `moment` lies in, else the next one."""
    today = moment.astimezone(hours.zone).date()
    for number in range(-1, 9):  # yesterday's may run past midnight
        day = today + timedelta(days=number)
        if day.weekday() in hours.days:
            window = _window(hours, day)
            if moment < window.closes_at:
                return window
    raise AssertionError("a week has every day")  # pragma: no cover


def shown(hours: BusinessHours) -> str:
    """The hours in words."""
    days = ", ".join(DAYS[number].title() for number in sorted(hours.days))
    return f"{days} {hours.start:%H:%M}-{hours.end:%H:%M} {hours.zone.key}"


def _window(hours: BusinessHours, day: date) -> Window:
    last = day if hours.end > hours.start else day + timedelta(days=1)
    return Window(
        opens_at=datetime.combine(day, hours.start, hours.zone).astimezone(UTC),
        closes_at=datetime.combine(last, hours.end, hours.zone).astimezone(UTC),
    )


def _days(told: Json) -> frozenset[int]:
    words = [word.strip().lower() for word in str(told or "").split(",") if word.strip()]
    wrong = [word for word in words if word not in DAYS]
    if wrong or not words:
        raise BadInput(
            f"the business days '{str(told or '')[:100]}' are not days of the week",
            code="InvalidCheckConfigurationException", where=f"{_WHERE}.businessDays",
            hint="Give a comma separated list such as Monday, Tuesday.",
        )  # fmt: skip
    return frozenset(DAYS.index(word) for word in words)


def _time(inputs: Mapping[str, Json], name: str) -> time:
    text = str(inputs.get(name) or "").strip()
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise BadInput(
            f"the time '{text[:40]}' is not one of a day of 24 hours",
            code="InvalidCheckConfigurationException", where=f"{_WHERE}.{name}",
            hint="Give it such as 08:30.",
        )  # fmt: skip
    return time(int(found[1]), int(found[2]))
