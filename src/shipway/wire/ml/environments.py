"""Routes and shapes of AML environments; curated ones are answered under their older names.

Source: https://learn.microsoft.com/rest/api/azureml/environment-versions
"""

from typing import Any

from shipway.ml import asset_versions, environment_versions
from shipway.ml.asset_versions import AssetContainer
from shipway.ml.environment_versions import EnvironmentVersion
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import assets, envelopes, fields

_KIND = environment_versions.KIND


def list_containers(store: Store, request: Request) -> Response:
    """The environments of a workspace that somebody named."""
    workspace = envelopes.workspace_of(store, request)
    named = environment_versions.list_containers(store, workspace=workspace.key)
    shown = envelopes.ordered(envelopes.view(named, request, lambda c: c.is_archived), request)
    return envelopes.page(request, shown, lambda c: assets.container_shape(workspace, _KIND, c))


def get_container(store: Store, request: Request) -> Response:
    """One environment."""
    workspace = envelopes.workspace_of(store, request)
    name = request.params["name"]
    found = asset_versions.find_container(store, _KIND, workspace=workspace.key, name=name)
    if found is None:
        built_in = environment_versions.latest(store, workspace=workspace.key, name=name)
        found = AssetContainer(workspace=workspace.key, name=name, latest=built_in.version)
    return json_response(assets.container_shape(workspace, _KIND, found))


def put_container(store: Store, request: Request) -> Response:
    """Create, change or archive an environment."""
    return assets.put_container(store, _KIND, request)


def list_versions(store: Store, request: Request) -> Response:
    """The versions of an environment."""
    workspace = envelopes.workspace_of(store, request)
    name = request.params["name"]
    found = environment_versions.list_versions(store, workspace=workspace.key, name=name)
    if not found:
        asset_versions.get_container(store, _KIND, workspace=workspace.key, name=name)
    return envelopes.page(request, assets.filtered(found, request), lambda v: shape(workspace, v))


def get(store: Store, request: Request) -> Response:
    """One version."""
    workspace = envelopes.workspace_of(store, request)
    found = environment_versions.get(
        store, workspace=workspace.key, name=request.params["name"],
        version=request.params["version"],
    )  # fmt: skip
    return json_response(shape(workspace, found))


def put(store: Store, request: Request) -> Response:
    """Register a version."""
    workspace = envelopes.workspace_of(store, request)
    properties = fields.mapping(request.json(), "properties")
    name, version = request.params["name"], request.params["version"]
    before = environment_versions.find(store, workspace=workspace.key, name=name, version=version)
    made = environment_versions.create(
        store, workspace=workspace.key, name=name, version=version,
        image=fields.text(properties, "image"), conda_file=fields.text(properties, "condaFile"),
        build_context=fields.text(properties, "build.contextUri"),
        dockerfile=fields.text(properties, "build.dockerfilePath"),
        os_type=fields.text(properties, "osType", "Linux"),
        description=fields.text(properties, "description"), tags=fields.texts(properties, "tags"),
        properties=fields.texts(properties, "properties"),
        is_anonymous=fields.flag(properties, "isAnonymous"),
        is_archived=fields.flag(properties, "isArchived"), principal=request.principal,
    )  # fmt: skip
    return json_response(shape(workspace, made), status=201 if before is None else 200)


def shape(workspace: Workspace, version: EnvironmentVersion) -> dict[str, Any]:
    """An environment version on the wire."""
    build = None
    if version.build_context:
        build = {"contextUri": version.build_context, "dockerfilePath": version.dockerfile}
    properties = assets.version_properties(version) | {
        "environmentType": "Curated" if version.registry else "UserCreated",
        "image": version.image or None,
        "condaFile": version.conda_file or None,
        "build": build,
        "osType": version.os_type,
        "autoRebuild": "Disabled",
        "provisioningState": "Succeeded",
    }
    path = f"environments/{version.name}/versions/{version.version}"
    return envelopes.resource(workspace, path, version, properties)
