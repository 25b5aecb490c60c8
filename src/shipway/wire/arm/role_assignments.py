"""Role assignments on the wire.

Source: https://learn.microsoft.com/rest/api/authorization/role-assignments
"""

from typing import Any

from shipway.azure.arm import custom_roles, resource_ids, role_assignments
from shipway.azure.arm.role_assignments import RoleAssignment
from shipway.azure.entra import groups, tenant
from shipway.base import ids
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, NotFound, NotSupported, ShipwayError
from shipway.store.store import Store
from shipway.wire import filters
from shipway.wire.arm import role_definitions
from shipway.wire.arm.shapes import object_of, required, text_of
from shipway.wire.http import Request, Response, json_response

_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


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
    if properties.get("condition"):
        raise NotSupported(
            "conditions of role assignments are not evaluated here", code="ConditionNotSupported",
            status=400, where="condition", hint="Leave the condition out.",
        )  # fmt: skip
    known = _find(store, assignment_id)
    assignment = role_assignments.assign(
        store,
        principal_id=required(properties, "principalId"),
        role=required(properties, "roleDefinitionId"),
        scope=_scope(request),
        assignment_id=assignment_id,
        description=text_of(properties, "description"),
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
        role = custom_roles.get(store, wanted["roledefinitionid"])
        found = [a for a in found if a.role == role]
    return json_response({"value": [_shape(store, a) for a in found]})


def delete(store: Store, request: Request) -> Response:
    """`DELETE ...`: the assignment that was, or 204 when there is none at this very scope."""
    with store.database.transaction():
        found = _find(store, request.params["assignment"])
        if found is None or not resource_ids.same(found.scope, _scope(request)):
            return Response(status=204)
        removed = role_assignments.remove(store, found.assignment_id)
    return json_response(_shape(store, removed))


def _find(store: Store, assignment_id: str) -> RoleAssignment | None:
    try:
        return role_assignments.get(store, assignment_id)
    except ShipwayError:
        return None


def _scope(request: Request) -> str:
    return "/" + request.params.get("scope", "").strip("/")


def _shape(store: Store, assignment: RoleAssignment) -> dict[str, Any]:
    role_id = f"{role_definitions.base(store)}/{assignment.role.role_id}"
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
            "description": assignment.description or None,
        },
    }
