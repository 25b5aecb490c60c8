"""Resource groups: named boxes for resources in one subscription.

Knows: documents, role assignments below a group. Must not know: HTTP, what kinds of resources
there are; those list themselves through `arm/resources.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shipway.azure.arm import role_assignments
from shipway.azure.entra import tenant
from shipway.base.errors import BadInput, NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

_KIND = "resource_group"
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_NAME = re.compile(r"[-\w._()]{0,89}[-\w_()]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceGroup:
    """A resource group. Names compare without regard to letter case."""

    resource_id: str
    name: str
    location: str
    tags: Mapping[str, str]
    provisioning_state: str


def create_or_update(
    store: Store, *, name: str, location: str, tags: Mapping[str, str] | None = None
) -> tuple[ResourceGroup, bool]:
    """Make or change a group; True when it is new.

    Raises `BadInput` for a bad name or another location than it has.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The provided resource group name '{name}' has these invalid characters or is too "
            "long. The name can only be a letter, digit, '-', '.', '(', ')' or '_' and not end "
            "with '.'",
            code="InvalidResourceGroup",
            where=name,
        )
    if not location:
        raise BadInput(
            "The location property is required for this definition",
            code="LocationRequired",
            where="location",
        )
    plain = location.replace(" ", "").lower()
    with store.database.transaction():
        before = find(store, name)
        if before is not None and before.location != plain:
            raise BadInput(
                f"Invalid resource group location '{plain}'. The Resource group already exists in "
                f"location '{before.location}'",
                code="InvalidResourceGroupLocation",
                where="location",
            )
        body = {
            "name": before.name if before else name,
            "location": plain,
            "tags": dict(tags or {}),
            "provisioning_state": "Succeeded",
        }
        return _group(store, store.documents.put(_KIND, name.lower(), body)), before is None


def list_groups(store: Store) -> list[ResourceGroup]:
    """All groups of the subscription."""
    return [_group(store, d) for d in store.documents.list(_KIND)]


def find(store: Store, name: str) -> ResourceGroup | None:
    """The group, or None."""
    found = store.documents.find(_KIND, name.lower())
    return None if found is None else _group(store, found)


def get(store: Store, name: str) -> ResourceGroup:
    """The group. Raises `NotFound` (ResourceGroupNotFound)."""
    group = find(store, name)
    if group is None:
        raise NotFound(
            f"Resource group '{name}' could not be found", code="ResourceGroupNotFound", where=name
        )
    return group


def delete(store: Store, name: str) -> None:
    """Remove a group and the roles at it. The caller has removed its resources. `NotFound`."""
    with store.database.transaction():
        group = get(store, name)
        role_assignments.remove_at(store, group.resource_id)
        store.documents.delete(_KIND, name.lower())


def _group(store: Store, document: Document) -> ResourceGroup:
    body = document.body
    subscription = tenant.facts(store).subscription_id
    return ResourceGroup(
        resource_id=f"/subscriptions/{subscription}/resourceGroups/{body['name']}",
        name=body["name"],
        location=body["location"],
        tags=body["tags"],
        provisioning_state=body["provisioning_state"],
    )
