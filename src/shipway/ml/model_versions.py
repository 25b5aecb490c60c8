"""Registered models: a container and its versions, with lineage to the job that made them.

A version's `model_uri` is kept as given, but for a job's output, which becomes the datastore's URI
as on Azure. What it points to is looked up once, when it is registered, and kept by content, so
that a model stays what it was whatever happens to the job, run or blobs that it came from. Knows:
documents, datastores, blobs, edges. Must not know: HTTP, Azure DevOps.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.azure.blob import blobs
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput
from shipway.base.messages import Event
from shipway.ml import asset_versions, datastores, jobs, workspaces
from shipway.ml.asset_versions import AssetContainer, AssetKind, AssetVersion
from shipway.ml.datastores import BlobPlace
from shipway.ml.entities import authorship
from shipway.store.store import Store

KIND = AssetKind(noun="model", path="models", container="model_container", version="model_version")
TYPES = ("custom_model", "mlflow_model", "triton_model", "presets")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion(AssetVersion):
    """A version of a model. `files` maps paths (below `root`, the last part of its URI) to content
    digests. `job` is the job that made it (empty: unknown); `stage` as the user set it; `flavors`
    by name as Azure stores them."""

    model_type: str
    model_uri: str
    account: str
    container: str
    path: str
    files: Mapping[str, str] = field(default_factory=dict)
    job: str = ""
    stage: str = ""
    flavors: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> BlobPlace:
        """Where its content lies."""
        return BlobPlace(account=self.account, container=self.container, path=self.path)

    @property
    def lineage_key(self) -> str:
        """Its name in lineage edges."""
        return f"model/{self.key}"

    @property
    def root(self) -> str:
        """The file or folder that AZUREML_MODEL_DIR holds: the last part of the path."""
        return posixpath.basename(self.path) or self.name

    @property
    def is_file(self) -> bool:
        """Whether the model is one file and no folder."""
        return list(self.files) == [""]


def create(  # noqa: PLR0913  # one per field of the resource
    store: Store,
    *,
    workspace: str,
    name: str,
    version: str = "",
    model_uri: str,
    model_type: str = "custom_model",
    description: str = "",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    flavors: Mapping[str, Any] | None = None,
    stage: str = "",
    is_anonymous: bool = False,
    is_archived: bool = False,
    job: str = "",
    principal: Principal = ANONYMOUS,
) -> ModelVersion:
    """Register a version (empty: the next number), or change tags and description of one.

    `job`: the job that made the model; taken from the URI when it names one. Writes the journal's
    `ModelVersionCreated` and the edge job -> model. Raises `BadInput` for an unknown type, a URI
    that cannot be read or one where nothing lies, and `Conflict` when the version exists with
    other content or another type.
    """
    if model_type not in TYPES:
        raise BadInput(
            f"The model type '{model_type}' is not supported.", code="UserError",
            where="properties.modelType", hint=f"Supported: {', '.join(TYPES)}.",
        )  # fmt: skip
    place = locate(store, workspace=workspace, uri=model_uri)
    files = _files_at(store, place, model_uri)
    with store.database.transaction():
        version = version or next_version(store, workspace=workspace, name=name)
        asset_versions.check_names(KIND, name, version)
        old = find(store, workspace=workspace, name=name, version=version)
        if old is not None and (dict(old.files), old.model_type) != (files, model_type):
            raise asset_versions.refuse_change(KIND, old, "content or type")
        new = ModelVersion(
            workspace=workspace, name=name, version=version, model_type=model_type,
            model_uri=_uri_of(store, workspace, model_uri, place), account=place.account,
            container=place.container, path=place.path, files=files, description=description,
            tags=dict(tags or {}),
            properties=dict(properties or {}), flavors=dict(flavors or {}), stage=stage,
            is_anonymous=is_anonymous, is_archived=is_archived,
            job=job or _job_of(model_uri, place) or (old.job if old else ""),
            **authorship(principal),
        )  # fmt: skip
        if old is not None:
            new = replace(
                new, author=old.author, author_type=old.author_type, author_id=old.author_id,
                flavors=new.flavors or old.flavors,
            )  # fmt: skip
        saved = asset_versions.save(store, KIND, new)
        if old is None:
            _announce(store, saved)
        return saved


def locate(store: Store, *, workspace: str, uri: str) -> BlobPlace:
    """Where a model URI points: a job's output where the job wrote it, else as datastores say.

    Raises `BadInput` and `NotFound`.
    """
    named = datastores.job_output_of(uri)
    if named is not None:
        job, output, path = named
        written = jobs.find_output(store, workspace=workspace, name=job, output=output)
        if written is not None:
            full = posixpath.join(written.place.path, path).rstrip("/")
            return replace(written.place, path=full)
    return datastores.locate(store, workspace=workspace, uri=uri)


def find(store: Store, *, workspace: str, name: str, version: str) -> ModelVersion | None:
    """The version, or None."""
    return asset_versions.find_version(
        store, KIND, ModelVersion, workspace=workspace, name=name, version=version
    )


def get(store: Store, *, workspace: str, name: str, version: str) -> ModelVersion:
    """The version. Raises `NotFound`."""
    return asset_versions.get_version(
        store, KIND, ModelVersion, workspace=workspace, name=name, version=version
    )


def list_versions(store: Store, *, workspace: str, name: str) -> list[ModelVersion]:
    """The versions of a model, the newest first."""
    return asset_versions.list_versions(store, KIND, ModelVersion, workspace=workspace, name=name)


def list_containers(store: Store, *, workspace: str) -> list[AssetContainer]:
    """The models of a workspace, the newest first."""
    return asset_versions.list_containers(store, KIND, workspace=workspace)


def next_version(store: Store, *, workspace: str, name: str) -> str:
    """The number that the next version gets."""
    return asset_versions.next_version(store, KIND, workspace=workspace, name=name)


def resolve(store: Store, *, workspace: str, reference: str) -> ModelVersion:
    """The version behind `azureml:N:V`, `azureml:N@latest`, `N:V` or an ARM id.

    Raises `BadInput` and `NotFound`.
    """
    return asset_versions.resolve(
        store, KIND, ModelVersion, workspace=workspace, reference=reference
    )


def set_tags(
    store: Store, *, workspace: str, name: str, version: str, tags: Mapping[str, str]
) -> ModelVersion:
    """Replace a version's tags. Raises `NotFound`."""
    with store.database.transaction():
        old = get(store, workspace=workspace, name=name, version=version)
        return asset_versions.save(store, KIND, replace(old, tags=dict(tags)))


