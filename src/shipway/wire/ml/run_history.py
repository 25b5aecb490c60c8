"""Run history, the data plane's view of jobs: details with logs, children, outputs, edits.

Source: azure-ai-ml `_restclient/runhistory`, `_restclient/dataset_dataplane`.
"""

import re
from typing import Any

from shipway.azure.blob import signatures
from shipway.base.errors import BadInput, NotFound
from shipway.compute import job_logs
from shipway.loop import ml_job
from shipway.ml import data_versions, jobs, model_versions, workspaces
from shipway.ml.jobs import JobOutput, MLJob
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, job_shapes

_LOG_SECONDS = 24 * 3600
_OUTPUT_ASSET = re.compile(r"/(data|models)/azureml_(.+)_output_([A-Za-z0-9_]+)/versions/1$")
_ASSET = re.compile(r"/(data|models)/([^/]+)/versions/([^/]+)$")
_CHANGEABLE = ("displayName", "description", "tags", "properties", "hidden", "name")


def get(store: Store, request: Request) -> Response:
    """One run."""
    workspace, job = _job_of(store, request)
    return json_response(job_shapes.run(store, workspace, job))


def details(store: Store, request: Request) -> Response:
    """A run with the addresses of its logs, each readable for a day without a token."""
    workspace, job = _job_of(store, request)
    log_files = {}
    for path, blob in job_logs.publish(store, job).items():
        sas = signatures.issue_blob_sas(
            store, account=blob.account, container=blob.container, name=blob.name,
            seconds=_LOG_SECONDS,
        )  # fmt: skip
        address = f"https://{blob.account}.blob.core.windows.net/{blob.container}/{blob.name}"
        log_files[path] = f"{address}?{sas}"
    return json_response(job_shapes.details(store, workspace, job, log_files))


def children(store: Store, request: Request) -> Response:
    """The children of a run; a reused one is marked in its properties."""
    workspace, job = _job_of(store, request)
    found = jobs.children(store, workspace=workspace.key, name=job.name)
    start, top = _number(request, "$skip", 0), _number(request, "$top", 1000)
    shown = found[start : start + top]
    body: dict[str, Any] = {"value": [job_shapes.run(store, workspace, child) for child in shown]}
    return json_response(body)


def run_data(store: Store, request: Request) -> Response:
    """What `jobs.download` asks: the run with its outputs."""
    workspace = envelopes.workspace_of(store, request)
    name = fields.required_text(request.json(), "runId")
    job = jobs.get(store, workspace=workspace.key, name=name)
    sent = jobs.definition(store, workspace=workspace.key, name=job.name)
    return json_response(
        {
            "runMetadata": job_shapes.run(store, workspace, job),
            "runDefinition": None,
            "jobSpecification": dict(sent) or None,
            "systemSettings": None,
        }
    )


def change(store: Store, request: Request) -> Response:
    """Tags, names and archiving, as the SDK and the studio of Azure edit a job."""
    workspace, job = _job_of(store, request)
    body = request.json()
    for name in body:
        if name not in _CHANGEABLE and body[name] not in (None, {}, [], job.name):
            raise BadInput(
                f"The field {name} of a run cannot be changed.", code="ValidationError",
                where=name, hint=f"Changeable: {', '.join(_CHANGEABLE)}.",
            )  # fmt: skip
    changes: dict[str, Any] = {}
    if body.get("displayName") is not None:
        changes["display_name"] = fields.text(body, "displayName")
    if body.get("description") is not None:
        changes["description"] = fields.text(body, "description")
    if body.get("tags") is not None:
        changes["tags"] = {**job.tags, **fields.texts(body, "tags")}
    if body.get("properties") is not None:
        changes["properties"] = {**job.properties, **fields.texts(body, "properties")}
    if body.get("hidden") is not None:
        changes["is_archived"] = fields.flag(body, "hidden")
    changed = ml_job.update(store, job, changes) if changes else job
    return json_response(job_shapes.run(store, workspace, changed))


def service_instances(store: Store, request: Request) -> Response:
    """Interactive services of a node: a job here has none."""
    _job_of(store, request)
    return json_response({"instances": {}})


def resolve_data(store: Store, request: Request) -> Response:
    """Asset ids of outputs and data assets to where they lie."""
    return _resolve(store, request, "data", "uri")


def resolve_models(store: Store, request: Request) -> Response:
    """Asset ids of model outputs and models to where they lie."""
    return _resolve(store, request, "models", "path")


def _resolve(store: Store, request: Request, noun: str, field: str) -> Response:
    workspace = envelopes.workspace_of(store, request)
    wanted = fields.items(request.json(), "values")
    found = {}
    for asset in wanted:
        uri, kind = _uri_of(store, workspace, str(asset), noun)
        found[str(asset)] = {field: job_shapes.long_uri(workspace, uri), "type": kind}
    return json_response({"values": found})


def _uri_of(store: Store, workspace: Workspace, asset: str, noun: str) -> tuple[str, str]:
    output = _OUTPUT_ASSET.search(asset)
    if output and output[1] == noun:
        written = _output_of(store, workspace, output[2], output[3])
        if written is not None:
            return written.uri, written.type
    named = _ASSET.search(asset)
    if named and named[1] == noun == "data":
        data = data_versions.get(store, workspace=workspace.key, name=named[2], version=named[3])
        return data.data_uri, data.data_type
    if named and named[1] == noun == "models":
        model = model_versions.get(store, workspace=workspace.key, name=named[2], version=named[3])
        return model.model_uri, model.model_type
    raise NotFound(
        f"The asset '{asset}' was not found.", code="UserError", where=asset,
        hint="Asset ids are those that a run's outputs name.",
    )  # fmt: skip


def _output_of(store: Store, workspace: Workspace, job: str, name: str) -> JobOutput | None:
    return jobs.find_output(store, workspace=workspace.key, name=job, output=name)


def _job_of(store: Store, request: Request) -> tuple[Workspace, MLJob]:
    workspace = workspaces.get(store, envelopes.key_of(request))
    return workspace, jobs.get(store, workspace=workspace.key, name=request.params["name"])


def _number(request: Request, name: str, default: int) -> int:
    given = request.arg(name)
    if given and not given.isdecimal():
        raise BadInput(
            f"The value '{given}' of {name} must be a number.", code="ValidationError", where=name
        )
    return int(given) if given else default
