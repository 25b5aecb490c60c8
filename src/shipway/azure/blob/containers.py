"""Containers: the folders of a storage account that hold blobs.

Knows: accounts, documents. Must not know: HTTP, what a blob is made of.
Source: https://learn.microsoft.com/rest/api/storageservices/create-container
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shipway.azure.blob import accounts
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

KIND = "blob_container"
_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9])+|\$(?:root|logs|web)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container; `etag` without quotes."""

    account: str
    name: str
    metadata: Mapping[str, str]
    etag: str
    created_at: datetime
    modified_at: datetime


def create(
    store: Store, *, account: str, name: str, metadata: Mapping[str, str] | None = None
) -> Container:
    """Make a container.

    Raises `BadInput` (InvalidResourceName), `NotFound` (no such account) and `Conflict`
    (ContainerAlreadyExists).
    """
    if not _NAME.fullmatch(name) or not 3 <= len(name) <= 63:
        raise BadInput(
            "The specified resource name contains invalid characters or has a wrong length",
            code="InvalidResourceName",
            where=name,
            hint="Use 3 to 63 lower-case letters, digits and single hyphens.",
        )
    with store.database.transaction():
        accounts.get(store, account)
        if find(store, account=account, name=name) is not None:
            raise Conflict(
                "The specified container already exists",
                code="ContainerAlreadyExists",
                where=name,
            )
        body = {"metadata": dict(metadata or {})}
        return _container(store.documents.create(KIND, f"{account}/{name}", body))


def ensure(store: Store, *, account: str, name: str) -> Container:
    """The container, made when it is missing."""
    with store.database.transaction():
        return find(store, account=account, name=name) or create(store, account=account, name=name)


def list_containers(
    store: Store, *, account: str, prefix: str = "", after: str = "", limit: int | None = None
) -> list[Container]:
    """Containers by name, those after `after`."""
    found = store.documents.list(
        KIND,
        prefix=f"{account}/{prefix}",
        after=f"{account}/{after}" if after else "",
        limit=limit,
    )
    return [_container(d) for d in found]


def find(store: Store, *, account: str, name: str) -> Container | None:
    """The container, or None."""
    found = store.documents.find(KIND, f"{account}/{name}")
    return None if found is None else _container(found)


def get(store: Store, *, account: str, name: str) -> Container:
    """The container. Raises `NotFound` (ContainerNotFound)."""
    container = find(store, account=account, name=name)
    if container is None:
        raise NotFound(
            "The specified container does not exist", code="ContainerNotFound", where=name
        )
    return container


def set_metadata(
    store: Store, *, account: str, name: str, metadata: Mapping[str, str]
) -> Container:
    """Replace the metadata. Raises `NotFound`."""
    get(store, account=account, name=name)
    document = store.documents.update(KIND, f"{account}/{name}", {"metadata": dict(metadata)})
    return _container(document)


def delete(store: Store, *, account: str, name: str) -> None:
    """Remove a container with every blob, block and lease in it. Raises `NotFound`."""
    with store.database.transaction():
        get(store, account=account, name=name)
        for kind in ("blob", "blob_block", "blob_lease"):
            for document in store.documents.list(kind, prefix=f"{account}/{name}/"):
                store.documents.delete(kind, document.key)
        store.documents.delete(KIND, f"{account}/{name}")


def _container(document: Document) -> Container:
    account, _, name = document.key.partition("/")
    return Container(
        account=account,
        name=name,
        metadata=document.body["metadata"],
        etag=etag_of(document),
        created_at=document.created_at,
        modified_at=document.updated_at,
    )


def etag_of(document: Document) -> str:
    """A document's etag in the shape of the storage service's: `0x8D000000000001F`."""
    return f"0x8D{int(document.etag, 16):013X}"