def set_flavors(store: Store, model: ModelVersion, *, flavors: Mapping[str, Any]) -> ModelVersion:
    """Note the flavors that the content names."""
    return asset_versions.save(store, KIND, replace(model, flavors=dict(flavors)))


def change(
    store: Store,
    *,
    workspace: str,
    name: str,
    version: str,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    stage: str | None = None,
    properties: Mapping[str, str] | None = None,
) -> ModelVersion:
    """Add or change tags and properties, replace description or stage. Raises `NotFound`."""
    with store.database.transaction():
        old = get(store, workspace=workspace, name=name, version=version)
        new = replace(
            old, tags={**old.tags, **(tags or {})},
            properties={**old.properties, **(properties or {})},
            description=old.description if description is None else description,
            stage=old.stage if stage is None else stage,
        )  # fmt: skip
        return asset_versions.save(store, KIND, new)


def remove(store: Store, *, workspace: str, name: str, version: str) -> bool:
    """Forget a version; False when there was none."""
    return asset_versions.remove(store, KIND, workspace=workspace, name=name, version=version)


def _files_at(store: Store, place: BlobPlace, uri: str) -> dict[str, str]:
    """Content digests by path below the place; the path is empty for a place that is one blob."""
    if place.path:
        single = blobs.find(
            store, account=place.account, container=place.container, name=place.path
        )
        if single is not None:
            return {"": single.digest}
    prefix = f"{place.path}/" if place.path else ""
    found = blobs.list_blobs(store, account=place.account, container=place.container, prefix=prefix)
    if not found:
        raise BadInput(
            f"The path that '{uri}' names has no files.", code="UserError",
            where="properties.modelUri",
            hint="Upload the model first, or name an output that its job has written.",
        )  # fmt: skip
    return {blob.name[len(prefix) :]: blob.digest for blob in found}


def _announce(store: Store, model: ModelVersion) -> None:
    if model.job:
        store.growing.add_edge(
            f"job/{model.workspace}/{model.job}", "registered", model.lineage_key
        )
    store.journal.append(
        Event(
            kind="ModelVersionCreated",
            subject=model.lineage_key,
            at=store.clock.now(),
            data={
                "workspace": model.workspace, "name": model.name, "version": model.version,
                "job": model.job, "tags": dict(model.tags), "anonymous": model.is_anonymous,
            },
        )
    )  # fmt: skip


def _uri_of(store: Store, workspace: str, uri: str, place: BlobPlace) -> str:
    """The long datastore URI for a job's output, wherever the job wrote it; others as given."""
    if "jobs/" not in uri or datastores.job_output_of(uri) is None:
        return uri
    for datastore in datastores.list_all(store, workspace=workspace):
        if (datastore.account, datastore.container) == (place.account, place.container):
            where = workspaces.get(store, workspace)
            return (
                f"azureml://subscriptions/{where.subscription}/resourceGroups/"
                f"{where.resource_group}/workspaces/{where.name}/datastores/{datastore.name}"
                f"/paths/{place.path}"
            )
    return uri


def _job_of(model_uri: str, place: BlobPlace) -> str:
    """The job that a URI names, or that wrote the place it points to."""
    output = datastores.job_output_of(model_uri)
    if output is not None:
        return output[0]
    parts = place.path.split("/")
    if parts[0] == "ExperimentRun" and len(parts) > 1:
        return parts[1].removeprefix("dcid.")
    if parts[0] == "azureml" and len(parts) > 2:
        return parts[1]
    return ""
