"""Long-running operations on the wire: 202 with two addresses, and what these answer.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from shipway.azure.arm import operations
from shipway.azure.arm.operations import Operation
from shipway.azure.entra import tenant
from shipway.base.clock import timestamp
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response

_VERSION = "2021-04-01"
_RETRY_SECONDS = "1"


def headers(store: Store, operation_id: str) -> tuple[tuple[str, str], ...]:
    """The header fields that tell a client where to poll."""
    home = tenant.facts(store)
    base = f"https://management.azure.com{home.subscription_scope}"
    return (
        (
            "Azure-AsyncOperation",
            f"{base}/operationStatuses/{operation_id}?api-version={_VERSION}",
        ),
        ("Location", f"{base}/operationResults/{operation_id}?api-version={_VERSION}"),
        ("Retry-After", _RETRY_SECONDS),
    )


def accepted(store: Store, operation_id: str) -> Response:
    """202 for an operation that goes on."""
    return Response(status=202, headers=headers(store, operation_id))


def get_status(store: Store, request: Request) -> Response:
    """`GET .../operationStatuses/{operation}`: the Azure-AsyncOperation form."""
    operation = operations.get(store, request.params["operation"])
    body: dict[str, object] = {
        "id": request.path,
        "name": operation.operation_id,
        "status": operation.status,
        "startTime": timestamp(operation.started_at),
    }
    if operation.ended_at is not None:
        body["endTime"] = timestamp(operation.ended_at)
    if operation.status == "Failed":
        body["error"] = {"code": operation.error_code, "message": operation.error_message}
    return json_response(body)


def get_result(store: Store, request: Request) -> Response:
    """`GET .../operationResults/{operation}`: 202 while it goes on, then its result."""
    operation = operations.get(store, request.params["operation"])
    if operation.status == "InProgress":
        return Response(status=202, headers=headers(store, operation.operation_id))
    if operation.status == "Failed":
        return json_response(_error(operation), status=409)
    if operation.result is None:
        return Response(status=200)
    return json_response(operation.result)


def _error(operation: Operation) -> dict[str, object]:
    return {"error": {"code": operation.error_code, "message": operation.error_message}}
