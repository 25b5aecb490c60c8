"""MLflow's model registry over registered models: what `mlflow.register_model` calls.

Source: https://mlflow.org/docs/latest/rest-api.html#create-registered-model
"""

from collections.abc import Sequence
from typing import Any

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.loop import model_version
from shipway.ml import asset_versions, model_versions, run_filters, tracking
from shipway.ml.asset_versions import AssetContainer
from shipway.ml.model_versions import ModelVersion
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields

_ALIAS = "model_alias"
_STAGES = ("None", "Staging", "Production", "Archived")


def create_model(store: Store, request: Request) -> Response:
    """`registered-models/create`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    name = _name(body.get("name"))
    kind = model_versions.KIND
    if asset_versions.find_container(store, kind, workspace=key, name=name) is not None:
        raise Conflict(
            f"Registered Model (name={name}) already exists", code="RESOURCE_ALREADY_EXISTS",
            status=400, where="name",
        )  # fmt: skip
    made = asset_versions.put_container(
        store, kind, workspace=key, name=name, principal=request.principal,
        changes={"description": fields.text(body, "description"), "tags": _pairs(body)},
    )  # fmt: skip
    return json_response({"registered_model": _model(store, made)})


def get_model(store: Store, request: Request) -> Response:
    """`registered-models/get`."""
    return json_response({"registered_model": _model(store, _container(store, request))})


def update_model(store: Store, request: Request) -> Response:
    """`registered-models/update`: its description."""
    found = _container(store, request)
    made = _change(store, found, {"description": fields.text(request.json(), "description")})
    return json_response({"registered_model": _model(store, made)})


def rename_model(store: Store, request: Request) -> Response:
    """`registered-models/rename`: Azure ML keeps a model's name."""
    _container(store, request)
    raise BadInput(
        "Renaming registered models is not supported", code="INVALID_PARAMETER_VALUE",
        where="new_name", hint="Register the versions under the new name.",
    )  # fmt: skip


def delete_model(store: Store, request: Request) -> Response:
    """`registered-models/delete`, with its versions."""
    found = _container(store, request)
    for version in _versions(store, found.workspace, found.name):
        model_version.remove(
            store, workspace=found.workspace, name=found.name, version=version.version
        )
    store.documents.delete(model_versions.KIND.container, f"{found.workspace}/{found.name}")
    return json_response({})


def search_models(store: Store, request: Request) -> Response:
    """`registered-models/search`."""
    key = envelopes.workspace_of(store, request).key
    comparisons = run_filters.parse_filter(request.arg("filter"))
    found = [
        container
        for container in model_versions.list_containers(store, workspace=key)
        if run_filters.matches(
            comparisons,
            lambda kind, name, c=container: (  # type: ignore[misc]
                c.tags.get(name) if kind == "tags" else getattr(c, name, None)
            ),
        )
    ]
    limit = int(request.arg("max_results") or 100)
    return json_response({"registered_models": [_model(store, c) for c in found[:limit]]})


def latest_versions(store: Store, request: Request) -> Response:
    """`registered-models/get-latest-versions`, by GET or POST."""
    found = _container(store, request)
    stages = request.args("stages") or (
        [str(s) for s in fields.items(request.json(), "stages")] if request.method == "POST" else []
    )
    newest: dict[str, ModelVersion] = {}
    for version in _versions(store, found.workspace, found.name):
        newest.setdefault(version.stage or "None", version)
    chosen = [v for stage, v in newest.items() if not stages or stage in stages]
    return json_response({"model_versions": [_version(v) for v in chosen]})


def set_model_tag(store: Store, request: Request) -> Response:
    """`registered-models/set-tag` and `delete-tag`."""
    found = _container(store, request)
    name = str(_given(request).get("key") or "")
    tags = {n: v for n, v in found.tags.items() if n != name}
    if request.path.rstrip("/").endswith("set-tag"):
        tags[name] = str(_given(request).get("value") or "")
    _change(store, found, {"tags": tags})
    return json_response({})


