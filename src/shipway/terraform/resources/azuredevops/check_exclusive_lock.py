"""`azuredevops_check_exclusive_lock`: one run at a time uses the resource."""

from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.resources.azuredevops import check_approval, checks


def expand(values: Values) -> dict[str, Any]:
    """It has no settings."""
    del values
    return {}


def flatten(settings: dict[str, Any]) -> Values:
    """It has no settings."""
    del settings
    return {}


RESOURCE = checks.resource(
    "azuredevops_check_exclusive_lock",
    checks.CheckKind(
        type_id="2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", expand=expand, flatten=flatten
    ),
    check_approval.timeout,
)
