"""Blobs: named contents in a container, with properties, metadata and, for a while, blocks.

Knows: containers, documents, contents by digest. Must not know: HTTP, leases (`blob/leases.py`).
A blob's name is only ever a key; it never becomes a path on disk.
Source: https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from shipway.azure.blob import containers
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import BadInput, NotFound
from shipway.store.documents import Document
from shipway.store.files import StoredFile
from shipway.store.store import Store

KIND = "blob"
NAME_LIMIT = 1024
DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A committed part of a blob: its id as the client gave it (base64) and its content."""

    block_id: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentHeaders:
    """The header fields that a blob is served with."""

    content_type: str = DEFAULT_TYPE
    content_encoding: str = ""
    content_language: str = ""
    content_disposition: str = ""
    cache_control: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A block blob. `md5` is in hex, empty where the client gave none for a list of blocks."""

    account: str
    container: str
    name: str
    digest: str
    size: int
    md5: str
    headers: ContentHeaders
    metadata: Mapping[str, str]
    blocks: tuple[Block, ...]
    copied_from: str
    access_tier: str
    etag: str
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of a container: blobs and, with a delimiter, the prefixes that stand for more."""

    blobs: tuple[Blob, ...]
    prefixes: tuple[str, ...] = ()
    next_marker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContent:
    """What a write gives besides the bytes."""

    headers: ContentHeaders = field(default_factory=ContentHeaders)
    metadata: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    copied_from: str = ""
    access_tier: str = "Hot"


def put_content(
    store: Store,
    *,
    account: str,
    container: str,
    name: str,
    stored: StoredFile,
    content_type: str = DEFAULT_TYPE,
    metadata: Mapping[str, str] | None = None,
) -> Blob:
    """Write a whole blob whose bytes are in `store.files` already, new or not.

    Raises `NotFound` (ContainerNotFound) and `BadInput` for an impossible name.
    """
    content = NewContent(headers=ContentHeaders(content_type=content_type), metadata=metadata or {})
    return write(
        store, account=account, container=container, name=name, stored=stored, content=content
    )


def put_file(store: Store, *, account: str, container: str, name: str, path: Path) -> Blob:
    """Write a whole blob from a file. Raises as `put_content` does."""
    stored = store.files.put_file(path)
    return put_content(store, account=account, container=container, name=name, stored=stored)


def write(
    store: Store,
    *,
    account: str,
    container: str,
    name: str,
    stored: StoredFile,
    content: NewContent,
) -> Blob:
    """Write a whole blob with everything that can be said of it."""
    check_name(name)
    key = _key(account, container, name)
    with store.database.transaction():
        containers.get(store, account=account, name=container)
        before = store.documents.find(KIND, key)
        now = timestamp(store.clock.now())
        body = {
            "digest": stored.digest,
            "size": stored.size,
            "md5": stored.md5,
            "headers": _headers_body(content.headers),
            "metadata": dict(content.metadata),
            "blocks": [[b.block_id, b.digest, b.size] for b in content.blocks],
            "copied_from": content.copied_from,
            "access_tier": content.access_tier,
            "created_at": before.body["created_at"] if before else now,
        }
        return _blob(store.documents.put(KIND, key, body))


def find(store: Store, *, account: str, container: str, name: str) -> Blob | None:
    """The blob, or None."""
    found = store.documents.find(KIND, _key(account, container, name))
    return None if found is None else _blob(found)


def get(store: Store, *, account: str, container: str, name: str) -> Blob:
    """The blob. Raises `NotFound` (ContainerNotFound or BlobNotFound)."""
    blob = find(store, account=account, container=container, name=name)
    if blob is None:
        containers.get(store, account=account, name=container)
        raise NotFound("The specified blob does not exist", code="BlobNotFound", where=name)
    return blob


def path_of(store: Store, blob: Blob) -> Path:
    """Where a blob's content lies; to be read only."""
    return store.files.path(blob.digest)


def read(store: Store, *, account: str, container: str, name: str) -> bytes:
    """A blob's whole content. Raises `NotFound`."""
    blob = get(store, account=account, container=container, name=name)
    return store.files.read(blob.digest)


def list_blobs(store: Store, *, account: str, container: str, prefix: str = "") -> list[Blob]:
    """All blobs of a container whose name starts with `prefix`, by name."""
    found = store.documents.list(KIND, prefix=_key(account, container, prefix))
    return [_blob(d) for d in found]


