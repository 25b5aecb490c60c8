"""Who may do what where: role assignments, inherited from wider scopes to narrower ones.

Knows: role definitions, group membership, the tenant's owner. Must not know: HTTP.
Source: https://learn.microsoft.com/azure/role-based-access-control/overview
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipway.azure.arm import custom_roles, resource_ids, role_definitions
from shipway.azure.arm.role_definitions import RoleDefinition
from shipway.azure.entra import groups, service_principals, tenant, users
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

_KIND, _INDEX = "role_assignment", "role_assignment_by_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssignment:
    """`principal_id` has `role` at `scope` and below it."""

    assignment_id: str
    principal_id: str
    principal_type: str
    role: RoleDefinition
    scope: str
    created_at: datetime
    updated_at: datetime
    description: str = ""


def assign(
    store: Store,
    *,
    principal_id: str,
    role: str,
    scope: str,
    assignment_id: str = "",
    description: str = "",
) -> RoleAssignment:
    """Give a role (name or id) to a user, group, service principal or managed identity.

    The same assignment again changes nothing. Raises `BadInput` (PrincipalNotFound), `NotFound`
    (RoleDefinitionDoesNotExist) and `Conflict` (RoleAssignmentExists, when another assignment
    says the same; RoleAssignmentUpdateNotPermitted, when this one says something else).
    """
    definition = custom_roles.get(store, role)
    scope = "/" + scope.strip("/")
    if not custom_roles.reaches(definition, scope):
        raise BadInput(
            f"The role '{definition.name}' can be assigned at "
            f"{', '.join(definition.assignable_scopes)} and below, not at '{scope}'",
            code="RoleDefinitionNotAssignableAtScope",
            where=scope,
        )
    with store.database.transaction():
        principal_type = _type_of(store, principal_id)
        same = _same(store, principal_id=principal_id, role=definition, scope=scope)
        if same is not None:
            if assignment_id and assignment_id.lower() != same.assignment_id:
                raise Conflict(
                    f"The role assignment already exists. The ID of the conflicting role "
                    f"assignment is {same.assignment_id}",
                    code="RoleAssignmentExists",
                )
            return same
        assignment_id = (assignment_id or ids.new_guid()).lower()
        if store.documents.find(_INDEX, assignment_id) is not None:
            raise Conflict(
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated",
                code="RoleAssignmentUpdateNotPermitted",
                where=assignment_id,
            )
        key = f"{principal_id}/{assignment_id}"
        body = {"role": definition.role_id, "scope": scope, "principal_type": principal_type}
        if description:
            body["description"] = description
        store.documents.create(_INDEX, assignment_id, {"key": key})
        return _assignment(store, store.documents.create(_KIND, key, body))


def list_assignments(
    store: Store, *, principal_id: str = "", at_or_below: str = "", at_or_above: str = ""
) -> list[RoleAssignment]:
    """Assignments of a principal (empty: of all), by scope."""
    _ensure_owner(store)
    prefix = f"{principal_id}/" if principal_id else ""
    found = [_assignment(store, d) for d in store.documents.list(_KIND, prefix=prefix)]
    return [
        a
        for a in found
        if (not at_or_below or resource_ids.contains(at_or_below, a.scope))
        and (not at_or_above or resource_ids.contains(a.scope, at_or_above))
    ]


def get(store: Store, assignment_id: str) -> RoleAssignment:
    """One assignment by its GUID. Raises `NotFound` (RoleAssignmentNotFound)."""
    index = store.documents.find(_INDEX, assignment_id.lower())
    if index is None:
        raise NotFound(
            f"The role assignment '{assignment_id}' is not found",
            code="RoleAssignmentNotFound",
            where=assignment_id,
        )
    return _assignment(store, store.documents.get(_KIND, index.body["key"]))


def remove(store: Store, assignment_id: str) -> RoleAssignment:
    """Take a role back. Raises `NotFound`."""
    with store.database.transaction():
        assignment = get(store, assignment_id)
        store.documents.delete(_KIND, f"{assignment.principal_id}/{assignment.assignment_id}")
        store.documents.delete(_INDEX, assignment.assignment_id)
    return assignment


def remove_at(store: Store, scope: str) -> None:
    """Take back all roles at a scope and below, when what it named is deleted."""
    with store.database.transaction():
        for assignment in list_assignments(store, at_or_below=scope):
            remove(store, assignment.assignment_id)


def is_permitted(store: Store, principal: Principal, *, action: str, scope: str) -> bool:
    """Whether one of the principal's roles gives `action` (plain or on data) at `scope`."""
    if not principal.object_id:
        return False
    if principal.object_id == tenant.facts(store).owner_object_id:
        return True
    return any(
        resource_ids.contains(document.body["scope"], scope)
        and _gives(custom_roles.get(store, document.body["role"]), document.body["scope"], action)
        for document in _documents_of(store, principal.object_id)
    )


