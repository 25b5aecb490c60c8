"""Routes and shapes of online deployments.

Source: https://learn.microsoft.com/rest/api/azureml/online-deployments
"""

from dataclasses import replace
from typing import Any

from shipway.base.errors import BadInput, NotSupported
from shipway.loop import deployment
from shipway.ml import online_deployments, online_endpoints
from shipway.ml.entities import authorship
from shipway.ml.online_deployments import OnlineDeployment, Probe
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import durations, envelopes, fields, linked_registries, operations

_DEFAULT_TAIL = 50
_MOST_LINES = 10_000


def get(store: Store, request: Request) -> Response:
    """One deployment."""
    workspace = envelopes.workspace_of(store, request)
    return json_response(shape(request, workspace, _deployment(store, request, workspace)))


def list_all(store: Store, request: Request) -> Response:
    """The deployments of an endpoint."""
    workspace = envelopes.workspace_of(store, request)
    endpoint = online_endpoints.get(store, workspace=workspace.key, name=request.params["endpoint"])
    found = online_deployments.list_of(store, workspace=workspace.key, endpoint=endpoint.name)
    return envelopes.page(request, found, lambda d: shape(request, workspace, d))


def put(store: Store, request: Request) -> Response:
    """Create or update; the answer says where to poll."""
    workspace = envelopes.workspace_of(store, request)
    linked_registries.check(store, request)
    wanted = _from_body(request, workspace, request.json())
    made, is_new = deployment.put_deployment(store, wanted)
    return json_response(
        shape(request, workspace, made),
        status=201 if is_new else 200,
        headers=operations.headers(request, workspace, made.operation_id),
    )


def patch(store: Store, request: Request) -> Response:
    """Change tags or the number of instances."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    unknown = sorted(set(body) - {"tags", "sku"})
    if unknown:
        raise BadInput(
            f"The field {unknown[0]} of a deployment cannot be changed by PATCH.",
            code="ValidationError", where=unknown[0], hint="PATCH takes tags and sku; use PUT.",
        )  # fmt: skip
    old = _deployment(store, request, workspace)
    wanted = replace(
        old, tags={**old.tags, **fields.texts(body, "tags")},
        instance_count=fields.number(body, "sku.capacity", old.instance_count),
    )  # fmt: skip
    made, _ = deployment.put_deployment(store, wanted)
    return json_response(
        shape(request, workspace, made),
        headers=operations.headers(request, workspace, made.operation_id),
    )


def delete(store: Store, request: Request) -> Response:
    """Begin to delete a deployment; 204 when there is none."""
    workspace = envelopes.workspace_of(store, request)
    gone = deployment.delete_deployment(
        store, workspace=workspace.key, endpoint=request.params["endpoint"],
        name=request.params["deployment"],
    )  # fmt: skip
    if gone is None:
        return Response(status=204)
    return Response(status=202, headers=operations.headers(request, workspace, gone.operation_id))


def get_logs(store: Store, request: Request) -> Response:
    """The last lines of a deployment's log, or of its preparation."""
    workspace = envelopes.workspace_of(store, request)
    found = _deployment(store, request, workspace)
    body = request.json()
    container = fields.choice(
        body, "containerType",
        ("InferenceServer", "StorageInitializer", "ModelDataCollector"), "InferenceServer",
    )  # fmt: skip
    lines = min(max(fields.number(body, "tail", _DEFAULT_TAIL), 1), _MOST_LINES)
    if container == "ModelDataCollector":
        return json_response({"content": ""})
    content = online_deployments.logs(
        store.home, found, lines=lines, preparing=container == "StorageInitializer"
    )
    return json_response({"content": content})


def list_skus(store: Store, request: Request) -> Response:
    """The sizes a deployment may have: one kind, on this machine."""
    workspace = envelopes.workspace_of(store, request)
    found = _deployment(store, request, workspace)
    capacity = {"default": 1, "minimum": 1, "maximum": 4, "scaleType": "Manual"}
    sku = {"name": "Default", "capacity": found.instance_count}
    row = {"resourceType": found.lineage_key, "sku": sku, "capacity": capacity}
    return json_response({"value": [row]})


