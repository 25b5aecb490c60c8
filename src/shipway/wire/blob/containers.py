"""Containers on the wire, and the listing of their blobs.

Source: https://learn.microsoft.com/rest/api/storageservices/operations-on-containers
"""

from shipway.azure.blob import blobs, containers, leases
from shipway.azure.blob.blobs import Blob
from shipway.azure.blob.containers import Container
from shipway.azure.blob.leases import Lease
from shipway.base.clock import http_date
from shipway.base.errors import NotSupported
from shipway.store.store import Store
from shipway.wire.blob import conditions, headers, paging, target, xml
from shipway.wire.blob.headers import Fields
from shipway.wire.http import Request, Response

_INCLUDES = ("metadata", "copy", "uncommittedblobs", "snapshots", "deleted", "versions")


def create(store: Store, request: Request) -> Response:
    """`PUT /{container}?restype=container`. Raises `Conflict`, `BadInput`."""
    access = request.headers.get("x-ms-blob-public-access")
    if access:
        raise NotSupported(
            f"Public access ({access}) is not permitted on this storage account",
            code="PublicAccessNotPermitted",
            status=409,
            where="x-ms-blob-public-access",
        )
    named = target.of_request(request)
    made = containers.create(
        store,
        account=named.account,
        name=named.container,
        metadata=headers.metadata_of(request),
    )
    return Response(status=201, headers=_version(made))


def get_properties(store: Store, request: Request) -> Response:
    """`GET|HEAD /{container}?restype=container`, also with `comp=metadata`."""
    found = _get(store, request)
    return Response(
        status=200,
        headers=(
            *_version(found),
            ("x-ms-lease-status", "unlocked"),
            ("x-ms-lease-state", "available"),
            ("x-ms-has-immutability-policy", "false"),
            ("x-ms-has-legal-hold", "false"),
            ("x-ms-default-encryption-scope", "$account-encryption-key"),
            ("x-ms-deny-encryption-scope-override", "false"),
            *headers.metadata_fields(found.metadata),
        ),
    )


def set_metadata(store: Store, request: Request) -> Response:
    """`PUT /{container}?restype=container&comp=metadata`."""
    metadata = headers.metadata_of(request)
    with store.database.transaction():
        before = _get(store, request)
        conditions.check_write(request, etag=before.etag, modified_at=before.modified_at)
        found = containers.set_metadata(
            store, account=before.account, name=before.name, metadata=metadata
        )
    return Response(status=200, headers=_version(found))


def get_acl(store: Store, request: Request) -> Response:
    """`GET /{container}?restype=container&comp=acl`: no public access, no stored policies."""
    return xml.response("<SignedIdentifiers />", *_version(_get(store, request)))


def delete(store: Store, request: Request) -> Response:
    """`DELETE /{container}?restype=container`."""
    with store.database.transaction():
        before = _get(store, request)
        conditions.check_write(request, etag=before.etag, modified_at=before.modified_at)
        containers.delete(store, account=before.account, name=before.name)
    return Response(status=202)


def list_blobs(store: Store, request: Request) -> Response:
    """`GET /{container}?restype=container&comp=list`, flat or by `delimiter`.

    `include` may name snapshots, versions and deleted blobs: there are none of them.
    """
    named = target.of_request(request)
    page = paging.of_request(request, includes=_INCLUDES)
    found = blobs.list_page(
        store,
        account=named.account,
        container=named.container,
        prefix=page.prefix,
        delimiter=page.delimiter,
        marker=page.after,
        limit=page.limit,
    )
    rows: list[tuple[str, str]] = [
        (p, f"<BlobPrefix>{xml.name_tag(p)}</BlobPrefix>") for p in found.prefixes
    ]
    held = leases.in_container(
        store, account=named.account, container=named.container, prefix=page.prefix
    )
    for blob in found.blobs:
        lease = held.get(blob.name, Lease())
        rows.append((blob.name, _blob(blob, lease, with_metadata="metadata" in page.include)))
    body = "".join(text for _, text in sorted(rows))
    following = paging.marker(found.next_marker) if found.next_marker else ""
    return xml.response(
        f'<EnumerationResults ServiceEndpoint="https://{named.account}{target.SUFFIX}/" '
        f'ContainerName="{named.container}">{page.echo()}<Blobs>{body}</Blobs>'
        f"{xml.tag('NextMarker', following)}</EnumerationResults>"
    )


def _get(store: Store, request: Request) -> Container:
    named = target.of_request(request)
    return containers.get(store, account=named.account, name=named.container)


def _version(container: Container) -> Fields:
    return (
        ("ETag", f'"{container.etag}"'),
        ("Last-Modified", http_date(container.modified_at)),
    )


def _blob(blob: Blob, lease: Lease, *, with_metadata: bool) -> str:
    given = blob.headers
    md5 = headers.base64_md5(blob.md5) if blob.md5 else ""
    duration = "infinite" if lease.duration == leases.INFINITE else "fixed"
    properties = (
        xml.tag("Creation-Time", http_date(blob.created_at))
        + xml.tag("Last-Modified", http_date(blob.modified_at))
        + xml.tag("Etag", blob.etag)
        + xml.tag("Content-Length", blob.size)
        + xml.tag("Content-Type", given.content_type)
        + xml.tag("Content-Encoding", given.content_encoding)
        + xml.tag("Content-Language", given.content_language)
        + xml.tag("Content-MD5", md5)
        + xml.tag("Cache-Control", given.cache_control)
        + xml.tag("Content-Disposition", given.content_disposition)
        + "<BlobType>BlockBlob</BlobType>"
        + xml.tag("AccessTier", blob.access_tier)
        + "<AccessTierInferred>true</AccessTierInferred>"
        + xml.tag("LeaseStatus", "locked" if lease.is_locked else "unlocked")
        + xml.tag("LeaseState", lease.state.lower())
        + (xml.tag("LeaseDuration", duration) if lease.state == "Leased" else "")
        + "<ServerEncrypted>true</ServerEncrypted>"
    )
    metadata = ""
    if with_metadata:
        inner = "".join(xml.tag(k, v) for k, v in blob.metadata.items())
        metadata = f"<Metadata>{inner}</Metadata>" if inner else "<Metadata />"
    return (
        f"<Blob>{xml.name_tag(blob.name)}<Properties>{properties}</Properties>{metadata}"
        "<OrMetadata /></Blob>"
    )
