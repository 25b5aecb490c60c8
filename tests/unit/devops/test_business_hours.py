"""Windows of business hours: zones, nights, weekends, the days on which clocks change."""

from datetime import UTC, datetime

import pytest

from shipway.base.errors import BadInput
from shipway.devops import business_hours

WEEK = "Monday, Tuesday, Wednesday, Thursday, Friday"


def window(moment: str, *, days: str = WEEK, start: str = "08:00", end: str = "17:00",
           zone: str = "UTC") -> tuple[str, str, bool]:  # fmt: skip
    hours = business_hours.hours_of(
        {"businessDays": days, "startTime": start, "endTime": end, "timeZone": zone}
    )
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    found = business_hours.window_at(hours, at)
    return f"{found.opens_at:%d %H:%M}", f"{found.closes_at:%d %H:%M}", found.has(at)


@pytest.mark.parametrize(
    ("moment", "more", "expected"),
    [
        # 23 November 2026 is a Monday
        ("2026-11-23T08:00", {}, ("23 08:00", "23 17:00", True)),
        ("2026-11-23T07:59", {}, ("23 08:00", "23 17:00", False)),
        ("2026-11-23T17:00", {}, ("24 08:00", "24 17:00", False)),
        ("2026-11-27T18:00", {}, ("30 08:00", "30 17:00", False)),
        ("2026-11-23T02:00", {"start": "22:00", "end": "06:00"}, ("23 22:00", "24 06:00", False)),
        ("2026-11-24T02:00", {"start": "22:00", "end": "06:00"}, ("23 22:00", "24 06:00", True)),
        ("2026-11-23T10:00", {"days": "friday"}, ("27 08:00", "27 17:00", False)),
        ("2026-11-27T17:00", {"days": "Friday"}, ("04 08:00", "04 17:00", False)),
        (
            "2026-11-23T13:00",
            {"zone": "Eastern Standard Time"},
            ("23 13:00", "23 22:00", True),
        ),
        ("2026-11-22T23:30", {"zone": "Tokyo Standard Time"}, ("22 23:00", "23 08:00", True)),
        # the clock goes back on 25 October in Berlin: 08:00 is 06:00 UTC before, 07:00 after
        (
            "2026-10-24T00:00",
            {"zone": "W. Europe Standard Time", "days": "Saturday, Sunday"},
            ("24 06:00", "24 15:00", False),
        ),
        (
            "2026-10-25T00:00",
            {"zone": "Europe/Berlin", "days": "Saturday, Sunday"},
            ("25 07:00", "25 16:00", False),
        ),
    ],
)
def test_the_window_of_a_moment(
    moment: str, more: dict[str, str], expected: tuple[str, str, bool]
) -> None:
    assert window(moment, **more) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": ""}, {"days": "Mon"}, {"start": "24:00"}, {"end": "8"}, {"end": ""},
        {"zone": "Middle Earth Standard Time"},
    ],
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        window("2026-11-23T08:00", **wrong)
