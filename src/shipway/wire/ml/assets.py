"""What the routes of data assets and models share: containers, lists of versions, label filters."""

from collections.abc import Sequence
from typing import Any, TypeVar

from shipway.ml import asset_versions
from shipway.ml.asset_versions import AssetContainer, AssetKind, AssetVersion
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields

Version = TypeVar("Version", bound=AssetVersion)


def get_container(store: Store, kind: AssetKind, request: Request) -> Response:
    """One container."""
    workspace = envelopes.workspace_of(store, request)
    found = asset_versions.get_container(
        store, kind, workspace=workspace.key, name=request.params["name"]
    )
    return json_response(container_shape(workspace, kind, found))


def list_containers(store: Store, kind: AssetKind, request: Request) -> Response:
    """The containers of a workspace."""
    workspace = envelopes.workspace_of(store, request)
    found = asset_versions.list_containers(store, kind, workspace=workspace.key)
    # assets that a job or a deployment brought along inline have names nobody gave
    named = [c for c in found if c.latest or not c.next_number or c.is_archived]
    shown = envelopes.ordered(envelopes.view(named, request, lambda c: c.is_archived), request)
    return envelopes.page(request, shown, lambda c: container_shape(workspace, kind, c))


def put_container(store: Store, kind: AssetKind, request: Request) -> Response:
    """Create or change a container: how the SDK archives a whole asset."""
    workspace = envelopes.workspace_of(store, request)
    properties = fields.mapping(request.json(), "properties")
    name = request.params["name"]
    before = asset_versions.find_container(store, kind, workspace=workspace.key, name=name)
    made = asset_versions.put_container(
        store, kind, workspace=workspace.key, name=name, principal=request.principal,
        changes={
            "description": fields.text(properties, "description"),
            "tags": fields.texts(properties, "tags"),
            "properties": fields.texts(properties, "properties"),
            "is_archived": fields.flag(properties, "isArchived"),
        },
    )  # fmt: skip
    return json_response(
        container_shape(workspace, kind, made), status=201 if before is None else 200
    )


def filtered(versions: Sequence[Version], request: Request) -> list[Version]:
    """Versions (newest first) by view, tags, `version` and order, as the query asks."""
    shown = envelopes.view(versions, request, lambda v: v.is_archived)
    for pair in filter(None, request.arg("tags").split(",")):
        name, has_value, value = pair.partition("=")
        shown = [
            v for v in shown
            if name.strip() in v.tags and (not has_value or v.tags[name.strip()] == value.strip())
        ]  # fmt: skip
    if request.arg("version"):
        shown = [v for v in shown if v.version == request.arg("version")]
    return envelopes.ordered(shown, request)


def version_properties(version: AssetVersion) -> dict[str, Any]:
    """The properties that every asset version has."""
    return {
        "description": version.description or None,
        "tags": dict(version.tags),
        "properties": dict(version.properties),
        "isArchived": version.is_archived,
        "isAnonymous": version.is_anonymous,
    }


def container_shape(
    workspace: Workspace, kind: AssetKind, container: AssetContainer
) -> dict[str, Any]:
    """A container on the wire."""
    properties: dict[str, Any] = {
        "description": container.description or None,
        "tags": dict(container.tags),
        "properties": dict(container.properties),
        "isArchived": container.is_archived,
        "latestVersion": container.latest or None,
        "nextVersion": str(container.next_number),
    }
    if container.asset_type:
        properties["dataType"] = container.asset_type
    return envelopes.resource(workspace, f"{kind.path}/{container.name}", container, properties)
