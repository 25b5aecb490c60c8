"""Every operation of the blob service that is answered; method, path, restype and comp choose."""

from dataclasses import replace
from functools import partial

from shipway.base.errors import ShipwayError
from shipway.store.store import Store
from shipway.wire.blob import (
    access,
    containers,
    copies,
    headers,
    lease_actions,
    operations,
    reads,
    service,
    writes,
)
from shipway.wire.blob.operations import Operation
from shipway.wire.chain import WireProtocol
from shipway.wire.errors import storage_error
from shipway.wire.http import Request, Response, Route, RouteTable

_DOC = "https://learn.microsoft.com/rest/api/storageservices/"
_SERVICES = "Microsoft.Storage/storageAccounts/blobServices"
_CONTAINERS = f"{_SERVICES}/containers"
_BLOBS = f"{_CONTAINERS}/blobs"
_META = headers.META
_LISTING = ("prefix", "delimiter", "marker", "maxresults", "include")
_CONTENT = (
    "x-ms-blob-content-type", "x-ms-blob-content-encoding", "x-ms-blob-content-language",
    "x-ms-blob-content-disposition", "x-ms-blob-cache-control", "x-ms-blob-content-md5",
    "x-ms-access-tier", _META,
)  # fmt: skip

_SERVICE: tuple[Operation, ...] = (
    Operation(
        name="Get Blob Service Properties", method="GET", level="service", restype="service",
        comp="properties", verb=service.get_properties, sas="r", action=f"{_SERVICES}/read",
    ),
    *(
        Operation(
            name="Get Account Information", method=method, level=level, restype="account",
            comp="properties", verb=service.get_account, sas="rwdlacup", action=f"{_SERVICES}/read",
        )
        for method in ("GET", "HEAD")
        for level in ("service", "container", "blob")
    ),
    Operation(
        name="List Containers", method="GET", level="service", comp="list",
        verb=service.list_containers, sas="l", action=f"{_CONTAINERS}/read", query=_LISTING,
    ),
    Operation(
        name="Get User Delegation Key", method="POST", level="service", restype="service",
        comp="userdelegationkey", verb=service.get_delegation_key,
        action=f"{_SERVICES}/generateUserDelegationKey/action",
    ),
)  # fmt: skip
_OF_CONTAINERS: tuple[Operation, ...] = (
    Operation(
        name="Create Container", method="PUT", level="container", restype="container",
        verb=containers.create, sas="cw", action=f"{_CONTAINERS}/write",
        headers=(_META, "x-ms-blob-public-access"),
    ),
    *(
        Operation(
            name=name, method=method, level="container", restype="container", comp=comp,
            verb=containers.get_properties, sas="r", action=f"{_CONTAINERS}/read",
        )
        for method in ("GET", "HEAD")
        for name, comp in (("Get Container Properties", ""), ("Get Container Metadata", "metadata"))
    ),
    Operation(
        name="Set Container Metadata", method="PUT", level="container", restype="container",
        comp="metadata", verb=containers.set_metadata, sas="w", action=f"{_CONTAINERS}/write",
        headers=(_META,),
    ),
    Operation(
        name="Get Container ACL", method="GET", level="container", restype="container", comp="acl",
        verb=containers.get_acl, action=f"{_CONTAINERS}/getAcl/action",
    ),
    Operation(
        name="Delete Container", method="DELETE", level="container", restype="container",
        verb=containers.delete, sas="d", action=f"{_CONTAINERS}/delete",
    ),
    Operation(
        name="List Blobs", method="GET", level="container", restype="container", comp="list",
        verb=containers.list_blobs, sas="l", action=f"{_BLOBS}/read", query=_LISTING,
    ),
)  # fmt: skip
_OF_BLOBS: tuple[Operation, ...] = (
    Operation(
        name="Put Blob", method="PUT", level="blob", verb=writes.put, sas="cw",
        action=f"{_BLOBS}/write",
        headers=(*_CONTENT, "x-ms-blob-type", "x-ms-copy-source", "x-ms-requires-sync",
                 "x-ms-copy-source-authorization", "x-ms-copy-source-blob-properties"),
    ),
    Operation(
        name="Put Block", method="PUT", level="blob", comp="block", verb=writes.put_block, sas="cw",
        action=f"{_BLOBS}/write", query=("blockid",),
    ),
    Operation(
        name="Put Block List", method="PUT", level="blob", comp="blocklist", verb=writes.put_list,
        sas="cw", action=f"{_BLOBS}/write", headers=_CONTENT,
    ),
    Operation(
        name="Get Block List", method="GET", level="blob", comp="blocklist", verb=writes.get_list,
        sas="r", action=f"{_BLOBS}/read", query=("blocklisttype",),
    ),
    Operation(
        name="Get Blob", method="GET", level="blob", verb=reads.get, sas="r",
        action=f"{_BLOBS}/read", headers=("x-ms-range", "x-ms-range-get-content-md5"),
    ),
    Operation(
        name="Get Blob Properties", method="HEAD", level="blob", verb=reads.head, sas="r",
        action=f"{_BLOBS}/read",
    ),
    *(
        Operation(
            name="Get Blob Metadata", method=method, level="blob", comp="metadata",
            verb=reads.get_metadata, sas="r", action=f"{_BLOBS}/read",
        )
        for method in ("GET", "HEAD")
    ),
    Operation(
        name="Set Blob Metadata", method="PUT", level="blob", comp="metadata",
        verb=writes.set_metadata, sas="w", action=f"{_BLOBS}/write", headers=(_META,),
    ),
    Operation(
        name="Set Blob Properties", method="PUT", level="blob", comp="properties",
        verb=writes.set_properties, sas="w", action=f"{_BLOBS}/write", headers=_CONTENT[:-2],
    ),
    Operation(
        name="Set Blob Tier", method="PUT", level="blob", comp="tier", verb=writes.set_tier,
        sas="w", action=f"{_BLOBS}/write", headers=("x-ms-access-tier",),
    ),
    Operation(
        name="Lease Blob", method="PUT", level="blob", comp="lease", verb=lease_actions.lease,
        sas="wd", action=f"{_BLOBS}/write",
        headers=("x-ms-lease-action", "x-ms-lease-duration", "x-ms-proposed-lease-id",
                 "x-ms-lease-break-period"),
    ),
    Operation(
        name="Abort Copy Blob", method="PUT", level="blob", comp="copy", verb=copies.abort, sas="w",
        action=f"{_BLOBS}/write", query=("copyid",), headers=("x-ms-copy-action",),
    ),
    Operation(
        name="Delete Blob", method="DELETE", level="blob", verb=writes.delete, sas="d",
        action=f"{_BLOBS}/delete", headers=("x-ms-delete-snapshots",),
    ),
)  # fmt: skip
OPERATIONS: tuple[Operation, ...] = (*_SERVICE, *_OF_CONTAINERS, *_OF_BLOBS)


