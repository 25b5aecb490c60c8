"""Registered models: a container and its versions, with lineage to the job that made them.

A version's `model_uri` is kept as given; `place` is where its content lies, found once when it is
registered, so that a model lives on when the URI's job or run is gone. Knows: documents,
datastores, blobs, edges. Must not know: HTTP, Azure DevOps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput
from shipway.base.messages import Event
from shipway.ml import asset_versions, datastores
from shipway.ml.asset_versions import AssetContainer, AssetKind, AssetVersion
from shipway.ml.datastores import BlobPlace
from shipway.ml.entities import authorship
from shipway.store.store import Store

KIND = AssetKind(noun="model", path="models", container="model_container", version="model_version")
TYPES = ("custom_model", "mlflow_model", "triton_model", "presets")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion(AssetVersion):
    """A version of a model. `job` is the job that made it (empty: unknown); `stage` as the user
    set it; `flavors` by name as Azure stores them."""

    model_type: str
    model_uri: str
    account: str
    container: str
    path: str
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
    `ModelVersionCreated` and the edge job -> model. Raises `BadInput` for an unknown type or URI
    and `Conflict` when the version exists with another URI or type.
    """
    if model_type not in TYPES:
        raise BadInput(
            f"The model type '{model_type}' is not supported.", code="UserError",
            where="properties.modelType", hint=f"Supported: {', '.join(TYPES)}.",
        )  # fmt: skip
    place = datastores.locate(store, workspace=workspace, uri=model_uri)
    with store.database.transaction():
        version = version or next_version(store, workspace=workspace, name=name)
        asset_versions.check_names(KIND, name, version)
        old = find(store, workspace=workspace, name=name, version=version)
        if old is not None and (old.place, old.model_type) != (place, model_type):
            raise asset_versions.refuse_change(KIND, old, "URI or type")
        new = ModelVersion(
            workspace=workspace, name=name, version=version, model_type=model_type,
            model_uri=model_uri, account=place.account, container=place.container,
            path=place.path, description=description, tags=dict(tags or {}),
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
