"""Azure ML workspaces: the key of everything in them, and what a new one brings along.

A workspace makes its storage account and containers, the datastores that Azure makes, a `local`
compute and its system-assigned identity. Knows: documents, blob storage, identities. Must not
know: HTTP.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.azure.arm import role_assignments
from shipway.azure.blob import accounts, containers
from shipway.azure.entra import managed_identities
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.ml import computes, datastores
from shipway.ml.entities import Entity, authorship
from shipway.store.store import Store

KIND = "workspace"
DEFAULT_LOCATION = "westeurope"
ARTIFACT_CONTAINER = "azureml"

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}")

# documents of these kinds live and die with their workspace
_CONTENTS = (
    "compute", "datastore", "data_container", "data_version", "environment_container",
    "environment_version", "code_version", "component_container", "component_version",
    "model_container", "model_version", "job", "schedule", "online_endpoint",
    "online_deployment", "online_endpoint_host", "tracking_run", "experiment", "model_alias",
    "child_job", "job_definition", "job_node", "job_output", "job_activity",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace(Entity):
    """A workspace. `storage_account` is the account's bare name; `settings` are the writable
    properties that change nothing here (key vault, insights, registry, network access), as sent.
    """

    subscription: str
    resource_group: str
    name: str
    location: str
    workspace_id: str
    storage_account: str
    storage_account_id: str
    principal_id: str = ""
    description: str = ""
    friendly_name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The prefix of every document key in this workspace."""
        return workspace_key(self.subscription, self.resource_group, self.name)

    @property
    def resource_id(self) -> str:
        """Its ARM id."""
        return resource_id(self.subscription, self.resource_group, self.name)


def workspace_key(subscription: str, resource_group: str, name: str) -> str:
    """`<subscription>/<resource group>/<name>` in lower case: ARM's names ignore case."""
    return f"{subscription}/{resource_group}/{name}".lower()


def resource_id(subscription: str, resource_group: str, name: str) -> str:
    """The ARM id of a workspace."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{resource_group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    )


def key_of_resource_id(text: str) -> str | None:
    """The workspace key within any ARM id at or below a workspace; None when there is none."""
    found = re.match(
        r"/?subscriptions/([^/]+)/resourcegroups/([^/]+)/providers/"
        r"microsoft\.machinelearningservices/workspaces/([^/]+)",
        text.removeprefix("azureml:").removeprefix("//"),
        re.IGNORECASE,
    )
    return workspace_key(*found.groups()) if found else None


def find(store: Store, key: str) -> Workspace | None:
    """The workspace of a key, or None."""
    document = store.documents.find(KIND, key)
    return Workspace.read(document) if document else None


def get(store: Store, key: str) -> Workspace:
    """The workspace of a key. Raises `NotFound` in ARM's words."""
    workspace = find(store, key)
    if workspace is None:
        _, group, name = key.split("/", 2)
        raise NotFound(
            f"The Resource 'Microsoft.MachineLearningServices/workspaces/{name}' under resource"
            f" group '{group}' was not found.",
            where=name,
            hint="`shipway seed` makes the demo's workspaces; a PUT of the workspace makes another",
        )
    return workspace


def by_workspace_id(store: Store, workspace_id: str) -> Workspace | None:
    """The workspace with an immutable id, as run-history URLs name it."""
    for document in store.documents.list(KIND):
        if document.body["workspace_id"] == workspace_id:
            return Workspace.read(document)
    return None


def list_all(store: Store, *, subscription: str, resource_group: str = "") -> list[Workspace]:
    """The workspaces of a subscription, or of one of its resource groups, by name."""
    prefix = f"{subscription}/{resource_group}/" if resource_group else f"{subscription}/"
    return [Workspace.read(d) for d in store.documents.list(KIND, prefix=prefix.lower())]


