"""Resource groups on the wire.

Source: https://learn.microsoft.com/rest/api/resources/resource-groups
"""

from shipway.azure.arm import operations, resource_groups
from shipway.azure.arm.resource_groups import ResourceGroup
from shipway.store.store import Store
from shipway.wire.arm import resources
from shipway.wire.arm.operations import accepted
from shipway.wire.arm.shapes import tags_of, text_of
from shipway.wire.http import Request, Response, json_response

_TYPE = "Microsoft.Resources/resourceGroups"


def put(store: Store, request: Request) -> Response:
    """`PUT /subscriptions/{subscription}/resourcegroups/{group}`."""
    body = request.json()
    group, is_new = resource_groups.create_or_update(
        store,
        name=request.params["group"],
        location=text_of(body, "location"),
        tags=tags_of(body),
    )
    return json_response(_shape(group), status=201 if is_new else 200)


def patch(store: Store, request: Request) -> Response:
    """`PATCH ...`: new tags."""
    before = resource_groups.get(store, request.params["group"])
    body = request.json()
    group, _ = resource_groups.create_or_update(
        store,
        name=before.name,
        location=before.location,
        tags=tags_of(body) if "tags" in body else before.tags,
    )
    return json_response(_shape(group))


def get(store: Store, request: Request) -> Response:
    """`GET ...`."""
    return json_response(_shape(resource_groups.get(store, request.params["group"])))


def exists(store: Store, request: Request) -> Response:
    """`HEAD ...`: 204 when it is there, 404 when not."""
    found = resource_groups.find(store, request.params["group"])
    return Response(status=204 if found else 404)


def list_groups(store: Store, request: Request) -> Response:
    """`GET /subscriptions/{subscription}/resourcegroups`."""
    del request
    return json_response({"value": [_shape(g) for g in resource_groups.list_groups(store)]})


def delete(store: Store, request: Request) -> Response:
    """`DELETE ...`: the group with what is in it."""
    group = resource_groups.get(store, request.params["group"])
    with store.database.transaction():
        resources.delete_all_below(store, group.resource_id)
        operation = operations.start(store, resource_id=group.resource_id)
        resource_groups.delete(store, group.name)
        operations.finish(store, operation.operation_id)
    return accepted(store, operation.operation_id)


def list_resources(store: Store, request: Request) -> Response:
    """`GET .../resourcegroups/{group}/resources`."""
    group = resource_groups.get(store, request.params["group"])
    return json_response({"value": resources.generic_below(store, group.resource_id, request)})


def _shape(group: ResourceGroup) -> dict[str, object]:
    return {
        "id": group.resource_id,
        "name": group.name,
        "type": _TYPE,
        "location": group.location,
        "tags": dict(group.tags),
        "properties": {"provisioningState": group.provisioning_state},
    }
