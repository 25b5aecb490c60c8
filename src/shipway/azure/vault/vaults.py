"""Key vaults by name, their access policies, and vaults that were deleted and can come back.

Knows: ARM resources, documents. Must not know: HTTP. A vault's name is a host, so it is unique in
the whole home; what was deleted keeps its name until it is purged.
Source: https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shipway.azure.arm import resource_ids, resources, role_assignments
from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import groups, tenant
from shipway.azure.entra.principals import Principal
from shipway.azure.vault import secrets
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

TYPE = "Microsoft.KeyVault/vaults"
_DELETED = "deleted_vault"
_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedVault:
    """A vault that was deleted: its id, and until when it can be recovered."""

    name: str
    resource_id: str
    location: str
    tags: Mapping[str, str]
    deleted_at: datetime
    purge_at: datetime
    has_purge_protection: bool


def find(store: Store, name: str) -> ArmResource | None:
    """The vault of that name, wherever it lies."""
    everywhere = tenant.facts(store).subscription_scope
    found = resources.list_resources(store, scope=everywhere, full_type=TYPE)
    return next((one for one in found if one.name.lower() == name.lower()), None)


def soft_delete(store: Store, vault: ArmResource) -> None:
    """Remember a vault that is about to be removed; its secrets stay until it is purged."""
    given = vault.properties
    days = int(given.get("softDeleteRetentionInDays") or _DAYS)
    now = store.clock.now()
    body = {
        "name": vault.name,
        "resource_id": vault.resource_id,
        "location": vault.location,
        "tags": dict(vault.tags),
        "properties": dict(given),
        "sku": dict(vault.sku),
        "deleted_at": timestamp(now),
        "purge_at": timestamp(now + timedelta(days=days)),
        "has_purge_protection": bool(given.get("enablePurgeProtection")),
    }
    store.documents.put(_DELETED, vault.name.lower(), body)


def list_deleted(store: Store) -> list[DeletedVault]:
    """Vaults that can be recovered; those whose time has passed are purged first."""
    found = [_deleted(d) for d in store.documents.list(_DELETED)]
    return [one for one in found if not _expire(store, one)]


def find_deleted(store: Store, name: str) -> DeletedVault | None:
    """The deleted vault of that name, or None."""
    document = store.documents.find(_DELETED, name.lower())
    if document is None:
        return None
    found = _deleted(document)
    return None if _expire(store, found) else found


def recover(store: Store, name: str) -> dict[str, Any]:
    """Take a vault out of the deleted ones: its properties as they were. Raises `NotFound`."""
    document = store.documents.find(_DELETED, name.lower())
    if document is None:
        raise NotFound(f"The deleted vault '{name}' does not exist", where=name)
    store.documents.delete(_DELETED, name.lower())
    properties: dict[str, Any] = document.body["properties"]
    return properties


def purge(store: Store, name: str) -> None:
    """Remove a deleted vault with its secrets for good."""
    with store.database.transaction():
        store.documents.delete(_DELETED, name.lower())
        secrets.purge_all(store, vault=name)


def is_permitted(
    store: Store,
    vault: ArmResource,
    principal: Principal,
    *,
    action: str,
    policy: tuple[str, str],
    below: str = "",
) -> bool:
    """Whether a caller may do something to what the vault holds; `below` is `secrets/<name>`.

    `action` counts where the vault goes by roles, `policy` (`("secrets", "get")`) where it goes by
    access policies. Source: https://learn.microsoft.com/azure/key-vault/general/rbac-access-policy
    """
    if vault.properties.get("enableRbacAuthorization"):
        return role_assignments.is_permitted(
            store, principal, action=action, scope=f"{vault.resource_id}/{below}"
        )
    if not principal.object_id:
        return False
    acting = {principal.object_id, *groups.of_member(store, principal.object_id)}
    kind, verb = policy
    return any(
        str(one.get("objectId", "")).lower() in acting
        and {verb, "all"} & {str(p).lower() for p in one.get("permissions", {}).get(kind) or ()}
        for one in vault.properties.get("accessPolicies") or ()
    )


def resource_id_of(store: Store, group: str, name: str) -> str:
    """The ARM id of a vault."""
    home = tenant.facts(store)
    named = resource_ids.resource(home.subscription_id, group, "Microsoft.KeyVault", "vaults", name)
    return str(named)


def _expire(store: Store, deleted: DeletedVault) -> bool:
    if deleted.purge_at > store.clock.now():
        return False
    purge(store, deleted.name)
    return True


def _deleted(document: Document) -> DeletedVault:
    body = document.body
    return DeletedVault(
        name=body["name"],
        resource_id=body["resource_id"],
        location=body["location"],
        tags=body["tags"],
        deleted_at=parse_timestamp(body["deleted_at"]),
        purge_at=parse_timestamp(body["purge_at"]),
        has_purge_protection=body["has_purge_protection"],
    )
