"""Role definitions on the wire: Azure's own and the home's.

Source: https://learn.microsoft.com/rest/api/authorization/role-definitions
"""

from typing import Any

from shipway.azure.arm import custom_roles, resource_ids, role_assignments, role_definitions
from shipway.azure.arm.role_definitions import RoleDefinition
from shipway.azure.entra import tenant
from shipway.base import ids
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire import filters
from shipway.wire.arm.shapes import object_of, text_of
from shipway.wire.http import Request, Response, json_response

_TYPE = "Microsoft.Authorization/roleDefinitions"


def list_definitions(store: Store, request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleDefinitions`: those assignable there."""
    wanted = filters.read(request, known=("roleName", "type", "atScopeAndBelow"))
    scope = "/" + request.params.get("scope", "").strip("/")
    custom = [
        r for r in custom_roles.list_roles(store)
        if custom_roles.reaches(r, scope)
        or any(resource_ids.contains(scope, one) for one in r.assignable_scopes)
    ]  # fmt: skip
    found = [
        role
        for role in (*role_definitions.ROLES, *custom)
        if wanted.get("rolename", role.name).lower() == role.name.lower()
        and wanted.get("type", _kind(role)).lower() == _kind(role).lower()
    ]
    return json_response({"value": [shape(store, role) for role in found]})


def get(store: Store, request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleDefinitions/{definition}`."""
    return json_response(shape(store, custom_roles.get(store, request.params["definition"])))


def put(store: Store, request: Request) -> Response:
    """`PUT ...`: a custom role, 201 always.

    Raises `Forbidden` unless the caller may write it wherever it can or could be assigned, and
    `BadInput` when it no longer could be where somebody has it.
    """
    role_id = request.params["definition"].lower()
    if not ids.is_guid(role_id):
        raise BadInput(
            f"The role definition ID '{role_id}' is not valid. It must be a GUID",
            code="InvalidRoleDefinitionId", where=role_id,
        )  # fmt: skip
    given = object_of(request.json(), "properties")
    permissions = given.get("permissions") or []
    if not isinstance(permissions, list) or len(permissions) > 1:
        raise BadInput(
            "A role definition has one set of permissions", code="BadRequest", where="permissions"
        )
    one = permissions[0] if permissions else {}
    role = RoleDefinition(
        role_id=role_id,
        name=text_of(given, "roleName"),
        description=text_of(given, "description"),
        actions=_texts(one, "actions"),
        not_actions=_texts(one, "notActions"),
        data_actions=_texts(one, "dataActions"),
        not_data_actions=_texts(one, "notDataActions"),
        assignable_scopes=_texts(given, "assignableScopes"),
        is_custom=True,
    )
    with store.database.transaction():
        before = custom_roles.find(store, role_id)
        reached = {*(before.assignable_scopes if before else ()), *role.assignable_scopes}
        if before is None or before.is_custom:  # a built-in one is refused by name below
            _require_at(store, request, "write", reached)
        _refuse_if_used(store, role_id, besides=role)
        made = custom_roles.put(store, role)
    return json_response(shape(store, made), status=201)


def delete(store: Store, request: Request) -> Response:
    """`DELETE ...`: the role that was, or 204. Raises `BadInput` for one that somebody has and
    `Forbidden` unless the caller may delete it at every scope where it can be assigned."""
    with store.database.transaction():
        role = custom_roles.find(store, request.params["definition"])
        if role is None:
            return Response(status=204)
        if not role.is_custom:
            raise BadInput(
                f"The role '{role.name}' is built in and cannot be deleted",
                code="RoleDefinitionDeleteNotPermitted", where=role.role_id,
            )  # fmt: skip
        _require_at(store, request, "delete", set(role.assignable_scopes))
        _refuse_if_used(store, role.role_id)
        custom_roles.delete(store, role.role_id)
    return json_response(shape(store, role))


def base(store: Store) -> str:
    """Where role definitions have their ids."""
    return f"{tenant.facts(store).subscription_scope}/providers/{_TYPE}"


def shape(store: Store, role: RoleDefinition) -> dict[str, Any]:
    """A role on the wire."""
    return {
        "id": f"{base(store)}/{role.role_id}",
        "name": role.role_id,
        "type": _TYPE,
        "properties": {
            "roleName": role.name,
            "type": _kind(role),
            "description": role.description,
            "assignableScopes": list(role.assignable_scopes),
            "permissions": [
                {
                    "actions": list(role.actions),
                    "notActions": list(role.not_actions),
                    "dataActions": list(role.data_actions),
                    "notDataActions": list(role.not_data_actions),
                }
            ],
        },
    }


def _require_at(store: Store, request: Request, verb: str, scopes: set[str]) -> None:
    for scope in sorted(scopes):
        role_assignments.require(
            store, request.principal, action=f"{_TYPE}/{verb}", scope="/" + scope.strip("/")
        )


def _refuse_if_used(store: Store, role_id: str, *, besides: RoleDefinition | None = None) -> None:
    """Raises `BadInput` when somebody has the role where its new form, `besides`, is not."""
    if any(
        a.role.role_id == role_id and not (besides and custom_roles.reaches(besides, a.scope))
        for a in role_assignments.list_assignments(store)
    ):
        raise BadInput(
            "There are existing role assignments referencing role (code: "
            "RoleDefinitionHasAssignments)",
            code="RoleDefinitionHasAssignments", where=role_id,
        )  # fmt: skip


def _kind(role: RoleDefinition) -> str:
    return "CustomRole" if role.is_custom else "BuiltInRole"


def _texts(body: dict[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(f"'{name}' must be a list of texts", code="BadRequest", where=name)
    return tuple(value)
