"""`azuredevops_branch_policy_build_validation`: a pipeline must succeed on a pull request."""

from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.resources.azuredevops import branch_policies
from shipway.terraform.resources.azuredevops.attributes import flag, number, text, texts


def expand(settings: Values) -> dict[str, Any]:
    """The settings as the service has them."""
    return {
        "buildDefinitionId": number(settings, "build_definition_id"),
        "displayName": text(settings, "display_name"),
        "manualQueueOnly": flag(settings, "manual_queue_only"),
        "queueOnSourceUpdateOnly": flag(settings, "queue_on_source_update_only"),
        "validDuration": number(settings, "valid_duration"),
        "filenamePatterns": texts(settings, "filename_patterns"),
    }


def flatten(told: dict[str, Any], before: Values) -> Values:
    """The attributes that settings say."""
    del before
    return {
        "build_definition_id": told.get("buildDefinitionId"),
        "display_name": told.get("displayName"),
        "manual_queue_only": bool(told.get("manualQueueOnly")),
        "queue_on_source_update_only": bool(told.get("queueOnSourceUpdateOnly")),
        "valid_duration": _whole(told.get("validDuration")),
        "filename_patterns": list(told.get("filenamePatterns") or []),
    }


def _whole(minutes: object) -> int:
    return int(minutes) if isinstance(minutes, int | float) else 0


RESOURCE = branch_policies.resource(
    branch_policies.PolicyKind(
        type_name="azuredevops_branch_policy_build_validation",
        policy_type="0609b952-1397-4640-95ec-e00a01b2c241",
        expand=expand,
        flatten=flatten,
    )
)
