"""Role assignments and role definitions on the wire.

Source: https://learn.microsoft.com/rest/api/authorization/role-assignments
"""

from typing import Any

from shipway.azure.arm import resource_ids, role_assignments, role_definitions
from shipway.azure.arm.role_assignments import RoleAssignment
from shipway.azure.arm.role_definitions import RoleDefinition
from shipway.azure.entra import groups, tenant
from shipway.base import ids
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, NotFound, ShipwayError
from shipway.store.store import Store
from shipway.wire import filters
from shipway.wire.arm.shapes import object_of, required
from shipway.wire.http import Request, Response, json_response

_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"


def put(store: Store, request: Request) -> Response:
    """`PUT {scope}/providers/Microsoft.Authorization/roleAssignments/{assignment}`."""
    assignment_id = request.params["assignment"]
    if not ids.is_guid(assignment_id):
        raise BadInput(
            f"The role assignment ID '{assignment_id}' is not valid. The role assignment ID must "
            "be a GUID",
            code="InvalidRoleAssignmentId",
            where=assignment_id,
        )
    body = request.json()
    # the 2015-07-01 form has the same fields below 'properties', too
    properties = object_of(body, "properties")
    known = _find(store, assignment_id)
    assignment = role_assignments.assign(
        store,
        principal_id=required(properties, "principalId"),
        role=required(properties, "roleDefinitionId"),
        scope=_scope(request),
        assignment_id=assignment_id,
    )
    return json_response(_shape(store, assignment), status=200 if known else 201)


def get(store: Store, request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleAssignments/{assignment}`."""
    assignment = role_assignments.get(store, request.params["assignment"])
    if not resource_ids.same(assignment.scope, _scope(request)):
        raise NotFound(
            f"The role assignment '{assignment.assignment_id}' is not found",
            code="RoleAssignmentNotFound",
            where=assignment.assignment_id,
        )
    return json_response(_shape(store, assignment))


def list_assignments(store: Store, request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleAssignments`.

    Without a filter: at, above and below the scope; `atScope()`: at and above.
    """
    wanted = filters.read(
        request, known=("principalId", "assignedTo", "atScope", "roleDefinitionId")
    )
    scope = _scope(request)
    found = role_assignments.list_assignments(store, at_or_above=scope)
    if "atscope" not in wanted:
        below = role_assignments.list_assignments(store, at_or_below=scope)
        found += [a for a in below if a not in found]
    if "principalid" in wanted:
        found = [a for a in found if a.principal_id == wanted["principalid"].lower()]
    if "assignedto" in wanted:
        member = wanted["assignedto"].lower()
        known = (member, *groups.of_member(store, member))
        found = [a for a in found if a.principal_id in known]
    if "roledefinitionid" in wanted:
        role = role_definitions.get(wanted["roledefinitionid"])
        found = [a for a in found if a.role == role]
    return json_response({"value": [_shape(store, a) for a in found]})


def delete(store: Store, request: Request) -> Response:
    """`DELETE ...`: the assignment that was, or 204 when there is none."""
    if _find(store, request.params["assignment"]) is None:
        return Response(status=204)
    return json_response(
        _shape(store, role_assignments.remove(store, request.params["assignment"]))
    )


def list_definitions(store: Store, request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleDefinitions`."""
    wanted = filters.read(request, known=("roleName", "type", "atScopeAndBelow"))
    found = [
        r
        for r in role_definitions.ROLES
        if wanted.get("rolename", r.name).lower() == r.name.lower()
        and wanted.get("type", "BuiltInRole").lower() == "builtinrole"
    ]
    return json_response({"value": [_definition(store, r) for r in found]})


def get_definition(store: Store, request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleDefinitions/{definition}`."""
    return json_response(_definition(store, role_definitions.get(request.params["definition"])))


def _find(store: Store, assignment_id: str) -> RoleAssignment | None:
    try:
        return role_assignments.get(store, assignment_id)
    except ShipwayError:
        return None


def _scope(request: Request) -> str:
    return "/" + request.params.get("scope", "").strip("/")


def _shape(store: Store, assignment: RoleAssignment) -> dict[str, Any]:
    role_id = f"{_definitions_base(store)}/{assignment.role.role_id}"
    owner = tenant.facts(store).owner_object_id
    return {
        "id": f"{assignment.scope}/providers/{_ASSIGNMENTS}/{assignment.assignment_id}",
        "name": assignment.assignment_id,
        "type": _ASSIGNMENTS,
        "properties": {
            "roleDefinitionId": role_id,
            "principalId": assignment.principal_id,
            "principalType": assignment.principal_type,
            "scope": assignment.scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": timestamp(assignment.created_at),
            "updatedOn": timestamp(assignment.updated_at),
            "createdBy": owner,
            "updatedBy": owner,
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
    }


def _definition(store: Store, role: RoleDefinition) -> dict[str, Any]:
    return {
        "id": f"{_definitions_base(store)}/{role.role_id}",
        "name": role.role_id,
        "type": _DEFINITIONS,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
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


def _definitions_base(store: Store) -> str:
    return f"{tenant.facts(store).subscription_scope}/providers/{_DEFINITIONS}"
