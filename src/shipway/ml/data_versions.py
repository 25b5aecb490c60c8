"""Data assets: a named, versioned file or folder of blobs.

Knows: documents, datastores. Must not know: HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput
from shipway.ml import asset_versions, datastores
from shipway.ml.asset_versions import AssetContainer, AssetKind, AssetVersion
from shipway.ml.datastores import BlobPlace
from shipway.ml.entities import authorship
from shipway.store.store import Store

KIND = AssetKind(noun="data", path="data", container="data_container", version="data_version")
TYPES = ("uri_file", "uri_folder", "mltable")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataVersion(AssetVersion):
    """A version of a data asset. `data_uri` as given; `locate` says where it points."""

    data_type: str
    data_uri: str
    job: str = ""


def create(  # noqa: PLR0913  # one per field of the resource
    store: Store,
    *,
    workspace: str,
    name: str,
    version: str = "",
    data_type: str,
    data_uri: str,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    is_anonymous: bool = False,
    is_archived: bool = False,
    job: str = "",
    principal: Principal = ANONYMOUS,
) -> DataVersion:
    """Register a version (empty: the next number), or change tags and description of one.

    Raises `BadInput` for an unknown type and `Conflict` when the version exists with another URI.
    """
    if data_type not in TYPES:
        raise BadInput(
            f"The data type '{data_type}' is not supported.", code="UserError",
            where="properties.dataType", hint=f"Supported: {', '.join(TYPES)}.",
        )  # fmt: skip
    if not data_uri:
        raise BadInput(
            "The data version has no dataUri.", code="UserError", where="properties.dataUri",
            hint="Give the URI of a file or folder in a datastore.",
        )  # fmt: skip
    with store.database.transaction():
        version = version or next_version(store, workspace=workspace, name=name)
        asset_versions.check_names(KIND, name, version)
        old = find(store, workspace=workspace, name=name, version=version)
        if old is not None and (old.data_uri, old.data_type) != (data_uri, data_type):
            raise asset_versions.refuse_change(KIND, old, "URI or type")
        new = DataVersion(
            workspace=workspace, name=name, version=version, data_type=data_type,
            data_uri=data_uri, description=description, tags=dict(tags or {}),
            properties=dict(properties or {}), is_anonymous=is_anonymous,
            is_archived=is_archived, job=job or (old.job if old else ""), **authorship(principal),
        )  # fmt: skip
        if old is not None:
            new = replace(
                new, author=old.author, author_type=old.author_type, author_id=old.author_id
            )
        saved = asset_versions.save(store, KIND, new)
        asset_versions.put_container(
            store, KIND, workspace=workspace, name=name, changes={"asset_type": data_type}
        )
        return saved


def find(store: Store, *, workspace: str, name: str, version: str) -> DataVersion | None:
    """The version, or None."""
    return asset_versions.find_version(
        store, KIND, DataVersion, workspace=workspace, name=name, version=version
    )


def get(store: Store, *, workspace: str, name: str, version: str) -> DataVersion:
    """The version. Raises `NotFound`."""
    return asset_versions.get_version(
        store, KIND, DataVersion, workspace=workspace, name=name, version=version
    )


def list_versions(store: Store, *, workspace: str, name: str) -> list[DataVersion]:
    """The versions of a data asset, the newest first."""
    return asset_versions.list_versions(store, KIND, DataVersion, workspace=workspace, name=name)


def list_containers(store: Store, *, workspace: str) -> list[AssetContainer]:
    """The data assets of a workspace, the newest first."""
    return asset_versions.list_containers(store, KIND, workspace=workspace)


def next_version(store: Store, *, workspace: str, name: str) -> str:
    """The number that the next version gets."""
    return asset_versions.next_version(store, KIND, workspace=workspace, name=name)


def resolve(store: Store, *, workspace: str, reference: str) -> DataVersion:
    """The version behind `azureml:N:V`, `azureml:N@latest`, `N:V` or an ARM id.

    Raises `BadInput` and `NotFound`.
    """
    return asset_versions.resolve(
        store, KIND, DataVersion, workspace=workspace, reference=reference
    )


def locate(store: Store, data_version: DataVersion) -> BlobPlace:
    """Where its content lies. Raises `BadInput` for a URI outside storage."""
    return datastores.locate(store, workspace=data_version.workspace, uri=data_version.data_uri)