def shape(request: Request, workspace: Workspace, found: OnlineDeployment) -> dict[str, Any]:
    """A deployment on the wire."""
    code = {"codeId": found.code_id or None, "scoringScript": found.scoring_script}
    properties: dict[str, Any] = {
        "endpointComputeType": "Managed",
        "description": found.description or None,
        "properties": {
            **found.properties,
            "AzureAsyncOperationUri": operations.uri(request, workspace, found.operation_id),
        },
        "model": found.model or None,
        "environmentId": found.environment_id or None,
        "codeConfiguration": code if found.scoring_script else None,
        "environmentVariables": dict(found.env_vars),
        "instanceType": found.instance_type,
        "scaleSettings": dict(found.scale) or {"scaleType": "Default"},
        "requestSettings": {
            "maxConcurrentRequestsPerInstance": found.max_concurrent_requests,
            "requestTimeout": durations.text_of(found.request_timeout),
            "maxQueueWait": "PT0.5S",
        },
        "livenessProbe": _probe_shape(found.liveness_probe),
        "readinessProbe": _probe_shape(found.readiness_probe),
        "appInsightsEnabled": False,
        "egressPublicNetworkAccess": "Enabled",
        **found.settings,
        "provisioningState": found.provisioning_state,
    }
    if found.error:
        properties["provisioningError"] = dict(found.error)
    path = f"onlineEndpoints/{found.endpoint}/deployments/{found.name}"
    sku = {"name": "Default", "tier": "Standard", "capacity": found.instance_count}
    return envelopes.resource(
        workspace, path, found, properties, location=found.location, tags=dict(found.tags),
        kind="Managed", sku=sku,
    )  # fmt: skip


def _deployment(store: Store, request: Request, workspace: Workspace) -> OnlineDeployment:
    return online_deployments.get(
        store, workspace=workspace.key, endpoint=request.params["endpoint"],
        name=request.params["deployment"],
    )  # fmt: skip


def _from_body(request: Request, workspace: Workspace, body: dict[str, Any]) -> OnlineDeployment:
    properties = fields.mapping(body, "properties")
    _refuse_unsupported(properties)
    given = fields.texts(properties, "properties")
    given.pop("AzureAsyncOperationUri", None)
    script = fields.text(properties, "codeConfiguration.scoringScript")
    count = fields.number(body, "sku.capacity", 1)
    if not 1 <= count <= 50:
        raise BadInput(
            f"The value {count} of sku.capacity must be between 1 and 50.",
            code="ValidationError", where="sku.capacity", hint="Send the number of instances.",
        )  # fmt: skip
    return OnlineDeployment(
        workspace=workspace.key, endpoint=request.params["endpoint"],
        name=request.params["deployment"],
        location=fields.text(body, "location", workspace.location),
        model=fields.text(properties, "model"),
        environment_id=fields.text(properties, "environmentId"),
        code_id=fields.text(properties, "codeConfiguration.codeId"), scoring_script=script,
        env_vars=fields.texts(properties, "environmentVariables"),
        instance_type=fields.text(properties, "instanceType", "Standard_DS3_v2"),
        instance_count=count, liveness=_probe(properties, "livenessProbe"),
        readiness=_probe(properties, "readinessProbe"),
        request_timeout=durations.seconds(
            fields.text(properties, "requestSettings.requestTimeout", "PT5S"),
            "properties.requestSettings.requestTimeout",
        ),
        max_concurrent_requests=fields.number(
            properties, "requestSettings.maxConcurrentRequestsPerInstance", 1
        ),
        scale=fields.mapping(properties, "scaleSettings"),
        description=fields.text(properties, "description"), tags=fields.texts(body, "tags"),
        properties=given, **authorship(request.principal),
    )  # fmt: skip


def _refuse_unsupported(properties: dict[str, Any]) -> None:
    kind = fields.choice(properties, "endpointComputeType", ("Managed", "Kubernetes"), "Managed")
    if kind != "Managed":
        raise NotSupported(
            "deployments on Kubernetes are not supported", code="NotSupported", status=400,
            where="properties.endpointComputeType", hint="Use a managed deployment.",
        )  # fmt: skip


def _probe(properties: dict[str, Any], name: str) -> dict[str, Any]:
    given = fields.mapping(properties, name)
    names = {
        "initialDelay": "initial_delay", "period": "period", "timeout": "timeout",
        "successThreshold": "success_threshold", "failureThreshold": "failure_threshold",
    }  # fmt: skip
    unknown = sorted(set(given) - set(names) - {"path", "method", "port", "scheme"})
    if unknown:
        raise BadInput(
            f"The field {unknown[0]} of properties.{name} is not known.", code="ValidationError",
            where=f"properties.{name}.{unknown[0]}", hint=f"Known: {', '.join(names)}.",
        )  # fmt: skip
    probe: dict[str, Any] = {}
    for wire, field_name in names.items():
        if given.get(wire) is None:
            continue
        if wire.endswith("Threshold"):
            probe[field_name] = fields.number(given, wire)
        else:
            probe[field_name] = durations.seconds(
                fields.text(given, wire), f"properties.{name}.{wire}"
            )
    return probe


def _probe_shape(probe: Probe) -> dict[str, Any]:
    return {
        "initialDelay": durations.text_of(probe.initial_delay),
        "period": durations.text_of(probe.period),
        "timeout": durations.text_of(probe.timeout),
        "successThreshold": probe.success_threshold,
        "failureThreshold": probe.failure_threshold,
    }
