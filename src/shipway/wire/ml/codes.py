"""Routes and shapes of code snapshots: find one by its hash, upload it, register it.

Source: https://learn.microsoft.com/rest/api/azureml/code-versions
"""

from typing import Any

from shipway.azure.blob import containers, signatures
from shipway.base import ids
from shipway.base.errors import BadInput
from shipway.ml import code_versions, datastores
from shipway.ml.code_versions import CodeVersion
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import assets, envelopes, fields


def list_versions(store: Store, request: Request) -> Response:
    """The versions of a name; with `hash` whichever snapshot has that content."""
    workspace = envelopes.workspace_of(store, request)
    wanted = request.arg("hash")
    if wanted:
        known = code_versions.by_hash(store, workspace=workspace.key, content_hash=wanted)
        found = [known] if known else []
    else:
        found = code_versions.list_versions(
            store, workspace=workspace.key, name=request.params["name"]
        )
    return envelopes.page(request, found, lambda v: shape(workspace, v))


def get(store: Store, request: Request) -> Response:
    """One snapshot."""
    workspace = envelopes.workspace_of(store, request)
    found = code_versions.get(
        store, workspace=workspace.key, name=request.params["name"],
        version=request.params["version"],
    )  # fmt: skip
    return json_response(shape(workspace, found))


def start_pending_upload(store: Store, request: Request) -> Response:
    """Where to upload a snapshot: a container of its own, with a SAS that may write to it."""
    workspace = envelopes.workspace_of(store, request)
    kind = fields.text(request.json(), "pendingUploadType", "TemporaryBlobReference")
    if kind != "TemporaryBlobReference":
        raise BadInput(
            f"The pendingUploadType '{kind}' is not supported.", code="ValidationError",
            where="pendingUploadType", hint="Send TemporaryBlobReference.",
        )  # fmt: skip
    blob_store = datastores.get(store, workspace=workspace.key, name=datastores.BLOB_STORE)
    account, pending = blob_store.account, ids.new_guid()
    container = f"{workspace.workspace_id[:8]}-{pending}"
    containers.create(store, account=account, name=container)
    sas = signatures.issue_container_sas(store, account=account, container=container)
    uri = f"https://{account}.blob.core.windows.net/{container}"
    return json_response(
        {
            "pendingUploadId": pending,
            "pendingUploadType": kind,
            "blobReferenceForConsumption": {
                "blobUri": uri,
                "storageAccountArmId": workspace.storage_account_id,
                "credential": {"credentialType": "SAS", "sasUri": f"{uri}?{sas}"},
            },
        }
    )


def put(store: Store, request: Request) -> Response:
    """Register an uploaded folder."""
    workspace = envelopes.workspace_of(store, request)
    properties = fields.mapping(request.json(), "properties")
    hashes = fields.texts(properties, "properties")
    name, version = request.params["name"], request.params["version"]
    before = code_versions.find(store, workspace=workspace.key, name=name, version=version)
    made = code_versions.create(
        store, workspace=workspace.key, name=name, version=version,
        code_uri=fields.required_text(properties, "codeUri"),
        content_hash=hashes.get("hash_sha256", ""), hash_version=hashes.get("hash_version", ""),
        is_anonymous=fields.flag(properties, "isAnonymous"), principal=request.principal,
    )  # fmt: skip
    return json_response(shape(workspace, made), status=201 if before is None else 200)


def shape(workspace: Workspace, version: CodeVersion) -> dict[str, Any]:
    """A snapshot on the wire."""
    hashes = {"hash_sha256": version.content_hash, "hash_version": version.hash_version}
    properties = assets.version_properties(version) | {
        "codeUri": f"https://{version.account}.blob.core.windows.net/{version.container}"
        f"/{version.path}",
        "properties": {name: value for name, value in hashes.items() if value},
        "provisioningState": "Succeeded",
    }
    path = f"codes/{version.name}/versions/{version.version}"
    return envelopes.resource(workspace, path, version, properties)
