"""Data sources about who asks, and where: the client, the subscription, roles and containers."""

import base64
from typing import Any

from shipway.base.errors import NotFound
from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, TerraformDataSource, Values
from shipway.terraform.resources.azurerm import (
    key_vault_secrets,
    role_assignments,
    storage_containers,
    storage_lookup,
)

_SUBSCRIPTION_VERSION = "2022-12-01"


def _client_config(calls: Calls, config: Values) -> Values:
    del config
    who = {
        "client_id": calls.client_id,
        "object_id": calls.object_id,
        "subscription_id": calls.subscription_id,
        "tenant_id": calls.tenant_id,
    }
    names = (("clientId", "client_id"), ("objectId", "object_id"),
             ("subscriptionId", "subscription_id"), ("tenantId", "tenant_id"))  # fmt: skip
    text = "clientConfigs/" + ";".join(f"{there}={who[here]}" for there, here in names)
    return {"id": base64.b64encode(text.encode()).decode(), **who}


def _subscription(calls: Calls, config: Values) -> Values:
    wanted = str(config.get("subscription_id") or calls.subscription_id)
    path = f"/subscriptions/{wanted}"
    found = calls.arm("GET", path, api_version=_SUBSCRIPTION_VERSION, missing_ok=True)
    if found is None:
        raise AtAttribute(
            "subscription_id", f'Subscription (Subscription: "{wanted}") was not found'
        )
    policies = found.get("subscriptionPolicies") or {}
    return {
        "id": path,
        "subscription_id": found.get("subscriptionId") or wanted,
        "display_name": found.get("displayName") or "",
        "tenant_id": found.get("tenantId") or "",
        "state": found.get("state") or "",
        "location_placement_id": policies.get("locationPlacementId") or "",
        "quota_id": policies.get("quotaId") or "",
        "spending_limit": policies.get("spendingLimit") or "",
        "tags": found.get("tags") or {},
    }


def _role_definition(calls: Calls, config: Values) -> Values:
    scope = str(config.get("scope") or "")
    if config.get("name"):
        place = scope or f"/subscriptions/{calls.subscription_id}"
        found = role_assignments.find_definition(calls, place, config["name"])
    else:
        wanted = str(config["role_definition_id"])
        by_id = role_assignments.get_definition(calls, wanted)
        if by_id is None:
            raise NotFound(f"loading Role Definition: could not find role with id '{wanted}'")
        found = by_id
    properties = found["properties"]
    return {
        # without a scope the real provider's id has none either
        "id": found["id"] if scope else _without_scope(found["id"]),
        "name": properties.get("roleName") or "",
        "role_definition_id": found["name"],
        "scope": config.get("scope"),
        "description": properties.get("description") or "",
        "type": properties.get("type") or "",
        "assignable_scopes": properties.get("assignableScopes") or [],
        "permissions": [_permission(one) for one in properties.get("permissions") or ()],
    }


def _without_scope(definition_id: str) -> str:
    return "/providers/" + definition_id.partition("/providers/")[2]


def _permission(one: dict[str, Any]) -> Values:
    return {
        "actions": one.get("actions") or [],
        "not_actions": one.get("notActions") or [],
        "data_actions": one.get("dataActions") or [],
        "not_data_actions": one.get("notDataActions") or [],
        "condition": one.get("condition") or "",
        "condition_version": one.get("conditionVersion") or "",
    }


def _storage_container(calls: Calls, config: Values) -> Values:
    by_id, name = config.get("storage_account_id"), config["name"]
    if by_id:
        container_id = f"{by_id}/blobServices/default/containers/{name}"
    else:
        account = config["storage_account_name"]
        storage_lookup.account_id(calls, account)
        container_id = f"https://{account}.blob.core.windows.net/{name}"
    state = {"id": container_id}
    found = storage_containers.RESOURCE.read(calls, state)
    if found is None:
        raise NotFound(f'Container "{name}" was not found at {container_id}')
    return {**found, **state}


def _key_vault_secret(calls: Calls, config: Values) -> Values:
    name, vault_id = config["name"], config["key_vault_id"]
    uri = key_vault_secrets.vault_uri(calls, vault_id)
    path = f"secrets/{name}/{config.get('version') or ''}"
    found = key_vault_secrets.call(calls, "GET", uri, path)
    if found is None:
        raise NotFound(f'KeyVault Secret "{name}" (KeyVault URI "{uri}") does not exist')
    flat = key_vault_secrets.flatten(found, {"key_vault_id": vault_id})
    return {
        **flat,
        "id": found["id"],
        "key_vault_id": vault_id,
        "value": found.get("value") or "",
        "version": config.get("version") or flat["version"],
        "content_type": flat["content_type"] or "",
        "not_before_date": flat["not_before_date"] or "",
        "expiration_date": flat["expiration_date"] or "",
    }


DATA_SOURCES: tuple[TerraformDataSource, ...] = (
    TerraformDataSource(type_name="azurerm_client_config", read=_client_config),
    TerraformDataSource(type_name="azurerm_subscription", read=_subscription),
    TerraformDataSource(type_name="azurerm_role_definition", read=_role_definition),
    TerraformDataSource(type_name="azurerm_storage_container", read=_storage_container),
    TerraformDataSource(type_name="azurerm_key_vault_secret", read=_key_vault_secret),
)
