"""Long-running operations of Azure ML: the addresses it gives out and what they answer.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations and
recordings of the service (`mfeOperationsStatus`, `mfeOperationResults`).
"""

from shipway.azure.arm import operations
from shipway.azure.arm.operations import Operation
from shipway.base.clock import timestamp
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes

# the official pollers wait 5 or 30 s between looks unless the answer says otherwise; they read
# this field where there is no Retry-After, which knows whole seconds only
_RETRY = ("x-ms-retry-after-ms", "150")


def uri(request: Request, workspace: Workspace, operation_id: str) -> str:
    """What a client polls."""
    version = request.arg("api-version", "2023-04-01-preview")
    return f"{_base(request, workspace)}/mfeOperationsStatus/{operation_id}?api-version={version}"


def headers(
    request: Request, workspace: Workspace, operation_id: str
) -> tuple[tuple[str, str], ...]:
    """The header fields of an answer that has not ended yet."""
    version = request.arg("api-version", "2023-04-01-preview")
    result = f"{_base(request, workspace)}/mfeOperationResults/{operation_id}?api-version={version}"
    return (
        ("Azure-AsyncOperation", uri(request, workspace, operation_id)),
        ("Location", result),
        ("x-ms-async-operation-timeout", "PT30M"),
        _RETRY,
    )


def get_status(store: Store, request: Request) -> Response:
    """`GET .../mfeOperationsStatus/{operation}`: always 200, the status in the body."""
    operation = operations.get(store, request.params["operation"])
    body: dict[str, object] = {
        "id": request.path,
        "name": operation.operation_id,
        "status": operation.status,
        "startTime": timestamp(operation.started_at),
        "percentComplete": 100.0 if operation.ended_at else 0.0,
    }
    if operation.ended_at is not None:
        body["endTime"] = timestamp(operation.ended_at)
    if operation.status == "Failed":
        body["error"] = _error(operation)
    return json_response(body, headers=(_RETRY,))


def get_result(store: Store, request: Request) -> Response:
    """`GET .../mfeOperationResults/{operation}`: 202 while it goes on, then its end."""
    operation = operations.get(store, request.params["operation"])
    if operation.status == "InProgress":
        return Response(status=202, headers=(("Location", request.url), _RETRY))
    if operation.status == "Failed":
        return json_response({"error": _error(operation)}, status=400)
    return Response(status=204)


def _error(operation: Operation) -> dict[str, object]:
    return {
        "code": operation.error_code, "message": operation.error_message,
        "target": operation.resource_id, "details": [], "additionalInfo": [],
    }  # fmt: skip


def _base(request: Request, workspace: Workspace) -> str:
    return (
        f"https://{request.host}/subscriptions/{workspace.subscription}/providers/"
        f"{envelopes.PROVIDER}/locations/{workspace.location}"
    )
