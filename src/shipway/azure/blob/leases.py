"""Leases: a blob's exclusive right to be written, for a while.

Knows: blobs, the table of states. Must not know: HTTP. Time comes from the store's clock; nothing
has to run for a lease to end.
Source: https://learn.microsoft.com/rest/api/storageservices/lease-blob
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shipway.azure.blob import blobs
from shipway.azure.blob.lease_states import MACHINE, NOT_PRESENT, REFUSALS
from shipway.base import ids
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import BadInput, Conflict, PreconditionFailed
from shipway.store.documents import Document
from shipway.store.store import Store

KIND = "blob_lease"
INFINITE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease as it is now. `duration` is -1 for one without end."""

    state: str = "Available"
    lease_id: str = ""
    duration: int = INFINITE
    expires_at: datetime | None = None
    breaks_at: datetime | None = None

    @property
    def is_locked(self) -> bool:
        """Whether only the holder may write."""
        return self.state in ("Leased", "Breaking")


def find(store: Store, *, account: str, container: str, name: str) -> Lease:
    """The lease of a blob; state Available where there is none."""
    found = store.documents.find(KIND, f"{account}/{container}/{name}")
    return Lease() if found is None else _lease(store, found)


def in_container(
    store: Store, *, account: str, container: str, prefix: str = ""
) -> dict[str, Lease]:
    """The leases of a container's blobs by name; a blob that is not in it is Available."""
    base = f"{account}/{container}/"
    found = store.documents.list(KIND, prefix=base + prefix)
    return {d.key[len(base) :]: _lease(store, d) for d in found}


def acquire(
    store: Store, *, account: str, container: str, name: str, duration: int, proposed_id: str = ""
) -> Lease:
    """Take the lease for 15 to 60 seconds, or -1 for ever. Raises `BadInput`, `Conflict`."""
    if duration != INFINITE and not 15 <= duration <= 60:
        raise BadInput(
            f"The lease duration {duration} is not valid: 15 to 60 seconds, or -1 for ever",
            code="InvalidHeaderValue",
            where="x-ms-lease-duration",
        )
    lease_id = _guid(proposed_id) if proposed_id else ids.new_guid()
    where = {"account": account, "container": container, "name": name}
    with store.database.transaction():
        blobs.get(store, **where)
        lease = find(store, **where)
        if lease.is_locked and lease.lease_id != lease_id:
            raise Conflict("There is already a lease present", code="LeaseAlreadyPresent")
        state = _step(lease, "acquire")
        return _put(
            store, where, _running(store, state=state, lease_id=lease_id, duration=duration)
        )


def renew(store: Store, *, account: str, container: str, name: str, lease_id: str) -> Lease:
    """Start the lease's time again. Raises `Conflict`."""
    where = {"account": account, "container": container, "name": name}
    with store.database.transaction():
        blobs.get(store, **where)
        lease = _held(store, where, lease_id)
        state = _step(lease, "renew")
        running = _running(store, state=state, lease_id=lease.lease_id, duration=lease.duration)
        return _put(store, where, running)


def change(
    store: Store, *, account: str, container: str, name: str, lease_id: str, proposed_id: str
) -> Lease:
    """Give the lease another id; again with the new id changes nothing. Raises `Conflict`."""
    where = {"account": account, "container": container, "name": name}
    wanted = _guid(proposed_id)
    with store.database.transaction():
        blobs.get(store, **where)
        lease = find(store, **where)
        if lease.lease_id != wanted:
            lease = _held(store, where, lease_id)
        state = _step(lease, "change")
        return _put(store, where, replace(lease, state=state, lease_id=wanted))


def release(store: Store, *, account: str, container: str, name: str, lease_id: str) -> None:
    """Give the lease back. Raises `Conflict`."""
    where = {"account": account, "container": container, "name": name}
    with store.database.transaction():
        blobs.get(store, **where)
        _step(_held(store, where, lease_id), "release")
        clear(store, **where)


def break_(
    store: Store, *, account: str, container: str, name: str, period: int | None = None
) -> tuple[Lease, int]:
    """End the lease for its holder, after `period` seconds; the seconds that are left.

    Raises `BadInput`, `Conflict`.
    """
    if period is not None and not 0 <= period <= 60:
        raise BadInput(
            f"The break period {period} is not valid: 0 to 60 seconds",
            code="InvalidHeaderValue",
            where="x-ms-lease-break-period",
        )
    where = {"account": account, "container": container, "name": name}
    with store.database.transaction():
        blobs.get(store, **where)
        lease, now = find(store, **where), store.clock.now()
        state = _step(lease, "break")
        if state == "Broken":
            return _put(store, where, replace(lease, state=state)), 0
        ends = lease.breaks_at if lease.state == "Breaking" else lease.expires_at
        left = max(0.0, (ends - now).total_seconds()) if ends else float(period or 0)
        seconds = int(left if period is None else min(left, period))
        if seconds == 0:
            return _put(store, where, replace(lease, state="Broken", breaks_at=now)), 0
        breaks_at = now + timedelta(seconds=seconds)
        return _put(store, where, replace(lease, state=state, breaks_at=breaks_at)), seconds


