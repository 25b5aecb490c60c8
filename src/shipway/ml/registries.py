"""Azure ML registries: components, environments and models that several workspaces share.

A registry keeps its assets as a workspace keeps its own, in a storage account beside it, and
gives them ids of its own (`azureml://registries/R/...`). Nothing runs in it. Knows: documents,
blob storage, the kinds of assets. Must not know: HTTP.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shipway.azure.blob import accounts, blobs, containers
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.ml import (
    datastores,
    environment_versions,
    model_versions,
    registry_names,
    workspaces,
)
from shipway.ml.entities import authorship
from shipway.ml.environment_versions import EnvironmentVersion
from shipway.ml.model_versions import ModelVersion
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store

KIND = "registry"
CURATED = "azureml"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}")
# documents of these kinds live and die with their registry
_CONTENTS = (
    "datastore", "environment_container", "environment_version", "code_version",
    "component_container", "component_version", "model_container", "model_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry(Workspace):
    """A registry. `regions` are those that its assets can be used from, its own among them."""

    regions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The prefix of every document key in it; no workspace's name has a tilde."""
        return registry_key(self.subscription, self.resource_group, self.name)

    @property
    def resource_id(self) -> str:
        """What the ids of its assets begin with."""
        return f"azureml://registries/{self.name}"

    @property
    def arm_id(self) -> str:
        """Its ARM id."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/registries/{self.name}"
        )


def registry_key(subscription: str, resource_group: str, name: str) -> str:
    """`<subscription>/<resource group>/~<name>` in lower case."""
    return f"{subscription}/{resource_group}/~{name}".lower()


def find(store: Store, key: str) -> Registry | None:
    """The registry of a key, or None."""
    document = store.documents.find(KIND, key)
    return Registry.read(document) if document else None


def get(store: Store, key: str) -> Registry:
    """The registry of a key. Raises `NotFound` in ARM's words."""
    found = find(store, key)
    if found is None:
        _, group, name = key.split("/", 2)
        raise NotFound(
            f"The Resource 'Microsoft.MachineLearningServices/registries/{name[1:]}' under resource"
            f" group '{group}' was not found.",
            where=name[1:], hint="`scripts/create_registry.py` of the stack makes one.",
        )  # fmt: skip
    return found


def by_name(store: Store, name: str) -> Registry:
    """The registry of a name. Raises `NotFound`."""
    return get(store, registry_names.key_of(store, name))


def list_all(store: Store, *, subscription: str, resource_group: str = "") -> list[Registry]:
    """The registries of a subscription, or of one of its resource groups, by name."""
    prefix = f"{subscription}/{resource_group}/" if resource_group else f"{subscription}/"
    return [Registry.read(d) for d in store.documents.list(KIND, prefix=prefix.lower())]


def put(  # one per field of the resource
    store: Store,
    *,
    subscription: str,
    resource_group: str,
    name: str,
    location: str,
    regions: tuple[str, ...] = (),
    tags: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    principal: Principal = ANONYMOUS,
) -> Registry:
    """Make a registry with its storage, or change tags, regions and settings of one.

    Raises `BadInput` for a name or region that cannot be, `Conflict` when the name is taken in
    another resource group, `NotFound` for the resource group.
    """
    if not _NAME.fullmatch(name) or name.lower() == CURATED:
        raise BadInput(
            f"The registry name '{name}' is invalid.", code="InvalidRegistryName", where=name,
            hint="3 to 33 letters, digits, '-' and '_', the first a letter or digit; not azureml.",
        )  # fmt: skip
    key = registry_key(subscription, resource_group, name)
    with store.database.transaction():
        taken = registry_names.find_key(store, name)
        if taken not in (None, key):
            raise Conflict(f"The registry name '{name}' is taken.", where=name)
        old = find(store, key)
        if old is None:
            return _create(store, key, Registry(
                subscription=subscription, resource_group=resource_group, name=name,
                location=location, workspace_id=ids.guid_from("registry", key, ids.new_guid()),
                storage_account="", storage_account_id="", regions=regions or (location,),
                tags=dict(tags or {}), settings=dict(settings or {}), **authorship(principal),
            ))  # fmt: skip
        gone = [region for region in old.regions if regions and region not in regions]
        if gone or location != old.location:
            raise BadInput(
                f"The registry '{name}' cannot leave {', '.join(gone) or old.location}.",
                code="RegistryRegionCannotBeRemoved", where="properties.regionDetails",
            )  # fmt: skip
        new = replace(
            old, regions=regions or old.regions, tags=dict(tags or {}),
            settings=dict(settings or {}),
        )  # fmt: skip
        return Registry.read(store.documents.put(KIND, key, new.body()))


def delete(store: Store, key: str) -> bool:
    """Remove a registry with its assets; its name is free again. False when there was none."""
    with store.database.transaction():
        found = find(store, key)
        if found is None:
            return False
        for kind in _CONTENTS:
            for document in store.documents.list(kind, prefix=f"{key}/"):
                store.documents.delete(kind, document.key)
        registry_names.forget(store, found.name)
        return store.documents.delete(KIND, key)


def share_model(
    store: Store, registry: Registry, source: ModelVersion, *, name: str, version: str,
    principal: Principal,
) -> ModelVersion:  # fmt: skip
    """Copy a workspace's model version into the registry, its files with it.

    Raises `Conflict` when the version is there with other content.
    """
    blob_store = datastores.get(store, workspace=registry.key, name=datastores.BLOB_STORE)
    root = f"models/{name}/{version}/{source.root}"
    for path in source.files:
        found = blobs.get(
            store, account=source.account, container=source.container,
            name=posixpath.join(source.path, path) if path else source.path,
        )  # fmt: skip
        blobs.copy(
            store, source=found, account=blob_store.account, container=blob_store.container,
            name=posixpath.join(root, path) if path else root,
        )  # fmt: skip
    place = f"https://{blob_store.account}.blob.core.windows.net/{blob_store.container}"
    return model_versions.create(
        store, workspace=registry.key, name=name, version=version, model_uri=f"{place}/{root}",
        model_type=source.model_type, description=source.description, tags=source.tags,
        properties=source.properties, flavors=source.flavors, stage=source.stage, job=source.job,
        principal=principal,
    )  # fmt: skip


def share_environment(
    store: Store, registry: Registry, source: EnvironmentVersion, *, name: str, version: str,
    principal: Principal,
) -> EnvironmentVersion:  # fmt: skip
    """Copy a workspace's environment version into the registry. Raises as `create`."""
    return environment_versions.create(
        store, workspace=registry.key, name=name, version=version, image=source.image,
        conda_file=source.conda_file, build_context=source.build_context,
        dockerfile=source.dockerfile, os_type=source.os_type, description=source.description,
        tags=source.tags, properties=source.properties, principal=principal,
    )  # fmt: skip


def _create(store: Store, key: str, registry: Registry) -> Registry:
    account, _ = accounts.create_or_update(
        store, name=workspaces.default_storage_account(key, registry.name),
        resource_group=registry.resource_group, location=registry.location,
    )  # fmt: skip
    made = replace(registry, storage_account=account.name, storage_account_id=account.resource_id)
    for datastore in datastores.create_defaults(
        store, workspace=key, account=account.name, workspace_id=made.workspace_id
    ):
        if datastore.datastore_type == "AzureBlob":
            containers.ensure(store, account=account.name, name=datastore.container)
    registry_names.keep(store, registry.name, key)
    return Registry.read(store.documents.create(KIND, key, made.body()))
