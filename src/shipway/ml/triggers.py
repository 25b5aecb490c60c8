"""When a schedule fires: cron expressions and recurrences, in their own time zone.

Pure: a trigger and a moment in, the next moment out. A start in the past is fine, as on Azure:
it is what intervals are counted from. Source:
https://learn.microsoft.com/azure/machine-learning/how-to-schedule-pipeline-job
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from shipway.base import time_zones
from shipway.base.errors import BadInput

FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month")
WEEK_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SECONDS = {"Minute": 60, "Hour": 3600}
# a pattern that names the 31st of February never fires; this many periods are looked through
_MOST_PERIODS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A cron or recurrence trigger as sent: local times without a zone are in `time_zone`."""

    kind: Literal["Cron", "Recurrence"]
    expression: str = ""
    frequency: str = ""
    interval: int = 1
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    week_days: tuple[str, ...] = ()
    month_days: tuple[int, ...] = ()
    start_time: str = ""
    end_time: str = ""
    time_zone: str = "UTC"
    extra: Mapping[str, Any] = field(default_factory=dict)


def check(trigger: Trigger) -> None:
    """Raises `BadInput` for what Azure refuses, naming the field."""
    _zone(trigger.time_zone)
    for name, text in (("startTime", trigger.start_time), ("endTime", trigger.end_time)):
        _moment(trigger, text, name)
    if trigger.kind == "Cron":
        _check_cron(trigger.expression)
        return
    if trigger.frequency not in FREQUENCIES:
        raise _wrong("frequency", trigger.frequency, f"Possible: {', '.join(FREQUENCIES)}.")
    if trigger.interval < 1:
        raise _wrong("interval", str(trigger.interval), "Send a number from 1.")
    for name, values, most in (("hours", trigger.hours, 23), ("minutes", trigger.minutes, 59)):
        if any(not 0 <= value <= most for value in values):
            raise _wrong(f"schedule.{name}", str(list(values)), f"Numbers from 0 to {most}.")
    if any(day not in WEEK_DAYS for day in trigger.week_days):
        hint = f"Possible: {', '.join(WEEK_DAYS)}."
        raise _wrong("schedule.weekDays", str(list(trigger.week_days)), hint)
    if any(not 1 <= day <= 31 for day in trigger.month_days):
        raise _wrong("schedule.monthDays", str(list(trigger.month_days)), "Numbers from 1 to 31.")


def next_after(trigger: Trigger, moment: datetime, *, created_at: datetime) -> datetime | None:
    """The first time to fire after `moment` (UTC); None when there is none any more."""
    start = _moment(trigger, trigger.start_time, "startTime") or created_at
    end = _moment(trigger, trigger.end_time, "endTime")
    if trigger.kind == "Cron":
        following = _next_cron(trigger, max(moment, start))
    elif trigger.frequency in _SECONDS:
        following = _next_interval(trigger, moment, start)
    else:
        following = _next_calendar(trigger, moment, start)
    return None if following is None or (end and following > end) else following


def _check_cron(expression: str) -> None:
    if len(expression.split()) != 5:
        hint = "Five fields: minute, hour, day, month, day of the week."
        raise _wrong("expression", expression, hint)
    try:
        next(CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        hint = f"{str(error) or 'It never fires'}. For example '0 6 * * MON' (Mondays at 6:00)."
        raise _wrong("expression", expression, hint) from None


def _next_cron(trigger: Trigger, after: datetime) -> datetime | None:
    local = after.astimezone(_zone(trigger.time_zone))
    found = next(CronSim(trigger.expression, local), None)
    return found.astimezone(UTC) if found else None


def _next_interval(trigger: Trigger, moment: datetime, start: datetime) -> datetime:
    step = _SECONDS[trigger.frequency] * trigger.interval
    if moment < start:
        return start
    passed = int((moment - start).total_seconds() // step)
    return start + timedelta(seconds=step * (passed + 1))


def _next_calendar(trigger: Trigger, moment: datetime, start: datetime) -> datetime | None:
    zone = _zone(trigger.time_zone)
    first = start.astimezone(zone)
    times = sorted(
        time(hour, minute)
        for hour in trigger.hours or (first.hour,)
        for minute in trigger.minutes or (first.minute,)
    )
    second = 0 if trigger.hours or trigger.minutes else first.second
    for day in _days(trigger, first.date(), moment.astimezone(zone).date()):
        for at in times:
            local = datetime.combine(day, at.replace(second=second), tzinfo=zone)
            found = local.astimezone(UTC)
            if found > moment and found >= start:
                return found
    return None


def _days(trigger: Trigger, first: date, today: date) -> Iterator[date]:
    """Days on which it fires, from just before `today` on."""
    if trigger.frequency == "Day":
        skipped = max((today - first).days // trigger.interval - 1, 0)
        for turn in range(skipped, skipped + _MOST_PERIODS):
            yield first + timedelta(days=turn * trigger.interval)
    elif trigger.frequency == "Week":
        monday = first - timedelta(days=first.weekday())
        wanted = sorted(WEEK_DAYS.index(day) for day in trigger.week_days) or [first.weekday()]
        skipped = max((today - monday).days // 7 // trigger.interval - 1, 0)
        for turn in range(skipped, skipped + _MOST_PERIODS):
            for day in wanted:
                yield monday + timedelta(weeks=turn * trigger.interval, days=day)
    else:
        months = (today.year - first.year) * 12 + today.month - first.month
        skipped = max(months // trigger.interval - 1, 0)
        for turn in range(skipped, skipped + _MOST_PERIODS):
            month = first.month - 1 + turn * trigger.interval
            for day in sorted(trigger.month_days) or [first.day]:
                try:
                    yield date(first.year + month // 12, month % 12 + 1, day)
                except ValueError:
                    continue  # this month has no such day


def _moment(trigger: Trigger, text: str, name: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise _wrong(name, text, "Send 2026-01-31T10:00:00, in the trigger's time zone.") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=_zone(trigger.time_zone))
    return found.astimezone(UTC)


def _wrong(name: str, value: str, hint: str) -> BadInput:
    return BadInput(
        f"'{value}' is not a valid value of the trigger's {name}.", code="UserError",
        where=f"properties.trigger.{name}", hint=hint,
    )  # fmt: skip


def _zone(name: str) -> ZoneInfo:
    return time_zones.zone(name, where="properties.trigger.timeZone")
