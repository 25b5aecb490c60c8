"""Storage accounts: a name that is a host, and two keys.

Knows: documents, secrets (the keys lie sealed). Must not know: HTTP, blobs.
Source: https://learn.microsoft.com/azure/storage/common/storage-account-overview
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shipway.azure.arm import resource_groups, resource_ids
from shipway.azure.entra import tenant
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

NAMESPACE = "Microsoft.Storage"
KEY_NAMES = ("key1", "key2")
_KIND = "storage_account"
_NAME = re.compile(r"[a-z0-9]{3,24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAccount:
    """A storage account."""

    name: str
    resource_id: str
    resource_group: str
    location: str
    sku: str
    account_kind: str
    tags: Mapping[str, str]
    properties: Mapping[str, object]
    created_at: datetime
    provisioning_state: str


def create_or_update(
    store: Store,
    *,
    name: str,
    resource_group: str,
    location: str = "",
    sku: str = "Standard_LRS",
    account_kind: str = "StorageV2",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, object] | None = None,
) -> tuple[StorageAccount, bool]:
    """Make or change an account; True when it is new.

    Raises `BadInput` (AccountNameInvalid), `NotFound` (ResourceGroupNotFound) and `Conflict`
    (StorageAccountAlreadyTaken, when another group has an account of that name).
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name} is not a valid storage account name. Storage account name must be between 3 "
            "and 24 characters in length and use numbers and lower-case letters only",
            code="AccountNameInvalid",
            where=name,
        )
    group = resource_groups.get(store, resource_group)
    subscription = tenant.facts(store).subscription_id
    with store.database.transaction():
        before = find(store, name)
        if before is not None and before.resource_group.lower() != group.name.lower():
            raise Conflict(
                f"The storage account named {name} is already taken",
                code="StorageAccountAlreadyTaken",
                where=name,
            )
        if before is None:
            for key_name in KEY_NAMES:
                store.secrets.put(_secret(name, key_name), ids.new_key())
        body = {
            "resource_id": str(
                resource_ids.resource(subscription, group.name, NAMESPACE, "storageAccounts", name)
            ),
            "resource_group": group.name,
            "location": (location or group.location).replace(" ", "").lower(),
            "sku": sku,
            "account_kind": account_kind,
            "tags": dict(tags or {}),
            "properties": dict(properties or {}),
            "provisioning_state": "Succeeded" if before else "Creating",
        }
        document = store.documents.put(_KIND, name, body)
    if before is None:
        document = store.documents.update(_KIND, name, {"provisioning_state": "Succeeded"})
    return _account(document), before is None


def list_accounts(store: Store, *, resource_group: str = "") -> list[StorageAccount]:
    """All accounts, or those of a group."""
    found = [_account(d) for d in store.documents.list(_KIND)]
    wanted = resource_group.lower()
    return [a for a in found if not wanted or a.resource_group.lower() == wanted]


def find(store: Store, name: str) -> StorageAccount | None:
    """The account, or None."""
    found = store.documents.find(_KIND, name.lower())
    return None if found is None else _account(found)


def get(store: Store, name: str) -> StorageAccount:
    """The account. Raises `NotFound`."""
    account = find(store, name)
    if account is None:
        raise NotFound(f"The storage account '{name}' was not found", where=name)
    return account


def keys(store: Store, name: str) -> dict[str, str]:
    """Both keys by name, in base64. Raises `NotFound`."""
    get(store, name)
    found = {key_name: store.secrets.find(_secret(name, key_name)) for key_name in KEY_NAMES}
    return {key_name: key for key_name, key in found.items() if key is not None}


def regenerate_key(store: Store, name: str, key_name: str) -> dict[str, str]:
    """Replace a key. Raises `NotFound`, `BadInput`."""
    get(store, name)
    if key_name not in KEY_NAMES:
        raise BadInput(
            f"the key '{key_name}' does not exist", where="keyName", hint="key1 or key2."
        )
    store.secrets.put(_secret(name, key_name), ids.new_key())
    return keys(store, name)


def delete(store: Store, name: str) -> None:
    """Remove an account and its keys. The caller has removed its containers. `NotFound`."""
    with store.database.transaction():
        get(store, name)
        for key_name in KEY_NAMES:
            store.secrets.delete(_secret(name, key_name))
        store.documents.delete(_KIND, name)


def _secret(name: str, key_name: str) -> str:
    return f"storage account {name} {key_name}"


def _account(document: Document) -> StorageAccount:
    return StorageAccount(name=document.key, created_at=document.created_at, **document.body)
