"""Lease Blob on the wire: one route, five actions.

Source: https://learn.microsoft.com/rest/api/storageservices/lease-blob
"""

from shipway.azure.blob import blobs, leases
from shipway.azure.blob.blobs import Blob
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.blob import conditions, headers, target
from shipway.wire.blob.headers import Fields
from shipway.wire.http import Request, Response


def lease(store: Store, request: Request) -> Response:
    """`PUT /{container}/{blob}?comp=lease` with `x-ms-lease-action`."""
    named = target.of_request(request)
    action = request.headers.get("x-ms-lease-action").lower()
    lease_id = request.headers.get("x-ms-lease-id")
    proposed = request.headers.get("x-ms-proposed-lease-id")
    with store.database.transaction():
        blob = blobs.get(store, **named.where)
        conditions.check_write(request, etag=blob.etag, modified_at=blob.modified_at)
        if action == "acquire":
            duration = _number(request, "x-ms-lease-duration")
            if duration is None:
                raise _missing("x-ms-lease-duration")
            made = leases.acquire(store, **named.where, duration=duration, proposed_id=proposed)
            return _answer(201, blob, ("x-ms-lease-id", made.lease_id))
        if action == "renew":
            made = leases.renew(store, **named.where, lease_id=_required(lease_id))
            return _answer(200, blob, ("x-ms-lease-id", made.lease_id))
        if action == "change":
            if not proposed:
                raise _missing("x-ms-proposed-lease-id")
            made = leases.change(
                store, **named.where, lease_id=_required(lease_id), proposed_id=proposed
            )
            return _answer(200, blob, ("x-ms-lease-id", made.lease_id))
        if action == "release":
            leases.release(store, **named.where, lease_id=_required(lease_id))
            return _answer(200, blob)
        if action == "break":
            period = _number(request, "x-ms-lease-break-period")
            _, left = leases.break_(store, **named.where, period=period)
            return _answer(202, blob, ("x-ms-lease-time", str(left)))
    raise BadInput(
        f"The lease action '{action[:40]}' is not valid",
        code="InvalidHeaderValue",
        where="x-ms-lease-action",
        hint="acquire, renew, change, release or break.",
    )


def _answer(status: int, blob: Blob, *more: tuple[str, str]) -> Response:
    fields: Fields = (*headers.version_fields(blob), *more)
    return Response(status=status, headers=fields)


def _number(request: Request, name: str) -> int | None:
    text = request.headers.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise BadInput(
            f"The value '{text[:40]}' for the header {name} is not a number",
            code="InvalidHeaderValue",
            where=name,
        ) from None


def _required(lease_id: str) -> str:
    if not lease_id:
        raise _missing("x-ms-lease-id")
    return lease_id


def _missing(name: str) -> BadInput:
    return BadInput(
        f"An HTTP header that's mandatory for this request is not specified: {name}",
        code="MissingRequiredHeader",
        where=name,
    )
