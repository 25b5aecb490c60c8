"""Jobs on the wire: the ARM resource, and the run of run history that stands for the same job."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shipway.base import front_door
from shipway.base.clock import parse_timestamp, timestamp
from shipway.ml import jobs, tracking
from shipway.ml.job_specs import MODEL_TYPES
from shipway.ml.jobs import JobOutput, MLJob
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.ml import envelopes

_MODEL_WORDS = {
    "mlflow_model": "MLFlowModel", "custom_model": "CustomModel", "triton_model": "TritonModel",
}  # fmt: skip
_ECHOED_COMMAND = (
    "command", "codeId", "environmentId", "environmentVariables", "inputs", "resources",
    "distribution", "limits", "identity", "queueSettings", "componentId", "notificationSetting",
)  # fmt: skip
_ECHOED_PIPELINE = ("jobs", "inputs", "identity", "componentId", "sourceJobId")


def resource(store: Store, workspace: Workspace, job: MLJob) -> dict[str, Any]:
    """The ARM resource. A pipeline's child has no properties there, as on Azure."""
    shaped = envelopes.resource(workspace, f"jobs/{job.name}", job, {})
    if job.parent:
        return {**shaped, "properties": None}
    sent = jobs.definition(store, workspace=job.workspace, name=job.name)
    properties: dict[str, Any] = {
        "description": job.description or None,
        "tags": dict(job.tags),
        "properties": dict(job.properties),
        "displayName": job.display_name,
        "status": job.status,
        "experimentName": job.experiment_name,
        "services": services(store, workspace, job),
        "computeId": _compute_id(workspace, job),
        "isArchived": job.is_archived,
        "identity": None,
        "jobType": job.job_type,
    }
    echoed = _ECHOED_PIPELINE if job.job_type == "Pipeline" else _ECHOED_COMMAND
    properties |= {name: sent[name] for name in echoed if sent.get(name) is not None}
    properties["outputs"] = _outputs(store, job, sent)
    if job.job_type == "Pipeline":
        source = (sent.get("settings") or {}).get("_source")
        properties["settings"] = {"_source": source} if source else {}
        properties["settings"] |= {
            name: value for name, value in (sent.get("settings") or {}).items() if name != "_source"
        }
        properties["inputs"] = sent.get("inputs") or None
    return {**shaped, "properties": properties}


def services(store: Store, workspace: Workspace, job: MLJob) -> dict[str, Any]:
    """Where to look at the job: the tracking address and our own studio."""
    server = front_door.find_state(store.home)
    studio = server.studio_url if server else "http://127.0.0.1"
    api = f"{workspace.location}.api.azureml.ms"
    return {
        "Tracking": {
            "jobServiceType": "Tracking", "status": None, "port": None,
            "endpoint": f"azureml://{api}/mlflow/v1.0{workspace.resource_id}?",
        },
        "Studio": {
            "jobServiceType": "Studio", "status": None, "port": None,
            # clients append `&tid=<tenant>`, which needs a query to stand in
            "endpoint": f"{studio}/jobs/{workspace.name}/{job.name}?wsid={workspace.resource_id}",
        },
    }  # fmt: skip


def run(store: Store, workspace: Workspace, job: MLJob) -> dict[str, Any]:
    """The run of run history."""
    kind = "azureml.StepRun" if job.parent else (
        "azureml.PipelineRun" if job.job_type == "Pipeline" else "azureml.scriptrun"
    )  # fmt: skip
    identity = {"userObjectId": job.author_id or None, "userName": job.author or "shipway"}
    created, modified = _moment(job.created_at), _moment(job.updated_at)
    return {
        "runNumber": 0,
        "rootRunId": job.root or job.name,
        "createdUtc": created,
        "createdBy": identity,
        "userId": job.author_id or None,
        "error": _error(job),
        "warnings": None,
        "revision": 1,
        "runUuid": job.name,
        "parentRunUuid": job.parent or None,
        "rootRunUuid": job.root or job.name,
        "lastModifiedBy": identity,
        "lastModifiedUtc": modified,
        "duration": _duration(job),
        "runId": job.name,
        "parentRunId": job.parent or None,
        "experimentId": tracking.experiment_id_of(workspace.key, job.experiment_name),
        "status": job.status,
        "startTimeUtc": job.started_at or None,
        "endTimeUtc": job.ended_at or None,
        "displayName": job.display_name,
        "name": job.component_name or None,
        "dataContainerId": f"dcid.{job.name}",
        "description": job.description or None,
        "hidden": job.is_archived,
        "runType": kind,
        "runTypeV2": {"orchestrator": "Execution", "traits": [kind.rpartition(".")[2]]},
        "properties": dict(job.properties),
        "parameters": {},
        "actionUris": {},
        "scriptName": None,
        "target": job.compute or None,
        "uniqueChildRunComputeTargets": [],
        "tags": dict(job.tags),
        "settings": {},
        "services": {},
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": None,
        "jobSpecification": None,
        "compute": {"target": job.compute, "targetType": "amlcompute"} if job.compute else None,
        "inputs": {},
        "outputs": outputs(store, workspace, job),
    }


