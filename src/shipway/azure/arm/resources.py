"""Resources of the simpler providers: what ARM itself keeps about a resource.

Knows: documents, managed identities. Must not know: HTTP, what a vault or a registry does.
Providers with a world of their own (storage accounts, workspaces) keep their nouns themselves.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/overview
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipway.azure.arm import resource_groups, resource_ids, role_assignments
from shipway.azure.entra import managed_identities
from shipway.base.errors import NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

_KIND = "arm_resource"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResource:
    """A resource as it was put. `properties` are those given; computed ones are the wire's."""

    resource_id: str
    location: str
    tags: Mapping[str, str]
    resource_kind: str
    sku: Mapping[str, Any]
    properties: Mapping[str, Any]
    identity_type: str
    provisioning_state: str
    created_at: datetime
    user_identities: tuple[str, ...] = ()

    @property
    def full_type(self) -> str:
        """`Microsoft.KeyVault/vaults`."""
        return resource_ids.parse(self.resource_id).full_type

    @property
    def name(self) -> str:
        """The last part of the id."""
        return resource_ids.parse(self.resource_id).name


def create_or_update(
    store: Store,
    *,
    resource_id: str,
    location: str = "",
    tags: Mapping[str, str] | None = None,
    resource_kind: str = "",
    sku: Mapping[str, Any] | None = None,
    properties: Mapping[str, Any] | None = None,
    identity_type: str = "",
    user_identities: tuple[str, ...] = (),
) -> tuple[ArmResource, bool]:
    """Make or replace a resource; True when it is new. Raises `NotFound` for its group."""
    parsed = resource_ids.parse(resource_id)
    group = resource_groups.get(store, parsed.resource_group)
    body = {
        "resource_id": resource_id,
        "location": (location or group.location).replace(" ", "").lower(),
        "tags": dict(tags or {}),
        "resource_kind": resource_kind,
        "sku": dict(sku or {}),
        "properties": dict(properties or {}),
        "identity_type": identity_type,
        "user_identities": list(user_identities),
    }
    key = resource_id.lower()
    with store.database.transaction():
        is_new = store.documents.find(_KIND, key) is None
        store.documents.put(_KIND, key, body | {"provisioning_state": "Creating"})
        if "systemassigned" in identity_type.lower().replace("_", ""):
            managed_identities.create_for(store, resource_id)
    return _resource(
        store.documents.update(_KIND, key, {"provisioning_state": "Succeeded"})
    ), is_new


def find(store: Store, resource_id: str) -> ArmResource | None:
    """The resource, or None."""
    found = store.documents.find(_KIND, resource_id.lower())
    return None if found is None else _resource(found)


def get(store: Store, resource_id: str) -> ArmResource:
    """The resource. Raises `NotFound` in ARM's words."""
    found = find(store, resource_id)
    if found is None:
        raise absent(resource_id)
    return found


def list_resources(store: Store, *, scope: str, full_type: str = "") -> list[ArmResource]:
    """Resources at or below a scope (a subscription, a group), of one type or of all."""
    found = [_resource(d) for d in store.documents.list(_KIND)]
    return [
        r
        for r in found
        if resource_ids.contains(scope, r.resource_id)
        and (not full_type or r.full_type.lower() == full_type.lower())
    ]


def delete(store: Store, resource_id: str) -> None:
    """Remove a resource, its identity and the roles at it. Raises `NotFound`."""
    with store.database.transaction():
        get(store, resource_id)
        store.documents.delete(_KIND, resource_id.lower())
        managed_identities.delete_for(store, resource_id)
        role_assignments.remove_at(store, resource_id)


def absent(resource_id: str) -> NotFound:
    """ARM's 404 for a resource."""
    parsed = resource_ids.parse(resource_id)
    return NotFound(
        f"The Resource '{parsed.full_type}/{parsed.name}' under resource group "
        f"'{parsed.resource_group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
        code="ResourceNotFound",
        where=parsed.name,
    )


def _resource(document: Document) -> ArmResource:
    users = tuple(document.body.get("user_identities", ()))
    body = {**document.body, "user_identities": users}
    return ArmResource(created_at=document.created_at, **body)
