"""Routes and shapes of components, whose values the service gives back as text.

Source: https://learn.microsoft.com/rest/api/azureml/component-versions
"""

from collections.abc import Mapping
from typing import Any

from shipway.ml import asset_versions, component_versions
from shipway.ml.component_versions import ComponentVersion
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import assets, envelopes, fields, linked_registries

_KIND = component_versions.KIND


def list_containers(store: Store, request: Request) -> Response:
    """The components of a workspace that somebody named."""
    workspace = envelopes.workspace_of(store, request)
    named = component_versions.list_containers(store, workspace=workspace.key)
    shown = envelopes.ordered(envelopes.view(named, request, lambda c: c.is_archived), request)
    return envelopes.page(request, shown, lambda c: assets.container_shape(workspace, _KIND, c))


def get_container(store: Store, request: Request) -> Response:
    """One component."""
    return assets.get_container(store, _KIND, request)


def put_container(store: Store, request: Request) -> Response:
    """Create, change or archive a component."""
    return assets.put_container(store, _KIND, request)


def list_versions(store: Store, request: Request) -> Response:
    """The versions of a component."""
    workspace = envelopes.workspace_of(store, request)
    name = request.params["name"]
    asset_versions.get_container(store, _KIND, workspace=workspace.key, name=name)
    found = component_versions.list_versions(store, workspace=workspace.key, name=name)
    return envelopes.page(request, assets.filtered(found, request), lambda v: shape(workspace, v))


def get(store: Store, request: Request) -> Response:
    """One version."""
    workspace = envelopes.workspace_of(store, request)
    found = component_versions.get(
        store, workspace=workspace.key, name=request.params["name"],
        version=request.params["version"],
    )  # fmt: skip
    return json_response(shape(workspace, found))


def put(store: Store, request: Request) -> Response:
    """Register a version; an anonymous one gets the id of the same content sent before."""
    workspace = envelopes.workspace_of(store, request)
    linked_registries.check(store, request)
    properties = fields.mapping(request.json(), "properties")
    name, version = request.params["name"], request.params["version"]
    made = component_versions.create(
        store, workspace=workspace.key, name=name, version=version,
        spec=fields.mapping(properties, "componentSpec"),
        description=fields.text(properties, "description"), tags=fields.texts(properties, "tags"),
        properties=fields.texts(properties, "properties"),
        is_anonymous=fields.flag(properties, "isAnonymous"),
        is_archived=fields.flag(properties, "isArchived"), principal=request.principal,
    )  # fmt: skip
    return json_response(shape(workspace, made), status=201, headers=(("Location", request.url),))


def shape(workspace: Workspace, version: ComponentVersion) -> dict[str, Any]:
    """A component version on the wire."""
    spec = dict(version.spec)
    spec.setdefault("resources", {"instance_count": "1"})
    if version.is_anonymous:
        spec["version"] = "1"
    else:
        spec |= {"name": version.name, "version": version.version}
    properties = assets.version_properties(version) | {
        "componentSpec": _as_text(spec),
        "provisioningState": "Succeeded",
        "stage": "Logged",
    }
    path = f"components/{version.name}/versions/{version.version}"
    return envelopes.resource(workspace, path, version, properties)


def _as_text(value: Any) -> Any:  # noqa: ANN401  # JSON of any shape
    """Every scalar as text, as the service has it: True, 1 and 0.5 become "True", "1", "0.5"."""
    if isinstance(value, Mapping):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value if value is None or isinstance(value, str) else str(value)