def details(
    store: Store, workspace: Workspace, job: MLJob, log_files: Mapping[str, str]
) -> dict[str, Any]:
    """A run's details with the addresses of its logs."""
    shaped = run(store, workspace, job)
    shaped["createdTimeUtc"] = shaped.pop("createdUtc")
    warnings = [
        {"source": "shipway", "message": f"{name}: {value}"}
        for name, value in job.tags.items()
        if name.startswith("shipway.")
    ]
    return {**shaped, "logFiles": dict(log_files), "warnings": warnings}


def outputs(store: Store, workspace: Workspace, job: MLJob) -> dict[str, Any]:
    """The outputs as references to the assets that run history makes of them."""
    found = jobs.outputs(store, workspace=job.workspace, name=job.name)
    return {
        name: {
            "assetId": asset_id(workspace, job, output),
            "type": _MODEL_WORDS.get(output.type, output.type),
        }
        for name, output in found.items()
    }


def asset_id(workspace: Workspace, job: MLJob, output: JobOutput) -> str:
    """The id of the asset behind an output, named as the service names it."""
    noun = "models" if output.type in MODEL_TYPES else "data"
    return (
        f"azureml://locations/{workspace.location}/workspaces/{workspace.workspace_id}/{noun}"
        f"/azureml_{job.name}_output_{output.name}/versions/1"
    )


def long_uri(workspace: Workspace, uri: str) -> str:
    """`azureml://datastores/...` with subscription, group and workspace before it."""
    prefix = "azureml://datastores/"
    if not uri.startswith(prefix):
        return uri
    return (
        f"azureml://subscriptions/{workspace.subscription}/resourcegroups"
        f"/{workspace.resource_group}/workspaces/{workspace.name}/datastores/"
        + uri.removeprefix(prefix)
    )


def _outputs(store: Store, job: MLJob, sent: Mapping[str, Any]) -> dict[str, Any]:
    written = jobs.outputs(store, workspace=job.workspace, name=job.name)
    found = {}
    for name, value in (sent.get("outputs") or {}).items():
        shaped = dict(value) if isinstance(value, dict) else {"jobOutputType": "uri_folder"}
        if name in written and not shaped.get("uri"):
            shaped["uri"] = written[name].uri
        found[name] = shaped
    return found


def _compute_id(workspace: Workspace, job: MLJob) -> str | None:
    if not job.compute or job.compute == "serverless":
        return None
    return f"{workspace.resource_id}/computes/{job.compute}"


def _error(job: MLJob) -> dict[str, Any] | None:
    if not job.error or job.status != "Failed":
        return None
    return {
        "error": {
            "code": job.error.get("code", "UserError"),
            "severity": None,
            "message": job.error.get("message", ""),
            "messageFormat": None,
            "messageParameters": {},
            "referenceCode": None,
            "detailsUri": None,
            "target": None,
            "details": [],
            "innerError": None,
            "debugInfo": None,
        },
        "correlation": {},
        "environment": None,
        "location": None,
        "time": job.ended_at or None,
        "componentName": None,
    }


def _duration(job: MLJob) -> str | None:
    if not (job.started_at and job.ended_at):
        return None
    spent = parse_timestamp(job.ended_at) - parse_timestamp(job.started_at)
    seconds = max(spent.total_seconds(), 0.0)
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:010.7f}"


def _moment(value: datetime | None) -> str | None:
    return timestamp(value) if value else None
