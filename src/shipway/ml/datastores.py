"""Datastores: names for blob containers, and every way to write the address of a blob.

`locate` turns each URI that a job, a model or a data asset may carry into account, container and
path. Knows: documents. Must not know: HTTP.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput, Forbidden, NotFound, NotSupported
from shipway.ml.entities import Entity, authorship
from shipway.store.store import Store

KIND = "datastore"
BLOB_STORE = "workspaceblobstore"
ARTIFACT_STORE = "workspaceartifactstore"
TYPES = ("AzureBlob", "AzureFile", "AzureDataLakeGen2", "AzureDataLakeGen1", "OneLake")

_NAME = re.compile(r"[a-zA-Z0-9_]{1,255}")
_SHORT = re.compile(r"azureml://datastores/([^/]+)(?:/paths(?:/(.*))?)?", re.DOTALL)
_LONG = re.compile(
    r"azureml://subscriptions/[^/]+/resource[gG]roups/[^/]+(?:/providers/[^/]+)?"
    r"/workspaces/[^/]+/datastores/([^/]+)(?:/paths(?:/(.*))?)?",
    re.DOTALL,
)
_WORKSPACE = re.compile(
    r"azureml://(?:[^/]+/mlflow/v[\d.]+/)?subscriptions/([^/]+)/resourcegroups/([^/]+)"
    r"(?:/providers/[^/]+)?/workspaces/([^/]+)/.*",
    re.DOTALL | re.IGNORECASE,
)
_WASB = re.compile(r"wasbs?://([^@/]+)@([^./]+)\.blob\.[^/]+(?:/(.*))?", re.DOTALL)
# what MLflow knows a run's artifacts by
_RUN_ARTIFACT = re.compile(
    r"azureml://[^/]+/mlflow/v[\d.]+/subscriptions/.*/experiments/[^/]+/runs/([^/]+)"
    r"/artifacts(?:/(.*))?",
    re.DOTALL,
)
# what a client uploaded under a name of its own: origin/container/path
_UPLOADED = re.compile(r"azureml://artifacts/([^/]+/[^/]+(?:/.*)?)", re.DOTALL)
_ABFS = re.compile(r"abfss?://([^@/]+)@([^./]+)\.dfs\.[^/]+(?:/(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Datastore(Entity):
    """A datastore over a container (or a file share) of a storage account."""

    workspace: str
    name: str
    datastore_type: str
    account: str
    container: str
    is_default: bool = False
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    credentials_type: str = "AccountKey"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its document key; names ignore case."""
        return f"{self.workspace}/{self.name}".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPlace:
    """Where a blob, or a folder of blobs (a prefix), lies. `path` has no slash at its ends."""

    account: str
    container: str
    path: str


def find(store: Store, *, workspace: str, name: str) -> Datastore | None:
    """The datastore, or None."""
    document = store.documents.find(KIND, f"{workspace}/{name}".lower())
    return Datastore.read(document) if document else None


def get(store: Store, *, workspace: str, name: str) -> Datastore:
    """The datastore. Raises `NotFound` naming it and those that exist."""
    datastore = find(store, workspace=workspace, name=name)
    if datastore is None:
        known = ", ".join(d.name for d in list_all(store, workspace=workspace))
        raise NotFound(
            f"Could not find datastore: {name}.", code="UserError", where=name,
            hint=f"Datastores of this workspace: {known}.",
        )  # fmt: skip
    return datastore


def default(store: Store, *, workspace: str) -> Datastore:
    """The default datastore (`workspaceblobstore` unless another was made so)."""
    for datastore in list_all(store, workspace=workspace):
        if datastore.is_default:
            return datastore
    return get(store, workspace=workspace, name=BLOB_STORE)


def list_all(store: Store, *, workspace: str) -> list[Datastore]:
    """The datastores of a workspace by name."""
    return [Datastore.read(d) for d in store.documents.list(KIND, prefix=f"{workspace}/")]


