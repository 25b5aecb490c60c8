"""Reading blobs: Get Blob with ranges, Get Blob Properties, Get Blob Metadata.

Source: https://learn.microsoft.com/rest/api/storageservices/get-blob
"""

import hashlib
import re
from collections.abc import Iterable

from shipway.azure.blob import blobs, leases
from shipway.azure.blob.blobs import Blob
from shipway.azure.blob.leases import Lease
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.blob import conditions, headers, target
from shipway.wire.blob.headers import Fields
from shipway.wire.http import FileBody, Request, Response

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_MD5_RANGE_LIMIT = 4 << 20
# fields of a SAS that replace the blob's own header fields in the answer
_OVERRIDES = {
    "rscc": "Cache-Control", "rscd": "Content-Disposition", "rsce": "Content-Encoding",
    "rscl": "Content-Language", "rsct": "Content-Type",
}  # fmt: skip


def get(store: Store, request: Request) -> Response:
    """`GET /{container}/{blob}`, whole (200) or a range (206). Raises `BadInput` (InvalidRange)."""
    blob, lease = _found(store, request)
    fields = _overridden(request, headers.blob_fields(blob, lease))
    path = blobs.path_of(store, blob)
    text = request.headers.get("x-ms-range") or request.headers.get("range")
    wanted = _RANGE.fullmatch(text.strip()) if text else None
    if wanted is None:
        # a range that cannot be read is answered with the whole blob (RFC 9110, 14.2)
        md5 = (("Content-MD5", headers.base64_md5(blob.md5)),) if blob.md5 else ()
        return Response(
            status=200, headers=(*fields, *md5), body=FileBody(path=path, length=blob.size)
        )
    start, last = int(wanted[1]), int(wanted[2]) if wanted[2] else blob.size - 1
    if start >= blob.size or last < start:
        raise BadInput(
            f"The range specified is invalid for the current size of the resource: {text}",
            code="InvalidRange",
            status=416,
            where=text,
            headers={"Content-Range": f"bytes */{blob.size}"},
        )
    last = min(last, blob.size - 1)
    body = FileBody(path=path, offset=start, length=last - start + 1)
    more = [("Content-Range", f"bytes {start}-{last}/{blob.size}")]
    if blob.md5:
        more.append(("x-ms-blob-content-md5", headers.base64_md5(blob.md5)))
    if request.headers.get("x-ms-range-get-content-md5").lower() == "true":
        more.append(("Content-MD5", _md5_of_range(body)))
    return Response(status=206, headers=(*fields, *more), body=body)


def head(store: Store, request: Request) -> Response:
    """`HEAD /{container}/{blob}`: everything but the bytes."""
    blob, lease = _found(store, request)
    fields = _overridden(request, headers.blob_fields(blob, lease))
    md5 = (("Content-MD5", headers.base64_md5(blob.md5)),) if blob.md5 else ()
    path = blobs.path_of(store, blob)
    return Response(status=200, headers=(*fields, *md5), body=FileBody(path=path, length=blob.size))


def get_metadata(store: Store, request: Request) -> Response:
    """`GET|HEAD /{container}/{blob}?comp=metadata`."""
    blob, _ = _found(store, request)
    return Response(
        status=200,
        headers=(*headers.version_fields(blob), *headers.metadata_fields(blob.metadata)),
    )


def _found(store: Store, request: Request) -> tuple[Blob, Lease]:
    named = target.of_request(request)
    blob = blobs.get(store, **named.where)
    conditions.check_read(request, etag=blob.etag, modified_at=blob.modified_at)
    leases.check_read(store, **named.where, lease_id=request.headers.get("x-ms-lease-id"))
    return blob, leases.find(store, **named.where)


def _overridden(request: Request, fields: Iterable[tuple[str, str]]) -> Fields:
    given = {header: request.arg(name) for name, header in _OVERRIDES.items() if request.arg(name)}
    return (*(f for f in fields if f[0] not in given), *given.items())


def _md5_of_range(body: FileBody) -> str:
    length = body.length or 0
    if length > _MD5_RANGE_LIMIT:
        raise BadInput(
            f"An MD5 is computed for ranges up to {_MD5_RANGE_LIMIT} bytes",
            code="OutOfRangeInput",
            where="x-ms-range-get-content-md5",
        )
    with body.path.open("rb") as file:
        file.seek(body.offset)
        digest = hashlib.md5(file.read(length), usedforsecurity=False)
    return headers.base64_md5(digest.hexdigest())
