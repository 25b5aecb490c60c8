"""Routes and shapes of computes.

Source: https://learn.microsoft.com/rest/api/azureml/compute
"""

from typing import Any

from shipway.azure.arm import operations
from shipway.azure.entra import tenant
from shipway.base.clock import timestamp
from shipway.ml import computes
from shipway.ml.computes import Compute
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, given_identities
from shipway.wire.ml import operations as operations_of_ml


def get(store: Store, request: Request) -> Response:
    """One compute."""
    workspace = envelopes.workspace_of(store, request)
    compute = computes.get(store, workspace=workspace.key, name=request.params["name"])
    return json_response(shape(store, workspace, compute))


def list_all(store: Store, request: Request) -> Response:
    """The computes of a workspace."""
    workspace = envelopes.workspace_of(store, request)
    found = computes.list_all(store, workspace=workspace.key)
    return envelopes.page(request, found, lambda c: shape(store, workspace, c))


def put(store: Store, request: Request) -> Response:
    """Create or replace; a cluster on this machine is there at once."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    kind = fields.choice(body, "properties.computeType", computes.TYPES, "")
    name = request.params["name"]
    with store.database.transaction():
        before = computes.find(store, workspace=workspace.key, name=name)
        identity = fields.text(body, "identity.type", "None").lower()
        made = computes.create(
            store, workspace=workspace.key, name=name, compute_type=kind,
            location=fields.text(body, "properties.computeLocation")
            or fields.text(body, "location", workspace.location),
            description=fields.text(body, "properties.description"),
            tags=fields.texts(body, "tags"), settings=fields.mapping(body, "properties.properties"),
            system_identity="systemassigned" in identity.replace("_", ""),
            user_identities=given_identities.read(store, request, body),
            principal=request.principal,
        )  # fmt: skip
    return json_response(shape(store, workspace, made), status=201 if before is None else 200)


def patch(store: Store, request: Request) -> Response:
    """Change a cluster's scale settings."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    compute = computes.get(store, workspace=workspace.key, name=request.params["name"])
    changed = computes.create(
        store, workspace=workspace.key, name=compute.name, compute_type=compute.compute_type,
        location=compute.location, description=compute.description,
        tags=fields.texts(body, "tags") or compute.tags,
        settings={**compute.settings, **fields.mapping(body, "properties.properties")},
        system_identity=bool(compute.principal_id), user_identities=compute.user_identities,
        principal=request.principal,
    )  # fmt: skip
    return json_response(shape(store, workspace, changed))


def delete(store: Store, request: Request) -> Response:
    """Delete, with an operation to poll."""
    workspace = envelopes.workspace_of(store, request)
    compute = computes.get(store, workspace=workspace.key, name=request.params["name"])
    with store.database.transaction():
        operation = operations.start(
            store, resource_id=f"{workspace.resource_id}/computes/{compute.name}"
        )
        computes.delete(store, workspace=workspace.key, name=compute.name)
        operations.finish(store, operation.operation_id)
    headers = operations_of_ml.headers(request, workspace, operation.operation_id)
    return Response(status=202, headers=headers)


def start(store: Store, request: Request) -> Response:
    """Start a compute instance."""
    return _set_state(store, request, "Running")


def stop(store: Store, request: Request) -> Response:
    """Stop a compute instance."""
    return _set_state(store, request, "Stopped")


def restart(store: Store, request: Request) -> Response:
    """Restart a compute instance: stopped for a moment, so that jobs look anew."""
    _set_state(store, request, "Stopped")
    return _set_state(store, request, "Running")


def shape(store: Store, workspace: Workspace, compute: Compute) -> dict[str, Any]:
    """A compute on the wire."""
    properties: dict[str, Any] = {
        "createdOn": timestamp(compute.created_at) if compute.created_at else None,
        "modifiedOn": timestamp(compute.updated_at) if compute.updated_at else None,
        "disableLocalAuth": False,
        "description": compute.description or None,
        "resourceId": None,
        "computeType": compute.compute_type,
        "computeLocation": compute.location,
        "provisioningState": "Succeeded",
        "provisioningErrors": None,
        "isAttachedCompute": compute.compute_type in ("VirtualMachine", "Kubernetes"),
        "properties": _settings(compute),
    }
    body = envelopes.resource(
        workspace, f"computes/{compute.name}", compute, properties,
        location=compute.location, tags=dict(compute.tags),
    )  # fmt: skip
    if compute.principal_id or compute.user_identities:
        body["identity"] = _identity(store, compute)
    return body


def _settings(compute: Compute) -> dict[str, Any]:
    if compute.compute_type == "AmlCompute":
        return {
            "osType": "Linux", "vmSize": "STANDARD_DS3_V2", "vmPriority": "Dedicated",
            "isolatedNetwork": False, "remoteLoginPortPublicAccess": "NotSpecified",
            "scaleSettings": {
                "minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT120S",
            },
            "enableNodePublicIp": True, **compute.settings, "allocationState": "Steady",
            "allocationStateTransitionTime": (
                timestamp(compute.created_at) if compute.created_at else None
            ),
            "errors": None, "currentNodeCount": 0, "targetNodeCount": 0,
            "nodeStateCounts": {
                "preparingNodeCount": 0, "runningNodeCount": 0, "idleNodeCount": 0,
                "unusableNodeCount": 0, "leavingNodeCount": 0, "preemptedNodeCount": 0,
            },
        }  # fmt: skip
    if compute.compute_type == "ComputeInstance":
        return {**compute.settings, "state": compute.instance_state, "errors": []}
    return dict(compute.settings)


def _identity(store: Store, compute: Compute) -> dict[str, Any]:
    kinds = ["SystemAssigned"] if compute.principal_id else []
    kinds += ["UserAssigned"] if compute.user_identities else []
    identity: dict[str, Any] = {"type": ",".join(kinds)}
    if compute.principal_id:
        identity["principalId"] = compute.principal_id
        identity["tenantId"] = tenant.facts(store).tenant_id
    if compute.user_identities:
        identity["userAssignedIdentities"] = {name: {} for name in compute.user_identities}
    return identity


def _set_state(store: Store, request: Request, state: str) -> Response:
    workspace = envelopes.workspace_of(store, request)
    name = request.params["name"]
    with store.database.transaction():
        computes.set_instance_state(store, workspace=workspace.key, name=name, state=state)
        operation = operations.start(store, resource_id=f"{workspace.resource_id}/computes/{name}")
        operations.finish(store, operation.operation_id)
    headers = operations_of_ml.headers(request, workspace, operation.operation_id)
    return Response(status=202, headers=headers)
