"""Long-running operations: what a client polls at Azure-AsyncOperation and Location.

Knows: documents. Must not know: what the operation does; whoever does it calls `finish` or `fail`.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipway.base import ids
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import NotFound
from shipway.base.machine import Machine
from shipway.store.documents import Document
from shipway.store.store import Store

# InProgress: accepted and under way; the others: over. Found at .../operationStatuses/<id>.
MACHINE = Machine(
    name="operation",
    table={
        ("InProgress", "finish"): "Succeeded",
        ("InProgress", "fail"): "Failed",
        ("InProgress", "cancel"): "Canceled",
    },
    terminal=frozenset({"Succeeded", "Failed", "Canceled"}),
)
_KIND = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Work that a client waits for. `result` is what Location answers once it has succeeded."""

    operation_id: str
    status: str
    resource_id: str
    started_at: datetime
    ended_at: datetime | None
    error_code: str
    error_message: str
    result: Mapping[str, Any] | None


def start(store: Store, *, resource_id: str) -> Operation:
    """Note that work on a resource has begun."""
    body = {
        "status": "InProgress",
        "resource_id": resource_id,
        "started_at": timestamp(store.clock.now()),
        "ended_at": None,
        "error_code": "",
        "error_message": "",
        "result": None,
    }
    return _operation(store.documents.create(_KIND, ids.new_guid(), body))


def finish(
    store: Store, operation_id: str, *, result: Mapping[str, Any] | None = None
) -> Operation:
    """The work has succeeded. Raises `NotFound`, `InvalidTransition`."""
    return _end(store, operation_id, "finish", {"result": dict(result) if result else None})


def fail(store: Store, operation_id: str, *, code: str, message: str) -> Operation:
    """The work has failed. Raises `NotFound`, `InvalidTransition`."""
    return _end(store, operation_id, "fail", {"error_code": code, "error_message": message})


def cancel(store: Store, operation_id: str) -> Operation:
    """The work was stopped. Raises `NotFound`, `InvalidTransition`."""
    return _end(store, operation_id, "cancel", {})


def get(store: Store, operation_id: str) -> Operation:
    """The operation. Raises `NotFound`."""
    found = store.documents.find(_KIND, operation_id)
    if found is None:
        raise NotFound(
            f"The operation '{operation_id}' was not found",
            code="OperationNotFound",
            where=operation_id,
        )
    return _operation(found)


def _end(store: Store, operation_id: str, verb: str, changes: Mapping[str, Any]) -> Operation:
    with store.database.transaction():
        status = MACHINE.step(get(store, operation_id).status, verb, subject=operation_id)
        ended = {"status": status, "ended_at": timestamp(store.clock.now()), **changes}
        return _operation(store.documents.update(_KIND, operation_id, ended))


def _operation(document: Document) -> Operation:
    body = document.body
    return Operation(
        operation_id=document.key,
        status=body["status"],
        resource_id=body["resource_id"],
        started_at=parse_timestamp(body["started_at"]),
        ended_at=parse_timestamp(body["ended_at"]) if body["ended_at"] else None,
        error_code=body["error_code"],
        error_message=body["error_message"],
        result=body["result"],
    )
