"""`azuredevops_check_branch_control`: only runs of certain branches may use the resource."""

from collections.abc import Iterable
from typing import Any

from shipway.terraform.resource import Problem, Values
from shipway.terraform.resources.azuredevops import check_approval, checks
from shipway.terraform.resources.azuredevops.attributes import flag, text

_TASK = "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b"
_LONGEST = 2_147_483_647


def expand(values: Values) -> dict[str, Any]:
    """The settings as the service has them."""
    verified = flag(values, "verify_branch_protection")
    inputs = {
        "allowedBranches": text(values, "allowed_branches"),
        "ensureProtectionOfBranch": checks.as_words(verified),
    }
    if verified:
        unknown = flag(values, "ignore_unknown_protection_status")
        inputs["allowUnknownStatusBranch"] = checks.as_words(unknown)
    return checks.of_task(_TASK, "evaluatebranchProtection", inputs, text(values, "display_name"))


def flatten(settings: dict[str, Any]) -> Values:
    """The attributes that settings say."""
    inputs = settings.get("inputs") or {}
    return {
        "display_name": settings.get("displayName"),
        "allowed_branches": inputs.get("allowedBranches"),
        "verify_branch_protection": _true(inputs.get("ensureProtectionOfBranch")),
        "ignore_unknown_protection_status": _true(inputs.get("allowUnknownStatusBranch")),
    }


def problems(config: Values) -> Iterable[Problem]:
    """The timeout fits."""
    return check_approval.timeout(config, _LONGEST)


def _true(word: object) -> bool:
    return str(word).lower() == "true"


RESOURCE = checks.resource(
    "azuredevops_check_branch_control",
    checks.CheckKind(type_id=checks.TASK_CHECK, task=_TASK, expand=expand, flatten=flatten),
    problems,
)
