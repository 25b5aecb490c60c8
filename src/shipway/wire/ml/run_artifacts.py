"""Artifacts of runs: where to write and to read them, by signed blob addresses.

`azureml-mlflow` asks here for addresses and then speaks to blob storage itself. The run's token is
renewed here too. Source: the generated clients in azureml-mlflow 1.60 (`_restclient`).
"""

from typing import Any

from shipway.azure.blob import blobs, signatures
from shipway.base.clock import timestamp
from shipway.base.errors import NotFound
from shipway.ml import datastores, tracking
from shipway.ml.datastores import BlobPlace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields

_RUN_ORIGIN = "ExperimentRun"


def list_artifacts(store: Store, request: Request) -> Response:
    """The artifacts of a run (or of an uploaded container), by path."""
    origin, container = _container_of(store, request)
    place = _place(store, request, origin, container, "")
    found = blobs.list_blobs(
        store, account=place.account, container=place.container, prefix=f"{place.path}/"
    )
    prefix = request.arg("path")
    rows = [
        _row(origin, container, blob.name[len(place.path) + 1 :])
        for blob in found
        if blob.name[len(place.path) + 1 :].startswith(prefix)
    ]
    return json_response({"value": rows, "continuationToken": None, "nextLink": None})


def content_information(store: Store, request: Request) -> Response:
    """Where to read one artifact."""
    origin, container = _container_of(store, request)
    path = request.arg("path")
    place = _place(store, request, origin, container, path)
    if blobs.find(
        store, account=place.account, container=place.container, name=place.path
    ) is None:  # fmt: skip
        raise NotFound(
            f"The artifact '{path}' of {container} was not found.", code="UserError", where=path
        )
    return json_response(_content(store, place, origin, container, path, permissions="r"))


def create_empty(store: Store, request: Request) -> Response:
    """Where to write artifacts; the blobs appear when they are written."""
    origin, container = _container_of(store, request)
    paths = [
        fields.required_text(item, "path")
        for item in fields.items(request.json(), "paths")
        if isinstance(item, dict)
    ]
    information: dict[str, Any] = {}
    for path in paths:
        place = _place(store, request, origin, container, path)
        information[path] = _content(store, place, origin, container, path, permissions="rcw")
    return json_response(
        {
            "artifacts": {path: _row(origin, container, path) for path in paths},
            "artifactContentInformation": information,
            "errors": {},
        }
    )


def mlflow_list(store: Store, request: Request) -> Response:
    """MLflow's own `artifacts/list`: what lies directly below a path of a run."""
    workspace = envelopes.workspace_of(store, request)
    run = tracking.get_run(
        store, workspace=workspace.key, run_id=request.arg("run_id") or request.arg("run_uuid")
    )
    place = _place(store, request, _RUN_ORIGIN, f"dcid.{run.run_id}", request.arg("path"))
    root = _place(store, request, _RUN_ORIGIN, f"dcid.{run.run_id}", "")
    below = f"{place.path}/"
    files: dict[str, dict[str, Any]] = {}
    for blob in blobs.list_blobs(
        store, account=place.account, container=place.container, prefix=below
    ):
        head, slash, _ = blob.name[len(below) :].partition("/")
        path = f"{below}{head}"[len(root.path) + 1 :]
        files.setdefault(
            path,
            {"path": path, "is_dir": True}
            if slash
            else {"path": path, "is_dir": False, "file_size": blob.size},
        )
    return json_response(
        {"root_uri": tracking.artifact_uri(workspace, run), "files": list(files.values())}
    )


def get_token(store: Store, request: Request) -> Response:
    """A fresh token for a run that outlives its first one."""
    workspace = envelopes.workspace_of(store, request)
    tracking.get_run(store, workspace=workspace.key, run_id=request.params["run"])
    token, expiry = tracking.run_token(store, workspace=workspace.key)
    return json_response({"token": token, "expiryTimeUtc": timestamp(expiry)})


def _container_of(store: Store, request: Request) -> tuple[str, str]:
    if "run" in request.params:
        run_id = request.params["run"]
        run = tracking.get_run(store, workspace=envelopes.key_of(request), run_id=run_id)
        return _RUN_ORIGIN, f"dcid.{run.run_id}"
    return request.params["origin"], request.params["container"]


def _place(store: Store, request: Request, origin: str, container: str, path: str) -> BlobPlace:
    store_of_artifacts = datastores.get(
        store, workspace=envelopes.workspace_of(store, request).key,
        name=datastores.ARTIFACT_STORE,
    )  # fmt: skip
    return datastores.below(store_of_artifacts, f"{origin}/{container}/{path.strip('/')}")


def _content(
    store: Store, place: BlobPlace, origin: str, container: str, path: str, *, permissions: str
) -> dict[str, Any]:
    query = signatures.issue_blob_sas(
        store, account=place.account, container=place.container, name=place.path,
        permissions=permissions,
    )  # fmt: skip
    address = f"https://{place.account}.blob.core.windows.net/{place.container}/{place.path}"
    return {
        "contentUri": f"{address}?{query}", "origin": origin, "container": container,
        "path": path, "tags": {},
    }  # fmt: skip


def _row(origin: str, container: str, path: str) -> dict[str, Any]:
    return {
        "artifactId": f"{origin}/{container}/{path}", "origin": origin, "container": container,
        "path": path, "etag": None, "createdTime": None, "dataPath": None, "tags": {},
    }  # fmt: skip