def create(  # noqa: PLR0913  # one per field of the resource
    store: Store,
    *,
    workspace: str,
    name: str,
    datastore_type: str = "AzureBlob",
    account: str,
    container: str,
    is_default: bool = False,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    credentials_type: str = "AccountKey",
    settings: Mapping[str, Any] | None = None,
    principal: Principal = ANONYMOUS,
) -> Datastore:
    """Register a datastore, or replace one. Raises `BadInput` for a name or type Azure refuses."""
    if datastore_type not in TYPES:
        raise BadInput(
            f"The datastore type '{datastore_type}' is not supported.",
            code="InvalidDatastoreType", where="properties.datastoreType",
            hint=f"Supported: {', '.join(TYPES)}.",
        )  # fmt: skip
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The datastore name '{name}' is invalid.", code="InvalidDatastoreName", where=name,
            hint="Letters, digits and '_' only.",
        )  # fmt: skip
    datastore = Datastore(
        workspace=workspace, name=name, datastore_type=datastore_type, account=account,
        container=container, is_default=is_default, description=description,
        tags=dict(tags or {}), properties=dict(properties or {}),
        credentials_type=credentials_type, settings=dict(settings or {}), **authorship(principal),
    )  # fmt: skip
    with store.database.transaction():
        if is_default:
            for other in list_all(store, workspace=workspace):
                if other.is_default and other.key != datastore.key:
                    store.documents.update(KIND, other.key, {"is_default": False})
        return Datastore.read(store.documents.put(KIND, datastore.key, datastore.body()))


def create_defaults(
    store: Store, *, workspace: str, account: str, workspace_id: str
) -> list[Datastore]:
    """The four datastores that every workspace has, over the containers Azure names so."""
    rows = (
        (BLOB_STORE, "AzureBlob", f"azureml-blobstore-{workspace_id}", True),
        (ARTIFACT_STORE, "AzureBlob", "azureml", False),
        ("workspacefilestore", "AzureFile", f"azureml-filestore-{workspace_id}", False),
        ("workspaceworkingdirectory", "AzureFile", f"code-{workspace_id[:18]}", False),
    )
    return [
        create(
            store, workspace=workspace, name=name, datastore_type=datastore_type,
            account=account, container=container, is_default=is_default,
        )
        for name, datastore_type, container, is_default in rows
    ]  # fmt: skip


def delete(store: Store, *, workspace: str, name: str) -> bool:
    """Forget a datastore (its container stays). Raises `BadInput` for one the workspace needs."""
    if name.lower() in (BLOB_STORE, ARTIFACT_STORE):
        raise BadInput(
            f"Datastore {name} is used by the workspace and cannot be deleted.",
            code="UserError", where=name, hint="Delete the workspace instead.",
        )  # fmt: skip
    return store.documents.delete(KIND, f"{workspace}/{name}".lower())


def locate(store: Store, *, workspace: str, uri: str) -> BlobPlace:
    """Where a URI points.

    Understood: `azureml://datastores/D/paths/P`, the long form with subscription and workspace,
    `azureml://jobs/J/outputs/O/paths/P`, `runs:/J/P`, `https://<account>.blob.../<container>/P`,
    `wasbs://` and `abfss://`. Raises `BadInput` for anything else, `NotFound` for an unknown
    datastore and `Forbidden` for what lies outside the workspace: another workspace, or a storage
    account that none of its datastores is of.
    """
    text = uri.strip()
    _check_workspace(workspace, text)
    for pattern in (_SHORT, _LONG):
        found = pattern.fullmatch(text)
        if found:
            datastore = get(store, workspace=workspace, name=found[1])
            return place_in(datastore, found[2] or "")
    found = _WASB.fullmatch(text) or _ABFS.fullmatch(text)
    if found:
        place = BlobPlace(account=found[2], container=found[1], path=(found[3] or "").strip("/"))
        return _within_reach(store, workspace, place)
    output = job_output_of(text)
    if output is not None:
        return _output_place(store, workspace, *output)
    found = _UPLOADED.fullmatch(text)
    if found:
        return place_in(get(store, workspace=workspace, name=ARTIFACT_STORE), found[1])
    return _within_reach(store, workspace, _place_of_url(text))


def _check_workspace(workspace: str, uri: str) -> None:
    """A URI that names a workspace must name this one: another one's data needs a role there."""
    named = _WORKSPACE.fullmatch(uri)
    if named and "/".join(named.groups()).lower() != workspace.lower():
        raise Forbidden(
            f"The URI '{uri}' is of the workspace '{named[3]}', which cannot be read or written"
            f" from '{workspace.rpartition('/')[2]}'.",
            code="UserError", where=uri,
            hint="Copy the data, or register a datastore over its container in this workspace.",
        )  # fmt: skip


def _within_reach(store: Store, workspace: str, place: BlobPlace) -> BlobPlace:
    """Jobs and deployments act on blobs with the workspace's own keys and no others."""
    own = {datastore.account.lower() for datastore in list_all(store, workspace=workspace)}
    if place.account.lower() not in own:
        raise Forbidden(
            f"The storage account '{place.account}' is not one of this workspace's.",
            code="UserError", where=place.account,
            hint="Register a datastore for its container; that needs the account's key.",
        )  # fmt: skip
    return place