def create(  # noqa: PLR0913  # one per field of the resource
    store: Store,
    *,
    subscription: str,
    resource_group: str,
    name: str,
    location: str = DEFAULT_LOCATION,
    storage_account: str = "",
    description: str = "",
    friendly_name: str = "",
    tags: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    principal: Principal = ANONYMOUS,
) -> Workspace:
    """Make a workspace with all that Azure makes beside it.

    `storage_account`: the bare name of an account to use; empty: one is made. Raises `Conflict`
    when the workspace exists, `BadInput` when the name breaks Azure's rule and `NotFound` when
    there is no such resource group or storage account.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The workspace name '{name}' is invalid.", code="InvalidWorkspaceName", where=name,
            hint="3 to 33 letters, digits, '-' and '_', the first a letter or digit.",
        )  # fmt: skip
    key = workspace_key(subscription, resource_group, name)
    with store.database.transaction():
        if store.documents.find(KIND, key) is not None:
            raise Conflict(f"The workspace '{name}' already exists.", where=name)
        account = _storage(store, storage_account, resource_group, location, key)
        workspace_id = ids.guid_from("workspace", key, ids.new_guid())
        workspace = Workspace(
            subscription=subscription, resource_group=resource_group, name=name,
            location=location, workspace_id=workspace_id, storage_account=account.name,
            storage_account_id=account.resource_id, description=description,
            principal_id=_identity(store, resource_id(subscription, resource_group, name)),
            friendly_name=friendly_name or name, tags=dict(tags or {}),
            settings=dict(settings or {}), **authorship(principal),
        )  # fmt: skip
        store.documents.create(KIND, key, workspace.body())
        for datastore in datastores.create_defaults(
            store, workspace=key, account=account.name, workspace_id=workspace_id
        ):
            if datastore.datastore_type == "AzureBlob":
                containers.ensure(store, account=account.name, name=datastore.container)
        # what Azure gives a new workspace's identity on the account that it keeps its files in
        role_assignments.assign(
            store, principal_id=workspace.principal_id, role="Storage Blob Data Contributor",
            scope=account.resource_id,
        )  # fmt: skip
        # a run's own token (tracking) acts as the workspace
        role_assignments.assign(
            store, principal_id=workspace.principal_id, role="AzureML Data Scientist",
            scope=workspace.resource_id,
        )  # fmt: skip
        computes.create_local(store, workspace=key, location=location)
    return get(store, key)


def update(
    store: Store,
    key: str,
    *,
    description: str | None = None,
    friendly_name: str | None = None,
    tags: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Workspace:
    """Change what may change later. Raises `NotFound`."""
    with store.database.transaction():
        old = get(store, key)
        new = replace(
            old,
            description=old.description if description is None else description,
            friendly_name=old.friendly_name if friendly_name is None else friendly_name,
            tags=old.tags if tags is None else dict(tags),
            settings={**old.settings, **(settings or {})},
        )
        return Workspace.read(store.documents.put(KIND, key, new.body()))


def delete(store: Store, key: str) -> bool:
    """Remove a workspace and what is in it; its storage account stays, as on Azure.

    Jobs that wait or run are ended.
    """
    with store.database.transaction():
        for kind in ("job", "child_job"):
            for document in store.documents.list(kind, prefix=f"{key}/"):
                store.queue.request_cancel(f"job/{key}/{document.body['name']}")
        for compute in computes.list_all(store, workspace=key):
            computes.delete(store, workspace=key, name=compute.name)
        for kind in _CONTENTS:
            for document in store.documents.list(kind, prefix=f"{key}/"):
                store.documents.delete(kind, document.key)
        workspace = find(store, key)
        if workspace is not None:
            managed_identities.delete_for(store, workspace.resource_id)
            role_assignments.remove_at(store, workspace.resource_id)
        return store.documents.delete(KIND, key)


def identity_of(store: Store, workspace: Workspace) -> Principal:
    """The workspace's own identity. Raises `NotFound`."""
    found = managed_identities.find_for(store, workspace.resource_id)
    if found is None:
        raise NotFound(f"The workspace '{workspace.name}' has no identity.", where=workspace.name)
    return found


def storage_key(store: Store, workspace: Workspace) -> str:
    """The first key of the workspace's storage account. Raises `NotFound`."""
    return accounts.keys(store, workspace.storage_account)["key1"]


def default_storage_account(key: str, name: str) -> str:
    """The account that a workspace makes: its name and ten digits, at most 24 characters."""
    letters = re.sub(r"[^a-z0-9]", "", name.lower())[:14]
    return f"{letters}{int(ids.digest(key)[:12], 16) % 10**10:010d}"


def _storage(
    store: Store, given: str, resource_group: str, location: str, key: str
) -> accounts.StorageAccount:
    if given:
        return accounts.get(store, given.lower())
    name = default_storage_account(key, key.rpartition("/")[2])
    account, _ = accounts.create_or_update(
        store, name=name, resource_group=resource_group, location=location
    )
    return account


def _identity(store: Store, workspace_id: str) -> str:
    return managed_identities.create_for(store, workspace_id).object_id