def set_alias(store: Store, request: Request) -> Response:
    """`registered-models/alias` by POST."""
    found = _container(store, request)
    body = _given(request)
    version = _get(store, found.workspace, found.name, str(body.get("version") or ""))
    alias = _name(body.get("alias"))
    key = f"{found.workspace}/{found.name}/{alias}"
    store.documents.put(_ALIAS, key, {"version": version.version})
    return json_response({})


def delete_alias(store: Store, request: Request) -> Response:
    """`registered-models/alias` by DELETE."""
    found = _container(store, request)
    alias = _name(_given(request).get("alias"))
    store.documents.delete(_ALIAS, f"{found.workspace}/{found.name}/{alias}")
    return json_response({})


def get_by_alias(store: Store, request: Request) -> Response:
    """`registered-models/alias` by GET."""
    found = _container(store, request)
    alias = _name(_given(request).get("alias"))
    row = store.documents.find(_ALIAS, f"{found.workspace}/{found.name}/{alias}")
    if row is None:
        raise NotFound(
            f"Registered model alias {alias} not found", code="INVALID_PARAMETER_VALUE",
            status=400, where="alias",
        )  # fmt: skip
    version = _get(store, found.workspace, found.name, str(row.body["version"]))
    return json_response({"model_version": _version(version)})


def create_version(store: Store, request: Request) -> Response:
    """`model-versions/create`: the next number, from a run's artifact or an uploaded folder."""
    found = _container(store, request)
    body = request.json()
    source = _name(body.get("source"), "source")
    run_id = fields.text(body, "run_id")
    if run_id:
        tracking.get_run(store, workspace=found.workspace, run_id=run_id)
    made = model_version.register(
        store, workspace=found.workspace, name=found.name, model_uri=source,
        model_type="mlflow_model", description=fields.text(body, "description"),
        tags=_pairs(body), job=run_id, principal=request.principal,
    )  # fmt: skip
    return json_response({"model_version": _version(made)})


def get_version(store: Store, request: Request) -> Response:
    """`model-versions/get`."""
    return json_response({"model_version": _version(_requested(store, request))})


def update_version(store: Store, request: Request) -> Response:
    """`model-versions/update`: its description."""
    found = _requested(store, request)
    made = model_version.change(
        store, workspace=found.workspace, name=found.name, version=found.version,
        description=fields.text(request.json(), "description"),
    )  # fmt: skip
    return json_response({"model_version": _version(made)})


def transition_stage(store: Store, request: Request) -> Response:
    """`model-versions/transition-stage`."""
    found = _requested(store, request)
    body = request.json()
    stage = fields.choice(body, "stage", _STAGES, "")
    with store.database.transaction():
        if fields.flag(body, "archive_existing_versions"):
            for other in _versions(store, found.workspace, found.name):
                if other.stage == stage and other.version != found.version:
                    _set_stage(store, other, "Archived")
        made = _set_stage(store, found, stage)
    return json_response({"model_version": _version(made)})


def delete_version(store: Store, request: Request) -> Response:
    """`model-versions/delete`."""
    found = _requested(store, request)
    model_version.remove(store, workspace=found.workspace, name=found.name, version=found.version)
    return json_response({})


def search_versions(store: Store, request: Request) -> Response:
    """`model-versions/search`."""
    key = envelopes.workspace_of(store, request).key
    comparisons = run_filters.parse_filter(request.arg("filter"))
    found = [
        version
        for container in model_versions.list_containers(store, workspace=key)
        for version in _versions(store, key, container.name)
        if run_filters.matches(
            comparisons,
            lambda kind, name, v=version: (  # type: ignore[misc]
                v.tags.get(name)
                if kind == "tags"
                else {"name": v.name, "run_id": v.job, "version_number": v.version}.get(name)
            ),
        )
    ]
    limit = int(request.arg("max_results") or 10_000)
    return json_response({"model_versions": [_version(v) for v in found[:limit]]})


def download_uri(store: Store, request: Request) -> Response:
    """`model-versions/get-download-uri`: where the version was registered from."""
    found = _requested(store, request)
    return json_response({"artifact_uri": _source(found)})