def place_in(datastore: Datastore, path: str) -> BlobPlace:
    """A path in a datastore, as a URI has it. Raises as `below` and, for a file share,
    `NotSupported`."""
    if datastore.datastore_type not in ("AzureBlob", "AzureDataLakeGen2"):
        raise NotSupported(
            f"shipway does not keep files in {datastore.datastore_type} datastores"
            f" ('{datastore.name}')",
            code="DatastoreTypeNotSupported", where=datastore.name,
            hint=f"Use a blob datastore such as {BLOB_STORE}.",
        )  # fmt: skip
    return below(datastore, unquote(path))


def below(datastore: Datastore, path: str) -> BlobPlace:
    """A plain path in a datastore. Raises `BadInput` for one that climbs out: a blob can have such
    a name on Azure, but nothing that mounts the datastore can read it."""
    plain = path.strip("/")
    if ".." in plain.split("/") or "\x00" in plain:
        raise BadInput(
            f"The path '{plain}' climbs out of the datastore '{datastore.name}'.",
            code="UserError", where=plain, hint="Give a path below the datastore's root.",
        )  # fmt: skip
    return BlobPlace(account=datastore.account, container=datastore.container, path=plain)


def job_output_of(uri: str) -> tuple[str, str, str] | None:
    """(job, output, path) of a URI that names a job's output or a run's artifact; else None."""
    text = uri.strip()
    found = re.fullmatch(
        r"(?:azureml://(?:subscriptions/[^/]+/resource[gG]roups/[^/]+(?:/providers/[^/]+)?"
        r"/workspaces/[^/]+/)?jobs/|azureml:jobs/)([^/]+)/outputs/([^/]+)(?:/paths(?:/(.*))?)?",
        text,
        re.DOTALL,
    )
    if found:
        return found[1], found[2], (found[3] or "").strip("/")
    found = re.fullmatch(r"runs:/+([^/]+)(?:/(.*))?", text, re.DOTALL)
    if found:
        return found[1], "artifacts", (found[2] or "").strip("/")
    found = re.fullmatch(r"azureml://artifacts/ExperimentRun/dcid\.([^/]+)(?:/(.*))?", text)
    if found:
        return found[1], "artifacts", (found[2] or "").strip("/")
    found = _RUN_ARTIFACT.fullmatch(text)
    if found:
        return found[1], "artifacts", (found[2] or "").strip("/")
    return None


def artifact_path(job: str, path: str = "") -> str:
    """Where a job's artifacts lie in `workspaceartifactstore`."""
    return f"ExperimentRun/dcid.{job}/{path}".rstrip("/")


def output_path(job: str, output: str, path: str = "") -> str:
    """Where a job's named output lies in the default datastore unless the job says otherwise."""
    return f"azureml/{job}/{output}/{path}".rstrip("/")


def _output_place(store: Store, workspace: str, job: str, output: str, path: str) -> BlobPlace:
    if output in ("artifacts", "default"):
        artifacts = get(store, workspace=workspace, name=ARTIFACT_STORE)
        return place_in(artifacts, artifact_path(job, path))
    # where a job that has written the output says that it lies: its author may have chosen a path,
    # or an earlier job's output may stand for it
    written = store.documents.find("job_output", f"{workspace}/{job}/{output}")
    if written is not None:
        account, container, folder = written.body["place"]
        return BlobPlace(account=account, container=container, path=f"{folder}/{path}".rstrip("/"))
    return place_in(default(store, workspace=workspace), output_path(job, output, path))


def _place_of_url(text: str) -> BlobPlace:
    parts = urlsplit(text)
    host = (parts.hostname or "").lower()
    if parts.scheme in ("http", "https") and (".blob." in host or ".dfs." in host):
        container, _, path = unquote(parts.path).lstrip("/").partition("/")
        if container:
            return BlobPlace(
                account=host.split(".", 1)[0], container=container, path=path.strip("/")
            )
    raise BadInput(
        f"The URI '{text}' does not name a place in a storage account.",
        code="InvalidUri", where=text,
        hint="Write azureml://datastores/<datastore>/paths/<path>, "
        "azureml://jobs/<job>/outputs/<output>/paths/<path> or "
        "https://<account>.blob.core.windows.net/<container>/<path>.",
    )  # fmt: skip
