"""Blocks: parts of a blob that are uploaded one by one and committed as a list.

Knows: containers, blobs, contents by digest. Must not know: HTTP, XML.
Source: https://learn.microsoft.com/rest/api/storageservices/put-block-list
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from shipway.azure.blob import blobs, containers
from shipway.azure.blob.blobs import Blob, Block, NewContent
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict
from shipway.store.files import StoredFile, read_chunks
from shipway.store.store import Store

KIND = "blob_block"
COUNT_LIMIT = 50_000
_ID_LIMIT = 64

# where a block that a list names is to be looked for
Place = Literal["Committed", "Uncommitted", "Latest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBlock:
    """A line of a block list."""

    place: Place
    block_id: str


def put_block(
    store: Store, *, account: str, container: str, name: str, block_id: str, stored: StoredFile
) -> Block:
    """Keep a part for a later list.

    Raises `BadInput` (InvalidBlockId, InvalidBlobOrBlock when ids differ in length) and
    `NotFound` (ContainerNotFound).
    """
    octets = check_id(block_id)
    with store.database.transaction():
        containers.get(store, account=account, name=container)
        before = list_uncommitted(store, account=account, container=container, name=name)
        if before and len(check_id(before[0].block_id)) != len(octets):
            raise BadInput(
                "The specified blob or block content is invalid: all block ids of a blob have the "
                "same length",
                code="InvalidBlobOrBlock",
                where=block_id,
            )
        body = {"block_id": block_id, "digest": stored.digest, "size": stored.size}
        store.documents.put(KIND, _prefix(account, container, name) + octets.hex(), body)
    return Block(block_id=block_id, digest=stored.digest, size=stored.size)


def list_uncommitted(store: Store, *, account: str, container: str, name: str) -> list[Block]:
    """The parts of a blob that no list has committed yet, by id."""
    found = store.documents.list(KIND, prefix=_prefix(account, container, name))
    return [Block(**d.body) for d in found]


def discard(store: Store, *, account: str, container: str, name: str) -> None:
    """Forget the uncommitted parts of a blob."""
    with store.database.transaction():
        for document in store.documents.list(KIND, prefix=_prefix(account, container, name)):
            store.documents.delete(KIND, document.key)


def put_list(
    store: Store,
    *,
    account: str,
    container: str,
    name: str,
    listed: Sequence[ListedBlock],
    content: NewContent,
    md5: str = "",
    guard: Callable[[], None] = lambda: None,
) -> Blob:
    """Make the blob of the listed parts, in that order; parts that are not listed are forgotten.

    `guard` is called inside the transaction that writes, to raise when this write may not be.

    Raises `BadInput` (InvalidBlockList, BlockListTooLong) and `Conflict` when somebody else
    changed the parts in the meantime.
    """
    if len(listed) > COUNT_LIMIT:
        raise BadInput(
            f"The block list may not contain more than {COUNT_LIMIT} blocks",
            code="BlockListTooLong",
            where=str(len(listed)),
        )
    where = {"account": account, "container": container, "name": name}
    chosen = _chosen(store, where, listed)
    # the bytes are put together outside the transaction: other writers need not wait for the disk
    stored = _joined(store, chosen)
    with store.database.transaction():
        guard()
        if _chosen(store, where, listed) != chosen:
            raise Conflict("The blocks were changed meanwhile", code="BlockListChanged", where=name)
        discard(store, **where)
        return blobs.write(
            store,
            **where,
            stored=StoredFile(digest=stored.digest, size=stored.size, md5=md5),
            content=NewContent(
                headers=content.headers,
                metadata=content.metadata,
                access_tier=content.access_tier,
                blocks=tuple(chosen),
            ),
        )


def check_id(block_id: str) -> bytes:
    """The octets of a block id. Raises `BadInput` (InvalidBlockId)."""
    try:
        octets = base64.b64decode(block_id, validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if not 1 <= len(octets) <= _ID_LIMIT:
        raise BadInput(
            f"The specified block ID '{block_id[:100]}' is invalid. It must be Base64-encoded and "
            f"{_ID_LIMIT} bytes at most",
            code="InvalidBlockId",
            where="blockid",
        )
    return octets


def _chosen(store: Store, where: dict[str, str], listed: Iterable[ListedBlock]) -> list[Block]:
    blob = blobs.find(store, **where)
    committed = {b.block_id: b for b in blob.blocks} if blob else {}
    uncommitted = {b.block_id: b for b in list_uncommitted(store, **where)}
    by_place = {
        "Committed": committed,
        "Uncommitted": uncommitted,
        "Latest": {**committed, **uncommitted},
    }
    chosen: list[Block] = []
    for line in listed:
        block = by_place[line.place].get(line.block_id)
        if block is None:
            raise BadInput(
                f"The specified block list is invalid: there is no {line.place.lower()} block "
                f"'{line.block_id[:100]}'",
                code="InvalidBlockList",
                where=line.block_id[:100],
            )
        chosen.append(block)
    return chosen


def _joined(store: Store, chosen: Sequence[Block]) -> StoredFile:
    if len(chosen) == 1:
        return StoredFile(digest=chosen[0].digest, size=chosen[0].size, md5="")
    return store.files.put(
        chunk for block in chosen for chunk in read_chunks(store.files.path(block.digest))
    )


def _prefix(account: str, container: str, name: str) -> str:
    # a blob's name may hold anything, so its digest keeps one blob's blocks apart from another's
    return f"{account}/{container}/{ids.digest(name)}/"
