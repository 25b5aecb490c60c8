"""`azuredevops_check_business_hours`: stages use the resource at certain times only."""

import re
from collections.abc import Iterable
from typing import Any

from shipway.terraform.resource import Problem, Values
from shipway.terraform.resources.azuredevops import check_approval, checks
from shipway.terraform.resources.azuredevops.attributes import flag, text

_TASK = "445fde2f-6c39-441c-807f-8a59ff2e075f"
_LONGEST = 2_147_483_647
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]")


def expand(values: Values) -> dict[str, Any]:
    """The settings as the service has them."""
    inputs = {
        "businessDays": ", ".join(day.title() for day in _DAYS if flag(values, day)),
        "startTime": text(values, "start_time"),
        "endTime": text(values, "end_time"),
        "timeZone": text(values, "time_zone"),
    }
    return checks.of_task(_TASK, "evaluateBusinessHours", inputs, text(values, "display_name"))


def flatten(settings: dict[str, Any]) -> Values:
    """The attributes that settings say."""
    inputs = settings.get("inputs") or {}
    days = str(inputs.get("businessDays", ""))
    return {
        "display_name": settings.get("displayName"),
        "start_time": inputs.get("startTime"),
        "end_time": inputs.get("endTime"),
        "time_zone": inputs.get("timeZone"),
        **{day: day.title() in days for day in _DAYS},
    }


def problems(config: Values) -> Iterable[Problem]:
    """Times are such as 08:30."""
    for name in ("start_time", "end_time"):
        if text(config, name) and _CLOCK.fullmatch(text(config, name)) is None:
            yield Problem(
                name, f"invalid value for {name} (Must be a 24 hour time with leading zeros)"
            )
    yield from check_approval.timeout(config, _LONGEST)


RESOURCE = checks.resource(
    "azuredevops_check_business_hours",
    checks.CheckKind(type_id=checks.TASK_CHECK, task=_TASK, expand=expand, flatten=flatten),
    problems,
)
