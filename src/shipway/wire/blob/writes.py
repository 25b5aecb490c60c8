"""Writing blobs: Put Blob, Set Properties, Set Metadata, Set Tier, Delete, and blocks.

Bodies go to the content store in pieces before any row is touched. The conditions and the lease
are checked twice: before the bytes are stored, so that a refused upload costs nothing, and inside
the transaction that writes the row.
Source: https://learn.microsoft.com/rest/api/storageservices/put-blob
"""

import hashlib
from functools import partial

from shipway.azure.blob import blobs, blocks, containers, leases
from shipway.azure.blob.blobs import Blob, NewContent
from shipway.azure.blob.blocks import ListedBlock, Place
from shipway.base.errors import BadInput, NotSupported
from shipway.store.files import StoredFile
from shipway.store.store import Store
from shipway.wire.blob import conditions, copies, headers, target, xml
from shipway.wire.blob.target import Target
from shipway.wire.http import Request, Response

TIERS = ("Hot", "Cool", "Cold")
_PLACES: dict[str, Place] = {
    "Latest": "Latest", "Committed": "Committed", "Uncommitted": "Uncommitted",
}  # fmt: skip


def put(store: Store, request: Request) -> Response:
    """`PUT /{container}/{blob}`: a whole block blob, or a copy of another blob."""
    if request.headers.get("x-ms-copy-source"):
        return copies.copy(store, request)
    kind = request.headers.get("x-ms-blob-type")
    if kind != "BlockBlob":
        raise NotSupported(
            f"The blob type '{kind}' is not supported"
            if kind
            else "An HTTP header that's mandatory for this request is not specified: "
            "x-ms-blob-type",
            code="UnsupportedBlobType" if kind else "MissingRequiredHeader",
            status=400,
            where="x-ms-blob-type",
            hint="Supported: BlockBlob.",
        )
    named = target.of_request(request)
    content = NewContent(
        headers=headers.content_headers(request, with_plain=True),
        metadata=headers.metadata_of(request),
        access_tier=tier_of(request),
    )
    check_writable(store, request, named)
    stored = _stored(store, request, "content-md5", "x-ms-blob-content-md5")
    with store.database.transaction():
        check_writable(store, request, named)
        blocks.discard(store, **named.where)
        blob = blobs.write(store, **named.where, stored=stored, content=content)
    return _written(blob, 201, ("Content-MD5", headers.base64_md5(stored.md5)))


def put_block(store: Store, request: Request) -> Response:
    """`PUT /{container}/{blob}?comp=block&blockid=...`."""
    named = target.of_request(request)
    blobs.check_name(named.blob)
    blocks.check_id(request.arg("blockid"))
    containers.get(store, account=named.account, name=named.container)
    lease_id = request.headers.get("x-ms-lease-id")
    leases.check_write(store, **named.where, lease_id=lease_id)
    stored = _stored(store, request, "content-md5")
    with store.database.transaction():
        leases.check_write(store, **named.where, lease_id=lease_id)
        blocks.put_block(store, **named.where, block_id=request.arg("blockid"), stored=stored)
    return Response(
        status=201,
        headers=(
            ("Content-MD5", headers.base64_md5(stored.md5)),
            ("x-ms-request-server-encrypted", "true"),
        ),
    )


def put_list(store: Store, request: Request) -> Response:
    """`PUT /{container}/{blob}?comp=blocklist`."""
    named = target.of_request(request)
    listed: list[ListedBlock] = []
    for element in xml.parse(request, root="BlockList"):
        if element.tag not in _PLACES:
            raise BadInput(
                f"The block list has an element '{element.tag}'",
                code="InvalidXmlDocument",
                where=element.tag,
                hint="Known: Latest, Committed, Uncommitted.",
            )
        block_id = (element.text or "").strip()
        listed.append(ListedBlock(place=_PLACES[element.tag], block_id=block_id))
    md5 = headers.md5_of(request, "x-ms-blob-content-md5")
    content = NewContent(
        headers=headers.content_headers(request, with_plain=False),
        metadata=headers.metadata_of(request),
        access_tier=tier_of(request),
    )
    check_writable(store, request, named)
    blob = blocks.put_list(
        store,
        **named.where,
        listed=listed,
        content=content,
        md5=md5,
        guard=partial(check_writable, store, request, named),
    )
    return _written(blob, 201)


