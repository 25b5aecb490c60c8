"""Header fields of the blob service: those that a request may have, those that answers get.

Source: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-request-headers
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping

from shipway.azure.blob.blobs import Blob, ContentHeaders
from shipway.azure.blob.leases import INFINITE, Lease
from shipway.base.clock import http_date
from shipway.base.errors import BadInput, NotSupported
from shipway.wire.http import Request, Response

VERSION = "2023-11-03"
META = "x-ms-meta-"
# every operation takes these
_COMMON = frozenset({
    "x-ms-date", "x-ms-version", "x-ms-client-request-id", "x-ms-return-client-request-id",
    "x-ms-lease-id", "x-ms-useragent", "x-ms-file-request-intent", "x-ms-request-id",
})  # fmt: skip
_META_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_META_LIMIT = 8 * 1024
_VERSION_TEXT = re.compile(r"20\d\d-\d\d-\d\d")

Fields = tuple[tuple[str, str], ...]


def check_known(request: Request, known: Iterable[str]) -> None:
    """Raises `NotSupported` for an `x-ms-` field that the operation does not understand here."""
    allowed = _COMMON | {name.lower() for name in known}
    for name, value in request.headers:
        lowered = name.lower()
        if not lowered.startswith("x-ms-") or lowered in allowed:
            continue
        if lowered.startswith(META) and META in allowed:
            continue
        raise NotSupported(
            f"The header '{name}' is not supported for this request",
            code="UnsupportedHeader",
            status=400,
            where=name,
            hint=f"Leave it out (its value here: '{value[:80]}').",
        )
    version = request.headers.get("x-ms-version")
    if version and not _VERSION_TEXT.fullmatch(version):
        raise BadInput(
            f"The value '{version[:40]}' for the header x-ms-version is not a version",
            code="InvalidHeaderValue",
            where="x-ms-version",
            hint=f"For example {VERSION}.",
        )


def with_common(request: Request, response: Response) -> Response:
    """The fields that every answer has."""
    names = {name.lower() for name, _ in response.headers}
    fields = [
        ("x-ms-request-id", request.request_id),
        ("x-ms-version", request.headers.get("x-ms-version") or VERSION),
    ]
    client_id = request.headers.get("x-ms-client-request-id")
    if client_id and len(client_id) <= 1024:
        fields.append(("x-ms-client-request-id", client_id))
    return response.with_headers(*(f for f in fields if f[0] not in names))


def metadata_of(request: Request) -> dict[str, str]:
    """`x-ms-meta-*`. Raises `BadInput` (InvalidMetadata, MetadataTooLarge)."""
    found: dict[str, str] = {}
    for name, value in request.headers:
        if not name.lower().startswith(META):
            continue
        key = name[len(META) :]
        if not _META_NAME.fullmatch(key):
            raise BadInput(
                f"The metadata name '{key[:80]}' is not an identifier",
                code="InvalidMetadata",
                where=name[:100],
            )
        found[key] = value
    if sum(len(k) + len(v) for k, v in found.items()) > _META_LIMIT:
        raise BadInput(f"The metadata is larger than {_META_LIMIT} bytes", code="MetadataTooLarge")
    return found


def metadata_fields(metadata: Mapping[str, str]) -> Fields:
    """Metadata as header fields."""
    return tuple((META + key, value) for key, value in metadata.items())


def content_headers(request: Request, *, with_plain: bool) -> ContentHeaders:
    """`x-ms-blob-content-type` and its kin; `with_plain` also takes `Content-Type` and its kin."""

    def value(name: str) -> str:
        given = request.headers.get(f"x-ms-blob-{name}")
        return given or (request.headers.get(name) if with_plain else "")

    return ContentHeaders(
        content_type=value("content-type") or "application/octet-stream",
        content_encoding=value("content-encoding"),
        content_language=value("content-language"),
        content_disposition=request.headers.get("x-ms-blob-content-disposition"),
        cache_control=value("cache-control"),
    )


def md5_of(request: Request, name: str) -> str:
    """An MD5 in base64 as hex; empty when it is not given. Raises `BadInput` (InvalidMd5)."""
    text = request.headers.get(name)
    if not text:
        return ""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if len(octets) != 16:
        raise BadInput(
            f"The MD5 value '{text[:80]}' specified in the request is invalid: it must be 128 bits "
            "in Base64",
            code="InvalidMd5",
            where=name,
        )
    return octets.hex()


def base64_md5(md5: str) -> str:
    """Hex to base64."""
    return base64.b64encode(bytes.fromhex(md5)).decode()


def version_fields(blob: Blob) -> Fields:
    """ETag and Last-Modified."""
    return (("ETag", f'"{blob.etag}"'), ("Last-Modified", http_date(blob.modified_at)))


def blob_fields(blob: Blob, lease: Lease) -> Fields:
    """What GET and HEAD say about a blob, without its length and MD5."""
    headers = blob.headers
    fields = [
        *version_fields(blob),
        ("Content-Type", headers.content_type),
        ("Accept-Ranges", "bytes"),
        ("x-ms-creation-time", http_date(blob.created_at)),
        ("x-ms-blob-type", "BlockBlob"),
        ("x-ms-access-tier", blob.access_tier),
        ("x-ms-access-tier-inferred", "true"),
        ("x-ms-server-encrypted", "true"),
        *lease_fields(lease),
        *metadata_fields(blob.metadata),
    ]
    optional = {
        "Content-Encoding": headers.content_encoding,
        "Content-Language": headers.content_language,
        "Content-Disposition": headers.content_disposition,
        "Cache-Control": headers.cache_control,
    }
    fields += [(name, value) for name, value in optional.items() if value]
    if blob.copied_from:
        fields += [
            ("x-ms-copy-source", blob.copied_from),
            ("x-ms-copy-status", "success"),
            ("x-ms-copy-id", copy_id(blob)),
            ("x-ms-copy-progress", f"{blob.size}/{blob.size}"),
            ("x-ms-copy-completion-time", http_date(blob.modified_at)),
        ]
    return tuple(fields)


def lease_fields(lease: Lease) -> Fields:
    """The lease's state in the service's words."""
    fields = [
        ("x-ms-lease-state", lease.state.lower()),
        ("x-ms-lease-status", "locked" if lease.is_locked else "unlocked"),
    ]
    if lease.state == "Leased":
        kind = "infinite" if lease.duration == INFINITE else "fixed"
        fields.append(("x-ms-lease-duration", kind))
    return tuple(fields)


def copy_id(blob: Blob) -> str:
    """The id of the copy that made a blob; the same as long as the blob is."""
    digest = f"{blob.digest:0>32}"
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
