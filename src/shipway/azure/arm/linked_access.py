"""Who may name a resource in the body of another: a role is needed at both.

Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting and
https://learn.microsoft.com/azure/active-directory/managed-identities-azure-resources/
how-to-assign-managed-identity-via-azure-resource-manager (assign/action of an identity)
"""

from collections.abc import Iterable

from shipway.azure.arm import resource_ids, role_assignments
from shipway.azure.entra.principals import Principal
from shipway.base.errors import Forbidden
from shipway.store.store import Store

_ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"


def require(
    store: Store, principal: Principal, *, resource_id: str, action: str, linked_id: str
) -> None:
    """Raises `Forbidden` (LinkedAuthorizationFailed) in Azure's words unless `principal`, who may
    write `resource_id`, may do `action` at `linked_id`."""
    linked_id = "/" + linked_id.strip("/")
    if role_assignments.is_permitted(store, principal, action=action, scope=linked_id):
        return
    own = f"{resource_ids.parse(resource_id).full_type}/write"
    raise Forbidden(
        f"The client '{principal.app_id or principal.name}' with object id "
        f"'{principal.object_id}' has permission to perform action '{own}' on scope "
        f"'{resource_id}'; however, it does not have permission to perform action '{action}' on "
        f"the linked scope(s) '{linked_id}' or the linked scope(s) are invalid.",
        code="LinkedAuthorizationFailed", where=linked_id,
    )  # fmt: skip


def require_assign(
    store: Store, principal: Principal, *, resource_id: str, identities: Iterable[str]
) -> None:
    """The same for user-assigned identities that a resource is to act as."""
    for one in identities:
        require(store, principal, resource_id=resource_id, action=_ASSIGN, linked_id=one)
