"""Roles that the home's people define beside Azure's own.

Knows: documents, the built-in roles. Must not know: HTTP, who has a role.
Source: https://learn.microsoft.com/azure/role-based-access-control/custom-roles
"""

from typing import Any

from shipway.azure.arm import resource_ids, role_definitions
from shipway.azure.arm.role_definitions import RoleDefinition
from shipway.base.errors import BadInput, Conflict
from shipway.store.documents import Document
from shipway.store.store import Store

_KIND = "role_definition"


def find(store: Store, name_or_id: str) -> RoleDefinition | None:
    """The role of that name, GUID or resource id, built in or custom."""
    built_in = role_definitions.find(name_or_id)
    if built_in is not None:
        return built_in
    word = name_or_id.rstrip("/").rpartition("/")[2].lower()
    document = store.documents.find(_KIND, word)
    if document is not None:
        return _role(document)
    return next((r for r in list_roles(store) if r.name.lower() == name_or_id.lower()), None)


def get(store: Store, name_or_id: str) -> RoleDefinition:
    """The role. Raises `NotFound` (RoleDefinitionDoesNotExist)."""
    return find(store, name_or_id) or role_definitions.get(name_or_id)


def list_roles(store: Store) -> list[RoleDefinition]:
    """The custom roles."""
    return [_role(d) for d in store.documents.list(_KIND)]


def put(store: Store, role: RoleDefinition) -> RoleDefinition:
    """Make or change a custom role.

    Raises `BadInput` for a role without a name or scope and `Conflict`
    (RoleDefinitionWithSameNameExists).
    """
    if role_definitions.find(role.role_id) is not None:
        raise BadInput(
            f"The role definition '{role.role_id}' is built in and cannot be changed",
            code="RoleDefinitionUpdateNotPermitted", where=role.role_id,
        )  # fmt: skip
    if not role.name:
        raise BadInput("The role's name is missing", code="BadRequest", where="roleName")
    if not role.assignable_scopes:
        raise BadInput(
            "The assignable scopes property must not be empty for role definitions",
            code="MissingAssignableScopes", where="assignableScopes",
        )  # fmt: skip
    for scope in role.assignable_scopes:
        resource_ids.parse(scope)
    with store.database.transaction():
        same = find(store, role.name)
        if same is not None and same.role_id != role.role_id:
            raise Conflict(
                f"A custom role with the same name already exists in this directory. Use a "
                f"different name: '{role.name}'",
                code="RoleDefinitionWithSameNameExists", where="roleName",
            )  # fmt: skip
        return _role(store.documents.put(_KIND, role.role_id, _body(role)))


def delete(store: Store, role_id: str) -> bool:
    """Remove a custom role that nobody has; False when there was none."""
    return store.documents.delete(_KIND, role_id.lower())


def reaches(role: RoleDefinition, scope: str) -> bool:
    """Whether a role may be given at a scope."""
    return any(resource_ids.contains(one, scope) for one in role.assignable_scopes)


def _body(role: RoleDefinition) -> dict[str, Any]:
    names = ("actions", "not_actions", "data_actions", "not_data_actions", "assignable_scopes")
    lists = {name: list(getattr(role, name)) for name in names}
    return {"name": role.name, "description": role.description, **lists}


def _role(document: Document) -> RoleDefinition:
    given: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in document.body.items()
    }
    return RoleDefinition(role_id=document.key, is_custom=True, **given)
