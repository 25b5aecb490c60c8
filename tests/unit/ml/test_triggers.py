"""When schedules fire."""

from datetime import UTC, datetime

import pytest

from shipway.base.errors import BadInput
from shipway.ml import triggers
from shipway.ml.triggers import Trigger

CREATED = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)  # a Monday


def following(
    trigger: Trigger, year: int, month: int, day: int, hour: int = 0, minute: int = 0
) -> str | None:
    moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
    found = triggers.next_after(trigger, moment, created_at=CREATED)
    return found.strftime("%Y-%m-%d %H:%M") if found else None


def recurrence(frequency: str, **more: object) -> Trigger:
    return Trigger(kind="Recurrence", frequency=frequency, **more)  # type: ignore[arg-type]


def test_cron_fires_in_its_own_time_zone_on_both_sides_of_the_change_of_clocks() -> None:
    trigger = Trigger(
        kind="Cron", expression="0 6 * * *", time_zone="W. Europe Standard Time"
    )  # fmt: skip
    assert following(trigger, 2026, 3, 28, 0, 0) == "2026-03-28 05:00"
    assert following(trigger, 2026, 3, 29, 0, 0) == "2026-03-29 04:00"


def test_cron_waits_for_a_start_in_the_future_and_stops_at_its_end() -> None:
    trigger = Trigger(
        kind="Cron", expression="0 * * * *", start_time="2026-03-05T10:30:00",
        end_time="2026-03-05T11:30:00",
    )  # fmt: skip
    assert following(trigger, 2026, 3, 2, 9, 0) == "2026-03-05 11:00"
    assert following(trigger, 2026, 3, 5, 11, 0) is None


def test_an_interval_is_counted_from_a_start_in_the_past() -> None:
    trigger = recurrence("Minute", interval=7, start_time="2022-01-01T00:00:00")
    first = triggers.next_after(trigger, CREATED, created_at=CREATED)
    assert first is not None
    passed = (first - datetime(2022, 1, 1, tzinfo=UTC)).total_seconds()
    assert passed % (7 * 60) == 0
    assert 0 < (first - CREATED).total_seconds() <= 7 * 60


def test_a_daily_pattern_fires_at_each_hour_and_minute() -> None:
    trigger = recurrence("Day", hours=(10, 22), minutes=(0, 30), start_time="2022-01-01T00:00:00")
    assert following(trigger, 2026, 3, 2, 9, 0) == "2026-03-02 10:00"
    assert following(trigger, 2026, 3, 2, 10, 0) == "2026-03-02 10:30"
    assert following(trigger, 2026, 3, 2, 22, 30) == "2026-03-03 10:00"


def test_every_third_day_keeps_its_rhythm() -> None:
    trigger = recurrence("Day", interval=3, start_time="2026-03-01T12:00:00")
    assert following(trigger, 2026, 3, 1, 12, 0) == "2026-03-04 12:00"
    assert following(trigger, 2026, 3, 5, 0, 0) == "2026-03-07 12:00"


def test_a_weekly_pattern_fires_on_its_days_in_every_second_week() -> None:
    trigger = recurrence(
        "Week", interval=2, week_days=("Friday", "Tuesday"), hours=(9,), minutes=(0,),
        start_time="2026-03-02T00:00:00",
    )  # fmt: skip
    assert following(trigger, 2026, 3, 2, 9, 0) == "2026-03-03 09:00"
    assert following(trigger, 2026, 3, 3, 9, 0) == "2026-03-06 09:00"
    assert following(trigger, 2026, 3, 6, 9, 0) == "2026-03-17 09:00"


def test_a_monthly_pattern_leaves_out_months_without_the_day() -> None:
    trigger = recurrence("Month", month_days=(31,), start_time="2026-01-31T07:15:00")
    assert following(trigger, 2026, 2, 1, 0, 0) == "2026-03-31 07:15"
    assert following(trigger, 2026, 3, 31, 8, 0) == "2026-05-31 07:15"


@pytest.mark.parametrize(
    ("trigger", "place"),
    [
        (Trigger(kind="Cron", expression="61 * * * *"), "expression"),
        (Trigger(kind="Cron", expression="* * *"), "expression"),
        (Trigger(kind="Cron", expression="0 0 30 2 *"), "expression"),
        (Trigger(kind="Cron", expression="0 0 * * *", time_zone="Middle Earth"), "timeZone"),
        (recurrence("Fortnight"), "frequency"),
        (recurrence("Day", interval=0), "interval"),
        (recurrence("Day", hours=(24,)), "schedule.hours"),
        (recurrence("Week", week_days=("Caturday",)), "schedule.weekDays"),
        (recurrence("Day", start_time="tomorrow"), "startTime"),
    ],
)
def test_a_wrong_trigger_is_refused_with_its_field_named(trigger: Trigger, place: str) -> None:
    with pytest.raises(BadInput) as caught:
        triggers.check(trigger)
    assert caught.value.where == f"properties.trigger.{place}"
    assert caught.value.hint
