"""Routes of jobs in ARM: submit, look, list, cancel, delete.

Source: https://learn.microsoft.com/rest/api/azureml/jobs
"""

from shipway.base.errors import BadInput
from shipway.loop import ml_job
from shipway.ml import jobs
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, job_shapes, linked_registries


def list_all(store: Store, request: Request) -> Response:
    """The jobs of a workspace that are no children, the newest first."""
    workspace = envelopes.workspace_of(store, request)
    wanted = request.arg("jobType")
    found = jobs.list_top(store, workspace=workspace.key, archived=None)
    if wanted:
        found = [job for job in found if job.job_type.lower() == wanted.lower()]
    tag = request.arg("tag") or request.arg("tags")
    if tag:
        name, has_value, value = tag.partition("=")
        found = [j for j in found if name in j.tags and (not has_value or j.tags[name] == value)]
    if request.arg("scheduled").lower() == "true":
        found = [job for job in found if job.schedule]
    if request.arg("scheduleId"):
        found = [job for job in found if job.schedule == request.arg("scheduleId")]
    shown = envelopes.view(found, request, lambda job: job.is_archived)
    return envelopes.page(request, shown, lambda job: job_shapes.resource(store, workspace, job))


def get(store: Store, request: Request) -> Response:
    """One job."""
    workspace = envelopes.workspace_of(store, request)
    job = jobs.get(store, workspace=workspace.key, name=request.params["name"])
    return json_response(job_shapes.resource(store, workspace, job))


def put(store: Store, request: Request) -> Response:
    """Submit a job, or change tags, properties and names of one."""
    workspace = envelopes.workspace_of(store, request)
    linked_registries.check(store, request)
    body = request.json()
    if "properties" not in body:
        raise BadInput(
            "The properties field is required.", code="ValidationError", where="properties",
            hint="Send the job in 'properties'.",
        )  # fmt: skip
    name = request.params["name"]
    before = jobs.find(store, workspace=workspace.key, name=name)
    job = ml_job.submit(
        store, workspace=workspace.key, name=name,
        definition=fields.mapping(body, "properties"), principal=request.principal,
    )  # fmt: skip
    shaped = job_shapes.resource(store, workspace, job)
    return json_response(shaped, status=201 if before is None else 200)


def cancel(store: Store, request: Request) -> Response:
    """Ask a job to stop."""
    workspace = envelopes.workspace_of(store, request)
    ml_job.cancel(store, workspace=workspace.key, name=request.params["name"])
    return Response(status=200)


def delete(store: Store, request: Request) -> Response:
    """Forget a job that has ended; 204 when there was none."""
    workspace = envelopes.workspace_of(store, request)
    name = request.params["name"]
    if jobs.find(store, workspace=workspace.key, name=name) is None:
        return Response(status=204)
    ml_job.delete(store, workspace=workspace.key, name=name)
    return Response(status=200)