def routes(store: Store) -> tuple[Route, ...]:
    """One row per operation. Rows of one method and path share a handler, which looks further."""
    handler = partial(_answer, store)
    rows = tuple(
        Route(
            method=operation.method,
            pattern=operation.path,
            handler=handler,
            doc=_DOC + operation.name.lower().replace(" ", "-"),
        )
        for operation in OPERATIONS
    )
    # methods that no operation has still need a row: their refusal names the operation's words
    rest = tuple(
        Route(method=method, pattern=path, handler=handler)
        for path in ("/", "/{container}", "/{container}/{blob:path}")
        for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH")
    )
    return rows + rest


def protocol(store: Store) -> WireProtocol:
    """`<account>.blob.core.windows.net`."""
    return WireProtocol(
        name="blob",
        table=RouteTable(routes(store), ignore_case=False),
        authenticate=partial(access.authenticate, store),
        authorize=partial(_authorize, store),
        envelope=_envelope,
    )


def _authorize(store: Store, request: Request, route: Route) -> None:
    del route
    operation = operations.find(OPERATIONS, request)
    access.authorize(store, request, operation)
    operations.check(operation, request)


def _answer(store: Store, request: Request) -> Response:
    response = operations.find(OPERATIONS, request).verb(store, request)
    return headers.with_common(request, response)


def _envelope(error: ShipwayError, request: Request) -> Response:
    response = headers.with_common(request, storage_error(error, request))
    if error.status == 304:
        return replace(response, body=b"")
    return response
