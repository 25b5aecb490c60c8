"""Metric alert rules: when a number crosses a threshold, and what is then said.

Pure: a resource's properties in, a rule out; measured values in, a verdict out. Knows: nothing of
what is measured, nobody who is told.
Source: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-metric-overview
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shipway.base.errors import BadInput, NotSupported

TYPE = "Microsoft.Insights/metricAlerts"
FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
WINDOWS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
AGGREGATIONS = ("Average", "Count", "Minimum", "Maximum", "Total")
SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
MULTIPLE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"
# an alert that fired is over when its condition was not met so often in a row
CHECKS_TO_RESOLVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One comparison of a metric with a threshold."""

    name: str
    metric: str
    namespace: str
    operator: str
    threshold: float
    aggregation: str

    def is_met(self, value: float | None) -> bool:
        """Whether the measured value meets it; no data meets nothing."""
        if value is None:
            return False
        return {
            "Equals": value == self.threshold,
            "GreaterThan": value > self.threshold,
            "GreaterThanOrEqual": value >= self.threshold,
            "LessThan": value < self.threshold,
            "LessThanOrEqual": value <= self.threshold,
        }[self.operator]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A rule: all criteria together, looked at every `frequency` over the last `window`."""

    resource_id: str
    description: str
    severity: int
    is_enabled: bool
    scopes: tuple[str, ...]
    frequency: timedelta
    window: timedelta
    window_text: str
    kind: str
    criteria: tuple[Criterion, ...]
    action_groups: tuple[str, ...]
    is_stateful: bool
    properties: Mapping[str, str]

    @property
    def name(self) -> str:
        """The last part of its id."""
        return self.resource_id.rpartition("/")[2]


def read(resource_id: str, given: Mapping[str, Any]) -> AlertRule:
    """The rule that a resource's properties describe.

    Raises `BadInput` for what is missing or wrong and `NotSupported` for dynamic thresholds,
    dimensions and criteria on other things than metrics.
    """
    scopes = tuple(str(scope) for scope in given.get("scopes") or ())
    if not scopes:
        raise _bad("scopes", "The scopes property can not be empty")
    window = _choice(given, "windowSize", WINDOWS, "PT5M")
    frequency = _choice(given, "evaluationFrequency", FREQUENCIES, "PT1M")
    if _span(window) < _span(frequency):
        raise _bad("windowSize", "The window size must not be smaller than the frequency")
    severity = given.get("severity", 3)
    if not isinstance(severity, int) or not 0 <= severity <= 4:
        raise _bad("severity", "The severity must be a number from 0 to 4")
    criteria = given.get("criteria") or {}
    kind = str(criteria.get("odata.type", ""))
    if kind not in (SINGLE, MULTIPLE):
        raise NotSupported(
            f"alert criteria of type '{kind}' are not supported", code="CriteriaNotSupported",
            status=400, where="criteria.odata.type", hint=f"Supported: {SINGLE}, {MULTIPLE}.",
        )  # fmt: skip
    conditions = tuple(_criterion(one) for one in criteria.get("allOf") or ())
    if not conditions:
        raise _bad("criteria.allOf", "The criteria must have at least one condition")
    actions = given.get("actions") or ()
    return AlertRule(
        resource_id=resource_id, description=str(given.get("description") or ""),
        severity=severity, is_enabled=given.get("enabled") is not False, scopes=scopes,
        frequency=_span(frequency), window=_span(window), window_text=window, kind=kind,
        criteria=conditions, action_groups=tuple(str(a["actionGroupId"]) for a in actions),
        is_stateful=given.get("autoMitigate") is not False,
        properties={k: str(v) for a in actions
                    for k, v in (a.get("webHookProperties") or {}).items()},
    )  # fmt: skip


def _criterion(given: Mapping[str, Any]) -> Criterion:
    kind = given.get("criterionType", "StaticThresholdCriterion")
    if kind != "StaticThresholdCriterion":
        raise NotSupported(
            f"the criterion type '{kind}' is not supported", code="CriteriaNotSupported",
            status=400, where="criterionType", hint="Supported: StaticThresholdCriterion.",
        )  # fmt: skip
    if given.get("dimensions"):
        raise NotSupported(
            "dimensions of a metric are not told apart", code="CriteriaNotSupported", status=400,
            where="dimensions", hint="Leave them out: the whole resource is measured.",
        )  # fmt: skip
    threshold = given.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise _bad("threshold", "The threshold must be a number")
    metric = str(given.get("metricName") or "")
    if not metric:
        raise _bad("metricName", "The name of the metric is missing")
    return Criterion(
        name=str(given.get("name") or "Metric1"), metric=metric,
        namespace=str(given.get("metricNamespace") or ""),
        operator=_choice(given, "operator", OPERATORS, ""), threshold=float(threshold),
        aggregation=_choice(given, "timeAggregation", AGGREGATIONS, ""),
    )  # fmt: skip


def _choice(given: Mapping[str, Any], name: str, known: tuple[str, ...], default: str) -> str:
    text = str(given.get(name) or default)
    found = next((one for one in known if one.lower() == text.lower()), None)
    if found is None:
        raise _bad(name, f"'{text}' is not a value of {name}", f"Possible: {', '.join(known)}.")
    return found


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", text)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return timedelta(days=days, hours=hours, minutes=minutes)


def _bad(where: str, message: str, hint: str = "") -> BadInput:
    return BadInput(message, code="BadRequest", where=where, hint=hint)
