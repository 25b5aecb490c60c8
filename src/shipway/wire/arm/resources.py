"""Resources of the simpler providers on the wire: one set of verbs for every row of TYPES.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/overview
"""

from typing import Any

from shipway.azure.arm import resource_groups, resource_ids, resources
from shipway.azure.arm.resources import ArmResource
from shipway.azure.blob import accounts
from shipway.azure.entra import tenant
from shipway.ml import workspaces
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire import filters
from shipway.wire.arm import budgets, identity_shapes, storage_accounts
from shipway.wire.arm.identity_shapes import GivenIdentity
from shipway.wire.arm.resource_type import ResourceType
from shipway.wire.arm.resource_types import TYPES
from shipway.wire.arm.shapes import object_of, tags_of, text_of
from shipway.wire.http import Request, Response, json_response

_BY_TYPE = {kind.full_type.lower(): kind for kind in TYPES}


def put(store: Store, kind: ResourceType, request: Request) -> Response:
    """`PUT .../providers/<namespace>/<type>/{name}`."""
    body = request.json()
    resource_id = _id(store, kind, request)
    resource_groups.get(store, request.params["group"])
    with store.database.transaction():
        before = resources.find(store, resource_id)
        given = object_of(body, "properties")
        identity = identity_shapes.read(store, request, body) or GivenIdentity()
        resource, is_new = resources.create_or_update(
            store,
            resource_id=before.resource_id if before else resource_id,
            location=text_of(body, "location"),
            tags=tags_of(body),
            resource_kind=text_of(body, "kind"),
            sku=object_of(body, "sku"),
            properties=kind.prepare(store, request, resource_id, given, before),
            identity_type=identity.kind,
            user_identities=identity.users,
        )
        kind.saved(store, resource)
    return json_response(_shape(store, resource), status=kind.status_when_new if is_new else 200)


def patch(store: Store, kind: ResourceType, request: Request) -> Response:
    """`PATCH ...`: tags and properties that are given replace those that were."""
    body = request.json()
    with store.database.transaction():
        before = resources.get(store, _id(store, kind, request))
        given = {**before.properties, **object_of(body, "properties")}
        identity = identity_shapes.read(store, request, body) or GivenIdentity(
            kind=before.identity_type, users=before.user_identities
        )
        resource, _ = resources.create_or_update(
            store,
            resource_id=before.resource_id,
            location=before.location,
            tags=tags_of(body) if "tags" in body else before.tags,
            resource_kind=before.resource_kind,
            sku=object_of(body, "sku") or before.sku,
            properties=kind.prepare(store, request, before.resource_id, given, before),
            identity_type=identity.kind,
            user_identities=identity.users,
        )
        kind.saved(store, resource)
    return json_response(_shape(store, resource))


def get(store: Store, kind: ResourceType, request: Request) -> Response:
    """`GET ...`."""
    return json_response(_shape(store, resources.get(store, _id(store, kind, request))))


def delete(store: Store, kind: ResourceType, request: Request) -> Response:
    """`DELETE ...`: 200, or 204 when there is none."""
    found = resources.find(store, _id(store, kind, request))
    if found is None:
        return Response(status=204)
    _remove(store, found)
    return Response(status=200)


def list_of_type(store: Store, kind: ResourceType, request: Request) -> Response:
    """`GET .../providers/<namespace>/<type>`, of a group or of the subscription."""
    scope = resource_ids.scope_of_path(request.path)
    found = resources.list_resources(store, scope=scope, full_type=kind.full_type)
    return json_response({"value": [_shape(store, r) for r in found]})


def list_all(store: Store, request: Request) -> Response:
    """`GET /subscriptions/{subscription}/resources`."""
    home = tenant.facts(store)
    return json_response({"value": generic_below(store, home.subscription_scope, request)})


def generic_below(store: Store, scope: str, request: Request) -> list[dict[str, Any]]:
    """What lies at or below a scope, in the short form of ARM's resource lists."""
    wanted = filters.read(request, known=("resourceType", "name"))
    shapes = [_shape(store, r) for r in resources.list_resources(store, scope=scope)]
    shapes += [
        storage_accounts.shape(store, a)
        for a in accounts.list_accounts(store)
        if resource_ids.contains(scope, a.resource_id)
    ]
    shapes += [_short_workspace(w) for w in _workspaces_below(store, scope)]
    short = [
        {k: v for k, v in s.items() if k in ("id", "name", "type", "location", "tags", "kind")}
        for s in shapes
    ]
    return [
        s
        for s in short
        if wanted.get("resourcetype", s["type"]).lower() == s["type"].lower()
        and wanted.get("name", s["name"]).lower() == s["name"].lower()
    ]


def delete_all_below(store: Store, scope: str) -> None:
    """Delete what lies below a scope, workspaces first: they stand on the others."""
    for workspace in _workspaces_below(store, scope):
        workspaces.delete(store, workspace.key)
    for account in accounts.list_accounts(store):
        if resource_ids.contains(scope, account.resource_id):
            storage_accounts.remove(store, account)
    for resource in resources.list_resources(store, scope=scope):
        _remove(store, resource)
    budgets.remove_below(store, scope)


def _workspaces_below(store: Store, scope: str) -> list[Workspace]:
    parsed = resource_ids.parse(scope)
    return workspaces.list_all(
        store, subscription=parsed.subscription_id, resource_group=parsed.resource_group
    )


def _remove(store: Store, resource: ArmResource) -> None:
    with store.database.transaction():
        _BY_TYPE[resource.full_type.lower()].removed(store, resource)
        resources.delete(store, resource.resource_id)


def _id(store: Store, kind: ResourceType, request: Request) -> str:
    home = tenant.facts(store)
    return (
        f"{home.subscription_scope}/resourceGroups/{request.params['group']}/providers/"
        f"{kind.full_type}/{request.params['name']}"
    )


def _shape(store: Store, resource: ArmResource) -> dict[str, Any]:
    kind = _BY_TYPE[resource.full_type.lower()]
    shape: dict[str, Any] = {
        "id": resource.resource_id,
        "name": resource.name,
        "type": kind.full_type,
        "location": resource.location,
        "tags": dict(resource.tags),
        "properties": kind.properties(store, resource)
        | {"provisioningState": resource.provisioning_state},
    }
    if resource.resource_kind:
        shape["kind"] = resource.resource_kind
    if resource.sku:
        shape["sku"] = dict(resource.sku)
    identity = identity_shapes.shape(
        store, resource.resource_id, resource.identity_type, resource.user_identities
    )
    return shape | ({"identity": identity} if identity else {})


def _short_workspace(workspace: Workspace) -> dict[str, Any]:
    return {
        "id": workspace.resource_id,
        "name": workspace.name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": workspace.location,
        "tags": dict(workspace.tags),
        "kind": "Default",
    }
