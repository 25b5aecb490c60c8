"""Values for every attribute of a type, made from its schema: each other than its default."""

import json
from importlib import resources
from typing import Any

from shipway.terraform.resources.azurerm import arm_ids
from shipway.terraform.resources.azurerm.arm_ids import IdShape

SCHEMAS: dict[str, Any] = json.loads(
    (resources.files("shipway.terraform") / "schemas" / "azurerm.json").read_text()
)
GUID = "11111111-2222-3333-4444-555555555555"


def example(shape: IdShape) -> str:
    """An id of this shape, with names that the services accept."""
    text = shape.example
    for word in ("name", "container", "child"):
        text = text.replace(f"{word}Value", f"{word}0")
    return text


# what no schema can say: texts that the rules hold to a form
TEXTS: dict[str, Any] = {
    "account_tier": "Standard", "sku_name": "standard", "location": "westeurope",
    "tenant_id": GUID, "object_id": GUID, "principal_id": GUID, "role_id": GUID,
    "resource_group_name": "rg-one", "short_name": "short",
    "service_uri": "https://example.com/hook", "start_date": "2026-01-01T00:00:00Z",
    "end_date": "2027-01-01T00:00:00Z", "scale_down_nodes_after_idle_duration": "PT2M",
    "not_before_date": "2026-01-01T00:00:00Z", "expiration_date": "2027-01-01T00:00:00Z",
    "application_insights_id": example(arm_ids.COMPONENT),
    "container_registry_id": example(arm_ids.REGISTRY),
    "storage_account_id": example(arm_ids.STORAGE_ACCOUNT),
    "storage_container_id": example(arm_ids.STORAGE_CONTAINER),
    "key_vault_id": example(arm_ids.KEY_VAULT),
    "primary_user_assigned_identity": example(arm_ids.IDENTITY),
    "user_assigned_identity_id": example(arm_ids.IDENTITY),
    "parent_id": example(arm_ids.IDENTITY),
    "machine_learning_workspace_id": example(arm_ids.ML_WORKSPACE),
    "subscription_id": example(arm_ids.SUBSCRIPTION), "application_id": GUID,
    "resource_group_id": example(arm_ids.RESOURCE_GROUP),
    "action_group_id": example(arm_ids.ACTION_GROUP),
    "contact_groups": [example(arm_ids.ACTION_GROUP)],
    "sku": "Standard", "type": "SystemAssigned, UserAssigned",
    "name": "name0", "short": "short", "severity": 1, "threshold": 12,
    "sampling_percentage": 50, "daily_quota_gb": 3, "retention_in_days": 60,
    "soft_delete_retention_days": 9, "timeouts": None,
}  # fmt: skip
OF_TYPE: dict[str, Any] = {
    "azurerm_log_analytics_workspace.workspace_id": None,
    "azurerm_log_analytics_workspace.sku": "PerGB2018",
    "azurerm_log_analytics_workspace.identity.0.type": "UserAssigned",
    "azurerm_application_insights.workspace_id": example(arm_ids.LOG_WORKSPACE),
    "azurerm_machine_learning_workspace.sku_name": "Basic",
    "azurerm_machine_learning_workspace.identity.0.type": "SystemAssigned",
    "azurerm_machine_learning_workspace.identity.0.identity_ids": None,
    "azurerm_machine_learning_datastore_blobstorage.workspace_id": example(arm_ids.ML_WORKSPACE),
    "azurerm_monitor_action_group.event_hub_receiver.0.subscription_id": GUID,
    "azurerm_container_registry.retention_policy_in_days": 5,
    "azurerm_consumption_budget_resource_group.filter.0.dimension.0.name": "ResourceId",
}


def sample(type_name: str) -> dict[str, Any]:
    """Every attribute and block of a resource type that can be configured, set."""
    return _block(SCHEMAS["resources"][type_name]["block"], type_name)


def _block(block: dict[str, Any], path: str) -> dict[str, Any]:
    values = {
        name: _value(name, one, f"{path}.{name}")
        for name, one in block["attributes"].items()
        if one.get("required") or one.get("optional")
    }
    for name, one in block.get("block_types", {}).items():
        if name != "timeouts":
            values[name] = [_block(one["block"], f"{path}.{name}.0")]
    return values


def _value(name: str, one: dict[str, Any], path: str) -> Any:
    if path in OF_TYPE:
        return OF_TYPE[path]
    if one["type"] == "bool":
        return not one.get("default", False)
    if name in TEXTS and one.get("allowed_values") is None:
        return TEXTS[name]
    if one.get("allowed_values"):
        others = [value for value in one["allowed_values"] if value != one.get("default")]
        preferred = TEXTS.get(name)
        return preferred if preferred in one["allowed_values"] else (others or [one["default"]])[-1]
    if one["type"] in ("string", "number"):
        return "text" if one["type"] == "string" else 7
    kind, element = one["type"]
    if kind == "map":
        return {"key": "value"}
    if isinstance(element, list):
        return [{key: _of_kind(kind_of) for key, kind_of in element[1].items()}]
    return list(one.get("element_allowed_values") or ["one", "two"])


def _of_kind(kind: Any) -> Any:
    if isinstance(kind, list):
        return ["Get"] if kind[1] == "string" else []
    return GUID
