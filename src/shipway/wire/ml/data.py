"""Routes and shapes of data assets.

Source: https://learn.microsoft.com/rest/api/azureml/data-versions
"""

from typing import Any

from shipway.base.errors import BadInput
from shipway.ml import asset_versions, data_versions, datastores
from shipway.ml.data_versions import DataVersion
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import assets, envelopes, fields


def get_container(store: Store, request: Request) -> Response:
    """One data asset."""
    return assets.get_container(store, data_versions.KIND, request)


def list_containers(store: Store, request: Request) -> Response:
    """The data assets of a workspace."""
    return assets.list_containers(store, data_versions.KIND, request)


def put_container(store: Store, request: Request) -> Response:
    """Create, change or archive a data asset."""
    return assets.put_container(store, data_versions.KIND, request)


def get(store: Store, request: Request) -> Response:
    """One version."""
    workspace = envelopes.workspace_of(store, request)
    found = data_versions.get(
        store, workspace=workspace.key, name=request.params["name"],
        version=request.params["version"],
    )  # fmt: skip
    return json_response(shape(workspace, found))


def list_versions(store: Store, request: Request) -> Response:
    """The versions of a data asset."""
    workspace = envelopes.workspace_of(store, request)
    name = request.params["name"]
    asset_versions.get_container(store, data_versions.KIND, workspace=workspace.key, name=name)
    found = data_versions.list_versions(store, workspace=workspace.key, name=name)
    return envelopes.page(request, assets.filtered(found, request), lambda v: shape(workspace, v))


def put(store: Store, request: Request) -> Response:
    """Register a version, or change its tags, description or archive flag."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    properties = fields.mapping(body, "properties")
    name, version = request.params["name"], request.params["version"]
    uri = fields.required_text(properties, "dataUri")
    _check_uri(store, workspace, uri)
    before = data_versions.find(store, workspace=workspace.key, name=name, version=version)
    made = data_versions.create(
        store, workspace=workspace.key, name=name, version=version,
        data_type=fields.text(properties, "dataType", "uri_folder"), data_uri=uri,
        description=fields.text(properties, "description"), tags=fields.texts(properties, "tags"),
        properties=fields.texts(properties, "properties"),
        is_anonymous=fields.flag(properties, "isAnonymous"),
        is_archived=fields.flag(properties, "isArchived"), principal=request.principal,
    )  # fmt: skip
    return json_response(shape(workspace, made), status=201 if before is None else 200)


def shape(workspace: Workspace, version: DataVersion) -> dict[str, Any]:
    """A data version on the wire."""
    properties = assets.version_properties(version) | {
        "dataType": version.data_type,
        "dataUri": version.data_uri,
    }
    path = f"data/{version.name}/versions/{version.version}"
    return envelopes.resource(workspace, path, version, properties)


def _check_uri(store: Store, workspace: Workspace, uri: str) -> None:
    if uri.startswith(("http://", "https://")) and ".blob." not in uri:
        return  # public data on the web is legal; jobs fetch it
    try:
        datastores.locate(store, workspace=workspace.key, uri=uri)
    except BadInput as error:
        raise BadInput(
            error.message, code="ValidationError", where="properties.dataUri", hint=error.hint
        ) from None
