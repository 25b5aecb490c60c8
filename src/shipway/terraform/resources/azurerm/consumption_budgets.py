"""Budgets of a resource group and of the subscription. Nothing here costs anything, so that none
is ever reached.

Source: azurerm's internal/services/consumption/consumption_budget_base.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_ids import IdShape
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.mapping import (
    Block,
    Field,
    Mapped,
    at,
    expand,
    flatten,
    lay,
)

NOTIFICATION: tuple[Mapped, ...] = (
    Field("enabled", "enabled", absent=True),
    Field("operator", "operator"),
    Field("threshold", "threshold", from_wire=int),
    Field("threshold_type", "thresholdType", absent="Actual"),
    Field("contact_emails", "contactEmails"),
    Field("contact_groups", "contactGroups"),
    Field("contact_roles", "contactRoles"),
)


@dataclass(frozen=True, slots=True)
class _Notifications:
    """The blocks `notification`, which travel as an object whose keys are made of their values."""

    @property
    def names(self) -> tuple[str, ...]:
        return ("notification",)

    def put(self, values: Values, body: dict[str, Any]) -> None:
        made = {}
        for one in values.get("notification") or ():
            kind, limit = one["threshold_type"].lower(), float(one["threshold"])
            content = {"contactEmails": [], **expand(NOTIFICATION, one)}
            made[f"{kind}_{one['operator']}_{limit:f}_Percent"] = content
        lay(body, "properties.notifications", made)

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        found = at(answer, "properties.notifications") or {}
        into["notification"] = [flatten(NOTIFICATION, one) for one in found.values()]


_FILTER_ROWS = (
    Field("name", "name"),
    Field("operator", "operator", absent="In"),
    Field("values", "values"),
)


@dataclass(frozen=True, slots=True)
class _Filter:
    """The block `filter`: one condition as it is, several joined by `and`."""

    @property
    def names(self) -> tuple[str, ...]:
        return ("filter",)

    def put(self, values: Values, body: dict[str, Any]) -> None:
        given = (values.get("filter") or [None])[0]
        if not given:
            return
        parts = [
            {"dimensions" if kind == "dimension" else "tags": expand(_FILTER_ROWS, one)}
            for kind in ("dimension", "tag")
            for one in given.get(kind) or ()
        ]
        lay(body, "properties.filter", parts[0] if len(parts) == 1 else {"and": parts})

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        found = at(answer, "properties.filter") or {}
        parts = found.get("and") or ([found] if found else [])
        made: Values = {"dimension": [], "tag": []}
        for one in parts:
            for kind, word in (("dimension", "dimensions"), ("tag", "tags")):
                if one.get(word):
                    made[kind].append(flatten(_FILTER_ROWS, one[word]))
        into["filter"] = [made] if parts else []


def _complete(calls: Calls, values: Values, body: Body) -> None:
    del calls, values
    body["properties"]["category"] = "Cost"


def _amount(value: float) -> float:
    return int(value) if float(value).is_integer() else value


_ROWS: tuple[Mapped, ...] = (
    Field("amount", "properties.amount", from_wire=_amount),
    Field("time_grain", "properties.timeGrain"),
    Block(
        "time_period",
        "properties.timePeriod",
        (Field("start_date", "startDate"), Field("end_date", "endDate")),
    ),
    Field("etag", "eTag"),
    _Notifications(),
    _Filter(),
)
_RULES: dict[str, rules.Rule] = {
    "name": rules.matches(
        r"[-_a-zA-Z0-9]{1,63}",
        "invalid value for {path} (The consumption budget name can contain only letters, numbers, "
        "underscores, and hyphens. The consumption budget name be between 1 and 63 characters "
        "long.)",
    ),
    "amount": rules.at_least(1, form="f"),
    "time_period.start_date": rules.month_start,
    "time_period.end_date": rules.rfc3339,
    "notification.threshold": rules.between(0, 1000),
    "notification.contact_groups": rules.each(rules.id_of(arm_ids.ACTION_GROUP)),
}


def _noun(scope: str, place: IdShape) -> ArmNoun:
    """Budgets of this kind of scope, whose id stands in the attribute `<scope>_id`."""
    return ArmNoun(
        type_name=f"azurerm_consumption_budget_{scope}",
        shape=IdShape(
            "Budget", f"{place.template}/providers/Microsoft.Consumption/budgets/{{name}}"
        ),
        api_version="2019-10-01",
        parts={"name": "name"},
        parent=(f"{scope}_id", place),
        rows=_ROWS,
        rules={f"{scope}_id": rules.id_of(place), **_RULES},
        complete=_complete,
    )


NOUN = _noun("resource_group", arm_ids.RESOURCE_GROUP)
OF_SUBSCRIPTION = _noun("subscription", arm_ids.SUBSCRIPTION)
RESOURCES: tuple[TerraformResource, ...] = (resource_of(NOUN), resource_of(OF_SUBSCRIPTION))
