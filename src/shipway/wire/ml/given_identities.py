"""The user-assigned identities that a body gives a resource, if the caller may assign them.

Source: https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication
"""

from typing import Any

from shipway.azure.arm import linked_access, resource_ids
from shipway.store.store import Store
from shipway.wire.http import Request
from shipway.wire.ml import fields


def read(store: Store, request: Request, body: dict[str, Any]) -> tuple[str, ...]:
    """Their ids. Raises `Forbidden` (LinkedAuthorizationFailed) for one that is not the caller's
    to assign."""
    found = tuple(fields.mapping(body, "identity.userAssignedIdentities"))
    linked_access.require_assign(
        store, request.principal, identities=found,
        resource_id=resource_ids.scope_of_path(request.path),
    )  # fmt: skip
    return found
