"""Routes and shapes of registered models.

Source: https://learn.microsoft.com/rest/api/azureml/model-versions
"""

from typing import Any

from shipway.base.errors import BadInput
from shipway.loop import model_version
from shipway.ml import asset_versions, model_versions
from shipway.ml.model_versions import ModelVersion
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import assets, envelopes, fields


def get_container(store: Store, request: Request) -> Response:
    """One model."""
    return assets.get_container(store, model_versions.KIND, request)


def list_containers(store: Store, request: Request) -> Response:
    """The models of a workspace."""
    return assets.list_containers(store, model_versions.KIND, request)


def put_container(store: Store, request: Request) -> Response:
    """Create, change or archive a model."""
    return assets.put_container(store, model_versions.KIND, request)


def get(store: Store, request: Request) -> Response:
    """One version."""
    workspace = envelopes.workspace_of(store, request)
    found = model_versions.get(
        store, workspace=workspace.key, name=request.params["name"],
        version=request.params["version"],
    )  # fmt: skip
    return json_response(shape(workspace, found))


def list_versions(store: Store, request: Request) -> Response:
    """The versions of a model; an unknown model has none, as the SDK expects of a first create."""
    workspace = envelopes.workspace_of(store, request)
    name = request.params["name"]
    asset_versions.get_container(store, model_versions.KIND, workspace=workspace.key, name=name)
    found = model_versions.list_versions(store, workspace=workspace.key, name=name)
    return envelopes.page(request, assets.filtered(found, request), lambda v: shape(workspace, v))


def put(store: Store, request: Request) -> Response:
    """Register a version, or change its tags, description, stage or archive flag."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    properties = fields.mapping(body, "properties")
    name, version = request.params["name"], request.params["version"]
    before = model_versions.find(store, workspace=workspace.key, name=name, version=version)
    made = model_version.register(
        store, workspace=workspace.key, name=name, version=version,
        model_uri=fields.required_text(properties, "modelUri"),
        model_type=fields.text(properties, "modelType", "custom_model"),
        description=fields.text(properties, "description"), tags=fields.texts(properties, "tags"),
        properties=fields.texts(properties, "properties"),
        flavors=fields.mapping(properties, "flavors"), stage=fields.text(properties, "stage"),
        job=fields.text(properties, "jobName"),
        is_anonymous=fields.flag(properties, "isAnonymous"),
        is_archived=fields.flag(properties, "isArchived"), principal=request.principal,
    )  # fmt: skip
    return json_response(shape(workspace, made), status=201 if before is None else 200)


def patch(store: Store, request: Request) -> Response:
    """Change tags (merged), description or stage of a version."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    unknown = sorted(set(body) - {"properties", "tags", "description", "stage"})
    if unknown:
        raise BadInput(
            f"The field {unknown[0]} of a model version cannot be changed.",
            code="ValidationError", where=unknown[0],
            hint="Changeable: tags, description, stage, below 'properties'.",
        )  # fmt: skip
    properties = fields.mapping(body, "properties") or body
    made = model_version.change(
        store, workspace=workspace.key, name=request.params["name"],
        version=request.params["version"], tags=fields.texts(properties, "tags"),
        description=(
            fields.text(properties, "description") if "description" in properties else None
        ),
        stage=fields.text(properties, "stage") if "stage" in properties else None,
    )  # fmt: skip
    return json_response(shape(workspace, made))


def delete(store: Store, request: Request) -> Response:
    """Forget a version; what it points to stays."""
    workspace = envelopes.workspace_of(store, request)
    gone = model_version.remove(
        store, workspace=workspace.key, name=request.params["name"],
        version=request.params["version"],
    )  # fmt: skip
    return Response(status=200 if gone else 204)


def shape(workspace: Workspace, version: ModelVersion) -> dict[str, Any]:
    """A model version on the wire; the SDK reads `flavors` as a map, so it is never null."""
    properties = assets.version_properties(version) | {
        "modelType": version.model_type,
        "modelUri": version.model_uri,
        "jobName": version.job or None,
        "flavors": dict(version.flavors),
        "stage": version.stage or None,
        "provisioningState": "Succeeded",
    }
    path = f"models/{version.name}/versions/{version.version}"
    return envelopes.resource(workspace, path, version, properties)