def get_list(store: Store, request: Request) -> Response:
    """`GET /{container}/{blob}?comp=blocklist&blocklisttype=committed|uncommitted|all`."""
    named = target.of_request(request)
    wanted = (request.arg("blocklisttype") or "committed").lower()
    if wanted not in ("committed", "uncommitted", "all"):
        raise BadInput(
            f"Value for one of the query parameters is invalid: blocklisttype={wanted[:40]}",
            code="InvalidQueryParameterValue",
            where="blocklisttype",
            hint="committed, uncommitted or all.",
        )
    blob = blobs.find(store, **named.where)
    loose = blocks.list_uncommitted(store, **named.where)
    if blob is None and not loose:
        blobs.get(store, **named.where)
    body = ""
    if wanted != "uncommitted":
        body += f"<CommittedBlocks>{_block_tags(blob.blocks if blob else ())}</CommittedBlocks>"
    if wanted != "committed":
        body += f"<UncommittedBlocks>{_block_tags(loose)}</UncommittedBlocks>"
    fields = headers.version_fields(blob) if blob else ()
    size = str(blob.size if blob else 0)
    return xml.response(
        f"<BlockList>{body}</BlockList>", *fields, ("x-ms-blob-content-length", size)
    )


def set_properties(store: Store, request: Request) -> Response:
    """`PUT /{container}/{blob}?comp=properties`: what is not given is cleared."""
    named = target.of_request(request)
    md5 = headers.md5_of(request, "x-ms-blob-content-md5")
    with store.database.transaction():
        blobs.get(store, **named.where)
        check_writable(store, request, named)
        blob = blobs.set_headers(
            store,
            **named.where,
            headers=headers.content_headers(request, with_plain=False),
            md5=md5,
        )
    return _written(blob, 200)


def set_metadata(store: Store, request: Request) -> Response:
    """`PUT /{container}/{blob}?comp=metadata`."""
    named = target.of_request(request)
    metadata = headers.metadata_of(request)
    with store.database.transaction():
        blobs.get(store, **named.where)
        check_writable(store, request, named)
        blob = blobs.set_metadata(store, **named.where, metadata=metadata)
    return _written(blob, 200)


def set_tier(store: Store, request: Request) -> Response:
    """`PUT /{container}/{blob}?comp=tier`: noted; every tier is this machine's disk."""
    named = target.of_request(request)
    if not request.headers.get("x-ms-access-tier"):
        raise BadInput(
            "An HTTP header that's mandatory for this request is not specified: x-ms-access-tier",
            code="MissingRequiredHeader",
            where="x-ms-access-tier",
        )
    blobs.set_tier(store, **named.where, access_tier=tier_of(request))
    return Response(status=200)


def delete(store: Store, request: Request) -> Response:
    """`DELETE /{container}/{blob}`."""
    named = target.of_request(request)
    with_snapshots = request.headers.get("x-ms-delete-snapshots")
    if with_snapshots not in ("", "include"):
        raise NotSupported(
            f"x-ms-delete-snapshots: {with_snapshots} is not supported: there are no snapshots",
            code="UnsupportedHeader",
            status=400,
            where="x-ms-delete-snapshots",
        )
    with store.database.transaction():
        blobs.get(store, **named.where)
        check_writable(store, request, named)
        blobs.delete(store, **named.where)
    return Response(status=202, headers=(("x-ms-delete-type-permanent", "true"),))


def check_writable(store: Store, request: Request, named: Target) -> None:
    """Raises when name, container, conditions or lease do not allow this write."""
    blobs.check_name(named.blob)
    containers.get(store, account=named.account, name=named.container)
    blob = blobs.find(store, **named.where)
    conditions.check_write(
        request,
        etag=blob.etag if blob else "",
        modified_at=blob.modified_at if blob else None,
    )
    leases.check_write(store, **named.where, lease_id=request.headers.get("x-ms-lease-id"))


def tier_of(request: Request) -> str:
    """The access tier asked for; Hot where none is. Raises `NotSupported`."""
    tier = request.headers.get("x-ms-access-tier") or "Hot"
    if tier not in TIERS:
        raise NotSupported(
            f"The access tier '{tier}' is not supported",
            code="InvalidHeaderValue",
            status=400,
            where="x-ms-access-tier",
            hint=f"Supported: {', '.join(TIERS)}.",
        )
    return tier


def _stored(store: Store, request: Request, *checksums: str) -> StoredFile:
    expected = [(name, md5) for name in checksums if (md5 := headers.md5_of(request, name))]
    if expected:
        # hashed before it is stored: what arrived damaged leaves no trace
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in request.body.chunks():
            digest.update(chunk)
        for name, md5 in expected:
            if md5 != digest.hexdigest():
                raise BadInput(
                    "The MD5 value specified in the request did not match with the MD5 value "
                    f"calculated by the server: {headers.base64_md5(digest.hexdigest())}",
                    code="Md5Mismatch",
                    where=name,
                )
    return store.files.put(request.body.chunks())


def _written(blob: Blob, status: int, *more: tuple[str, str]) -> Response:
    return Response(
        status=status,
        headers=(
            *headers.version_fields(blob),
            ("x-ms-request-server-encrypted", "true"),
            *more,
        ),
    )


def _block_tags(found: tuple[blobs.Block, ...] | list[blobs.Block]) -> str:
    return "".join(
        f"<Block>{xml.tag('Name', b.block_id)}{xml.tag('Size', b.size)}</Block>" for b in found
    )