def clear(store: Store, *, account: str, container: str, name: str) -> None:
    """Forget a blob's lease."""
    store.documents.delete(KIND, f"{account}/{container}/{name}")


def check_write(
    store: Store, *, account: str, container: str, name: str, lease_id: str = ""
) -> None:
    """Whether somebody who presents `lease_id` may write now.

    Raises `PreconditionFailed` (LeaseIdMissing, LeaseIdMismatchWithBlobOperation,
    LeaseNotPresentWithBlobOperation).
    """
    where = {"account": account, "container": container, "name": name}
    lease = find(store, **where)
    if lease.is_locked and not lease_id:
        raise PreconditionFailed(
            "There is currently a lease on the blob and no lease ID was specified in the request",
            code="LeaseIdMissing",
        )
    check_read(store, **where, lease_id=lease_id)
    if lease.state in ("Broken", "Expired"):
        MACHINE.step(lease.state, "write", subject=name)
        clear(store, **where)


def check_read(
    store: Store, *, account: str, container: str, name: str, lease_id: str = ""
) -> None:
    """Whether the lease id that a reader presents is the blob's. Raises `PreconditionFailed`."""
    if not lease_id:
        return
    lease = find(store, account=account, container=container, name=name)
    if not lease.is_locked:
        raise PreconditionFailed(
            "There is currently no lease on the blob", code="LeaseNotPresentWithBlobOperation"
        )
    if lease.lease_id != lease_id.lower():
        raise PreconditionFailed(
            "The lease ID specified did not match the lease ID for the blob",
            code="LeaseIdMismatchWithBlobOperation",
            where="x-ms-lease-id",
        )


def _lease(store: Store, document: Document) -> Lease:
    body: dict[str, Any] = document.body
    lease = Lease(
        state=body["state"],
        lease_id=body["lease_id"],
        duration=body["duration"],
        expires_at=parse_timestamp(body["expires_at"]) if body["expires_at"] else None,
        breaks_at=parse_timestamp(body["breaks_at"]) if body["breaks_at"] else None,
    )
    return _aged(lease, store.clock.now())


def _held(store: Store, where: dict[str, str], lease_id: str) -> Lease:
    lease = find(store, **where)
    if lease.state == "Available":
        raise Conflict(NOT_PRESENT[1], code=NOT_PRESENT[0])
    if lease.lease_id != _guid(lease_id):
        raise Conflict(
            "The lease ID specified did not match the lease ID for the blob",
            code="LeaseIdMismatchWithLeaseOperation",
            where="x-ms-lease-id",
        )
    return lease


def _step(lease: Lease, verb: str) -> str:
    if (lease.state, verb) not in MACHINE.table:
        code, message = REFUSALS.get((lease.state, verb), NOT_PRESENT)
        raise Conflict(message, code=code)
    return MACHINE.step(lease.state, verb)


def _aged(lease: Lease, now: datetime) -> Lease:
    if lease.state == "Leased" and lease.expires_at is not None and lease.expires_at <= now:
        return replace(lease, state=MACHINE.step(lease.state, "expire"))
    if lease.state == "Breaking" and lease.breaks_at is not None and lease.breaks_at <= now:
        return replace(lease, state=MACHINE.step(lease.state, "end"))
    return lease


def _running(store: Store, *, state: str, lease_id: str, duration: int) -> Lease:
    ends = None if duration == INFINITE else store.clock.now() + timedelta(seconds=duration)
    return Lease(state=state, lease_id=lease_id, duration=duration, expires_at=ends)


def _put(store: Store, where: dict[str, str], lease: Lease) -> Lease:
    body = {
        "state": lease.state,
        "lease_id": lease.lease_id,
        "duration": lease.duration,
        "expires_at": timestamp(lease.expires_at) if lease.expires_at else "",
        "breaks_at": timestamp(lease.breaks_at) if lease.breaks_at else "",
    }
    store.documents.put(KIND, f"{where['account']}/{where['container']}/{where['name']}", body)
    return lease


def _guid(text: str) -> str:
    if not ids.is_guid(text):
        raise BadInput(
            f"The lease id '{text[:80]}' is not a GUID",
            code="InvalidHeaderValue",
            where="x-ms-lease-id" if text else "the missing lease id",
        )
    return text.lower()
