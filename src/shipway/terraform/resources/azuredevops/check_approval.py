"""`azuredevops_check_approval`: people who must agree before a stage uses the resource."""

from collections.abc import Iterable
from typing import Any

from shipway.terraform.resource import Problem, Values
from shipway.terraform.resources.azuredevops import checks
from shipway.terraform.resources.azuredevops.attributes import flag, number, text, texts
from shipway.terraform.resources.azuredevops.imports import is_guid

_LONGEST = 43_200  # 30 days in minutes


def expand(values: Values) -> dict[str, Any]:
    """The settings as the service has them."""
    return {
        "approvers": [{"id": one} for one in texts(values, "approvers")],
        "instructions": text(values, "instructions"),
        "minRequiredApprovers": number(values, "minimum_required_approvers"),
        "requesterCannotBeApprover": not flag(values, "requester_can_approve"),
    }


def flatten(settings: dict[str, Any]) -> Values:
    """The attributes that settings say."""
    shown: Values = {
        "approvers": [one["id"] for one in settings.get("approvers") or []],
        "requester_can_approve": not settings.get("requesterCannotBeApprover", False),
    }
    if "instructions" in settings:
        shown["instructions"] = settings["instructions"]
    if "minRequiredApprovers" in settings:
        shown["minimum_required_approvers"] = settings["minRequiredApprovers"]
    return shown


def problems(config: Values) -> Iterable[Problem]:
    """Approvers are ids, the timeout is at most 30 days."""
    for index, one in enumerate(texts(config, "approvers")):
        if not is_guid(one):
            yield Problem(
                f"approvers.{index}", f'expected "approvers.{index}" to be a valid UUID, got {one}'
            )
    yield from timeout(config)


def timeout(config: Values, longest: int = _LONGEST) -> Iterable[Problem]:
    """A timeout outside of what is possible."""
    minutes = config.get("timeout")
    if isinstance(minutes, int | float) and not 1 <= minutes <= longest:
        yield Problem(
            "timeout", f"expected timeout to be in the range (1 - {longest}), got {minutes}"
        )


RESOURCE = checks.resource(
    "azuredevops_check_approval",
    checks.CheckKind(
        type_id="8c6f20a7-a545-4486-9777-f762fafe0d4d",
        type_name="Approval",
        expand=expand,
        flatten=flatten,
    ),
    problems,
)
