"""The `identity` block of resources: who a resource acts as.

Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shipway.azure.arm import linked_access, resource_ids, resources
from shipway.azure.entra import managed_identities
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.arm.shapes import object_of, text_of
from shipway.wire.http import Request

_TYPES = {
    "none": "None",
    "systemassigned": "SystemAssigned",
    "userassigned": "UserAssigned",
    "systemassigned,userassigned": "SystemAssigned, UserAssigned",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenIdentity:
    """What a body asks for: the type in Azure's spelling and the ARM ids of user identities."""

    kind: str = ""
    users: tuple[str, ...] = ()


def read(store: Store, request: Request, body: Mapping[str, Any]) -> GivenIdentity | None:
    """The `identity` of a body; None when it has none.

    Raises `BadInput` for an unknown type and for a user-assigned identity that does not exist,
    `Forbidden` for one that the caller may not assign.
    """
    given = object_of(body, "identity")
    if not given:
        return None
    text = text_of(given, "type", "None")
    kind = _TYPES.get(text.replace(" ", "").replace("_", "").lower())
    if kind is None:
        raise BadInput(
            f"The identity type '{text}' is not valid",
            code="InvalidIdentityType", where="identity.type",
            hint=f"Possible: {', '.join(_TYPES.values())}.",
        )  # fmt: skip
    users = tuple(object_of(given, "userAssignedIdentities"))
    if "UserAssigned" not in kind.replace("SystemAssigned", ""):
        users = ()
    linked_access.require_assign(
        store, request.principal, identities=users,
        resource_id=resource_ids.scope_of_path(request.path),
    )  # fmt: skip
    for resource_id in users:
        if resources.find(store, resource_id) is None:
            raise BadInput(
                "Identity operation failed with error 'The managed identity with ID "
                f"'{resource_id}' was not found'",
                code="FailedIdentityOperation",
                where="identity.userAssignedIdentities",
            )
    return GivenIdentity(kind="" if kind == "None" else kind, users=users)


def shape(
    store: Store, resource_id: str, kind: str, users: tuple[str, ...]
) -> dict[str, Any] | None:
    """The `identity` of an answer; None when the resource has none."""
    if not kind:
        return None
    made: dict[str, Any] = {"type": kind}
    own = managed_identities.find_for(store, resource_id)
    if own is not None and "system" in kind.lower():
        made |= {"principalId": own.object_id, "tenantId": own.tenant_id}
    if users:
        made["userAssignedIdentities"] = {one: _user(store, one) for one in users}
    return made


def _user(store: Store, resource_id: str) -> dict[str, str]:
    found = managed_identities.find_for(store, resource_id)
    return {"principalId": found.object_id, "clientId": found.app_id} if found else {}