def list_page(
    store: Store,
    *,
    account: str,
    container: str,
    prefix: str = "",
    delimiter: str = "",
    marker: str = "",
    limit: int = 5000,
) -> Listing:
    """A page of at most `limit` blobs and prefixes, by name, from `marker` on.

    Raises `NotFound` (ContainerNotFound).
    """
    containers.get(store, account=account, name=container)
    blobs: list[Blob] = []
    prefixes: list[str] = []
    after = marker
    base = _key(account, container, "")
    while True:
        room = limit - len(blobs) - len(prefixes)
        if room <= 0:
            # whether anything is left decides whether there is a next page
            more = store.documents.list(
                KIND, prefix=base + prefix, after=base + after if after else "", limit=1
            )
            return Listing(
                blobs=tuple(blobs), prefixes=tuple(prefixes), next_marker=after if more else ""
            )
        rows = store.documents.list(
            KIND, prefix=base + prefix, after=base + after if after else "", limit=room
        )
        if not rows:
            return Listing(blobs=tuple(blobs), prefixes=tuple(prefixes))
        for row in rows:
            name = row.key[len(base) :]
            folder = _folder_of(name, prefix, delimiter)
            if folder:
                prefixes.append(folder)
                after = folder + "\U0010fffe"  # everything below the folder is said by its prefix
                break
            blobs.append(_blob(row))
            after = name


def set_headers(
    store: Store,
    *,
    account: str,
    container: str,
    name: str,
    headers: ContentHeaders,
    md5: str = "",
) -> Blob:
    """Replace the header fields, which clears those not given. Raises `NotFound`."""
    changes = {"headers": _headers_body(headers), "md5": md5}
    return _change(store, account, container, name, changes)


def set_metadata(
    store: Store, *, account: str, container: str, name: str, metadata: Mapping[str, str]
) -> Blob:
    """Replace the metadata. Raises `NotFound`."""
    return _change(store, account, container, name, {"metadata": dict(metadata)})


def set_tier(store: Store, *, account: str, container: str, name: str, access_tier: str) -> Blob:
    """Note the access tier. Raises `NotFound`."""
    return _change(store, account, container, name, {"access_tier": access_tier})


def copy(
    store: Store, *, source: Blob, account: str, container: str, name: str, copied_from: str = ""
) -> Blob:
    """Write a blob with the content, header fields and metadata of another."""
    stored = StoredFile(digest=source.digest, size=source.size, md5=source.md5)
    content = NewContent(
        headers=source.headers,
        metadata=source.metadata,
        blocks=source.blocks,
        copied_from=copied_from,
        access_tier=source.access_tier,
    )
    return write(
        store, account=account, container=container, name=name, stored=stored, content=content
    )


def delete(store: Store, *, account: str, container: str, name: str) -> None:
    """Remove a blob. Raises `NotFound`."""
    with store.database.transaction():
        get(store, account=account, container=container, name=name)
        store.documents.delete(KIND, _key(account, container, name))
        store.documents.delete("blob_lease", _key(account, container, name))


def check_name(name: str) -> None:
    """Raises `BadInput` (InvalidResourceName) for a name that no blob can have."""
    if not name or len(name) > NAME_LIMIT or "\x00" in name:
        raise BadInput(
            f"The blob name {name[:80]!r} is not valid: 1 to {NAME_LIMIT} characters, no NUL",
            code="InvalidResourceName",
            where=name[:80].replace("\x00", "\\0"),
        )


def _change(
    store: Store, account: str, container: str, name: str, changes: Mapping[str, Any]
) -> Blob:
    with store.database.transaction():
        get(store, account=account, container=container, name=name)
        return _blob(store.documents.update(KIND, _key(account, container, name), changes))


def _key(account: str, container: str, name: str) -> str:
    return f"{account}/{container}/{name}"


def _folder_of(name: str, prefix: str, delimiter: str) -> str:
    if not delimiter:
        return ""
    at = name.find(delimiter, len(prefix))
    return name[: at + len(delimiter)] if at >= 0 else ""


def _headers_body(headers: ContentHeaders) -> dict[str, str]:
    return {
        "content_type": headers.content_type or DEFAULT_TYPE,
        "content_encoding": headers.content_encoding,
        "content_language": headers.content_language,
        "content_disposition": headers.content_disposition,
        "cache_control": headers.cache_control,
    }


def _blob(document: Document) -> Blob:
    account, container, name = document.key.split("/", 2)
    body = document.body
    return Blob(
        account=account,
        container=container,
        name=name,
        digest=body["digest"],
        size=body["size"],
        md5=body["md5"],
        headers=replace(ContentHeaders(), **body["headers"]),
        metadata=body["metadata"],
        blocks=tuple(Block(block_id=i, digest=d, size=s) for i, d, s in body["blocks"]),
        copied_from=body["copied_from"],
        access_tier=body["access_tier"],
        etag=containers.etag_of(document),
        created_at=parse_timestamp(body["created_at"]),
        modified_at=document.updated_at,
    )
