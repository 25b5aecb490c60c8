"""Copying a blob from a URL of this home: Copy Blob, Copy Blob From URL, Put Blob From URL.

Source: https://learn.microsoft.com/rest/api/storageservices/copy-blob
"""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from shipway.azure.blob import accounts, blobs, blocks, leases
from shipway.azure.blob.blobs import Blob, ContentHeaders, NewContent
from shipway.azure.entra import audiences, tokens
from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.store.files import StoredFile
from shipway.store.store import Store
from shipway.wire.blob import access, conditions, headers, target
from shipway.wire.blob.target import Target
from shipway.wire.http import Request, Response

_READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"


def copy(store: Store, request: Request) -> Response:
    """`PUT /{container}/{blob}` with `x-ms-copy-source`. It is done when it is answered."""
    url = request.headers.get("x-ms-copy-source")
    source = _source(store, request, url)
    named = target.of_request(request)
    metadata = headers.metadata_of(request) or source.metadata
    plain_url = url.partition("?")[0]
    with store.database.transaction():
        before = blobs.find(store, **named.where)
        conditions.check_write(
            request,
            etag=before.etag if before else "",
            modified_at=before.modified_at if before else None,
        )
        leases.check_write(store, **named.where, lease_id=request.headers.get("x-ms-lease-id"))
        blocks.discard(store, **named.where)
        blob = blobs.write(
            store,
            **named.where,
            stored=StoredFile(digest=source.digest, size=source.size, md5=source.md5),
            content=NewContent(
                headers=_headers(request, source),
                metadata=metadata,
                blocks=source.blocks,
                copied_from=plain_url,
                access_tier=source.access_tier,
            ),
        )
    if request.headers.get("x-ms-blob-type"):
        return Response(status=201, headers=headers.version_fields(blob))
    return Response(
        status=202,
        headers=(
            *headers.version_fields(blob),
            ("x-ms-copy-id", headers.copy_id(blob)),
            ("x-ms-copy-status", "success"),
        ),
    )


def abort(store: Store, request: Request) -> Response:
    """`PUT ?comp=copy&copyid=...`: a copy is done at once, so there is none to stop."""
    blobs.get(store, **target.of_request(request).where)
    raise BadInput(
        "There is currently no pending copy operation",
        code="NoPendingCopyOperation",
        status=409,
        where=request.arg("copyid")[:80],
    )


def _headers(request: Request, source: Blob) -> ContentHeaders:
    if request.headers.get("x-ms-copy-source-blob-properties").lower() == "false":
        return headers.content_headers(request, with_plain=False)
    given = "x-ms-blob-content-type" in request.headers
    return headers.content_headers(request, with_plain=False) if given else source.headers


def _source(store: Store, request: Request, url: str) -> Blob:
    parts = urlsplit(url)
    host = parts.netloc.lower()
    named = target.of_path(host, parts.path)
    if (
        parts.scheme != "https"
        or not host.endswith(target.SUFFIX)
        or accounts.find(store, named.account) is None
    ):
        raise NotSupported(
            f"Copying from '{url.partition('?')[0][:200]}' is not supported",
            code="CannotVerifyCopySource",
            status=400,
            where="x-ms-copy-source",
            hint="The source must be a blob of a storage account of this home.",
        )
    asked = replace(
        request,
        method="GET",
        host=host,
        path=parts.path,
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
    )
    _check_source(store, request, asked, named)
    try:
        return blobs.get(store, **named.where)
    except NotFound as error:
        raise NotFound(
            f"The copy source does not exist ({error.code})",
            code="CannotVerifyCopySource",
            where="x-ms-copy-source",
        ) from None


def _check_source(store: Store, request: Request, asked: Request, named: Target) -> None:
    delegated = request.headers.get("x-ms-copy-source-authorization")
    if delegated:
        bearer = delegated.partition(" ")[2].strip()
        principal = tokens.check(store, bearer, audiences=(audiences.STORAGE,))
        access.require_role(store, principal, _READ, named)
    elif asked.arg("sig"):
        access.check_signature(store, asked, named)
        access.check_source_reach(asked)
    elif request.principal.object_id:
        access.require_role(store, request.principal, _READ, named)
    elif (
        request.principal.name != access.KEY_HOLDER
        or named.account != target.of_request(request).account
    ):
        raise NotFound(
            "Server failed to authenticate the copy source",
            code="CannotVerifyCopySource",
            where="x-ms-copy-source",
            hint="Sign the source's URL with a shared access signature.",
        )