def set_version_tag(store: Store, request: Request) -> Response:
    """`model-versions/set-tag` and `delete-tag`."""
    found = _requested(store, request)
    name = str(_given(request).get("key") or "")
    tags = {n: v for n, v in found.tags.items() if n != name}
    if request.path.rstrip("/").endswith("set-tag"):
        tags[name] = str(_given(request).get("value") or "")
    model_versions.set_tags(
        store, workspace=found.workspace, name=found.name, version=found.version, tags=tags
    )
    return json_response({})


def _set_stage(store: Store, version: ModelVersion, stage: str) -> ModelVersion:
    return model_version.change(
        store, workspace=version.workspace, name=version.name, version=version.version,
        stage="" if stage == "None" else stage,
    )  # fmt: skip


def _model(store: Store, container: AssetContainer) -> dict[str, Any]:
    versions = _versions(store, container.workspace, container.name)
    aliases = store.documents.list(_ALIAS, prefix=f"{container.workspace}/{container.name}/")
    return {
        "name": container.name,
        "creation_timestamp": _milliseconds(container.created_at),
        "last_updated_timestamp": _milliseconds(container.updated_at),
        "description": container.description,
        "latest_versions": [_version(version) for version in versions[:1]],
        "tags": [{"key": n, "value": v} for n, v in container.tags.items()],
        "aliases": [
            {"alias": row.key.rpartition("/")[2], "version": row.body["version"]} for row in aliases
        ],
    }


def _version(version: ModelVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "creation_timestamp": _milliseconds(version.created_at),
        "last_updated_timestamp": _milliseconds(version.updated_at),
        "user_id": version.author,
        "current_stage": version.stage or "None",
        "description": version.description,
        "source": _source(version),
        "run_id": version.job,
        "status": "READY",
        "tags": [{"key": n, "value": v} for n, v in version.tags.items()],
    }


def _source(version: ModelVersion) -> str:
    return version.model_uri


def _container(store: Store, request: Request) -> AssetContainer:
    key = envelopes.workspace_of(store, request).key
    name = _name(_given(request).get("name"))
    found = asset_versions.find_container(store, model_versions.KIND, workspace=key, name=name)
    if found is None:
        raise NotFound(
            f"Registered Model with name={name} not found", code="RESOURCE_DOES_NOT_EXIST",
            where="name",
        )  # fmt: skip
    return found


def _change(store: Store, found: AssetContainer, changes: dict[str, Any]) -> AssetContainer:
    return asset_versions.put_container(
        store, model_versions.KIND, workspace=found.workspace, name=found.name, changes=changes
    )


def _requested(store: Store, request: Request) -> ModelVersion:
    found = _container(store, request)
    return _get(store, found.workspace, found.name, str(_given(request).get("version") or ""))


def _get(store: Store, workspace: str, name: str, version: str) -> ModelVersion:
    found = model_versions.find(store, workspace=workspace, name=name, version=version)
    if found is None:
        raise NotFound(
            f"Model Version (name={name}, version={version}) not found",
            code="RESOURCE_DOES_NOT_EXIST", where="version",
        )  # fmt: skip
    return found


def _versions(store: Store, workspace: str, name: str) -> Sequence[ModelVersion]:
    return model_versions.list_versions(store, workspace=workspace, name=name)


def _given(request: Request) -> dict[str, Any]:
    return dict(request.query) if request.method == "GET" else request.json()


def _name(value: object, field: str = "name") -> str:
    if not isinstance(value, str) or not value:
        raise BadInput(
            f"Missing value for required parameter '{field}'", code="INVALID_PARAMETER_VALUE",
            where=field, hint="See the MLflow REST API.",
        )  # fmt: skip
    return value


def _pairs(body: dict[str, Any]) -> dict[str, str]:
    rows = [row for row in fields.items(body, "tags") if isinstance(row, dict)]
    return {str(row.get("key")): str(row.get("value", "")) for row in rows}


def _milliseconds(moment: Any) -> int:  # noqa: ANN401  # datetime or None
    return int(moment.timestamp() * 1000) if moment else 0