def _gives(role: RoleDefinition, at: str, action: str) -> bool:
    # a custom role counts only where it is assignable
    return custom_roles.reaches(role, at) and role.permits(action)


def require(store: Store, principal: Principal, *, action: str, scope: str) -> None:
    """Raises `Forbidden` (AuthorizationFailed) in Azure's words unless it is permitted."""
    if not is_permitted(store, principal, action=action, scope=scope):
        raise Forbidden(
            f"The client '{principal.app_id or principal.name}' with object id "
            f"'{principal.object_id}' does not have authorization to perform action '{action}' "
            f"over scope '{scope}' or the scope is invalid. If access was recently granted, please "
            "refresh your credentials.",
            code="AuthorizationFailed",
        )


def _documents_of(store: Store, object_id: str) -> Iterable[Document]:
    for principal_id in (object_id, *groups.of_member(store, object_id)):
        yield from store.documents.list(_KIND, prefix=f"{principal_id}/")


def _same(
    store: Store, *, principal_id: str, role: RoleDefinition, scope: str
) -> RoleAssignment | None:
    return next(
        (
            a
            for a in list_assignments(store, principal_id=principal_id)
            if a.role.role_id == role.role_id and resource_ids.same(a.scope, scope)
        ),
        None,
    )


def _ensure_owner(store: Store) -> None:
    home = tenant.facts(store)
    assignment_id = ids.guid_from("owner's assignment", home.subscription_id)
    if store.documents.find(_INDEX, assignment_id) is None:
        with store.database.transaction():
            key = f"{home.owner_object_id}/{assignment_id}"
            role = role_definitions.get("Owner").role_id
            body = {"role": role, "scope": home.subscription_scope, "principal_type": "User"}
            store.documents.put(_INDEX, assignment_id, {"key": key})
            store.documents.put(_KIND, key, body)


def _type_of(store: Store, principal_id: str) -> str:
    if service_principals.find(store, principal_id) is not None:
        return "ServicePrincipal"
    if any(user.object_id == principal_id for user in users.list_users(store)):
        return "User"
    if groups.find(store, principal_id) is not None:
        return "Group"
    raise BadInput(
        f"Principal {principal_id} does not exist in the directory "
        f"{tenant.facts(store).tenant_id}. Check that you have the correct principal ID",
        code="PrincipalNotFound",
        where=principal_id,
        hint="The object id is needed, not the application (client) id.",
    )


def _assignment(store: Store, document: Document) -> RoleAssignment:
    body: dict[str, Any] = document.body
    principal_id, _, assignment_id = document.key.partition("/")
    return RoleAssignment(
        assignment_id=assignment_id,
        principal_id=principal_id,
        principal_type=body["principal_type"],
        role=custom_roles.get(store, body["role"]),
        scope=body["scope"],
        created_at=document.created_at,
        updated_at=document.updated_at,
        description=str(body.get("description", "")),
    )
