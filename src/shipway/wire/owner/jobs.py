"""ML jobs for the command line and the studio: what Azure's protocols say in many calls, or not."""

from typing import Any

from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, NotFound
from shipway.compute import job_logs, outputs
from shipway.loop import ml_job
from shipway.ml import job_nodes, job_reuse, jobs, workspaces
from shipway.ml.jobs import MLJob
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response

_LIMIT = 50


def list_all(store: Store, request: Request) -> Response:
    """`GET /api/v1/jobs?workspace=&limit=`: of all workspaces, the newest first."""
    given = request.arg("limit", str(_LIMIT))
    limit = int(given) if given.isdecimal() else _LIMIT
    found = [
        job
        for key in _workspaces(store, request.arg("workspace"))
        for job in jobs.list_top(store, workspace=key, limit=limit, archived=None)
    ]
    found.sort(key=lambda job: str(job.created_at), reverse=True)
    return json_response({"value": [shape(job) for job in found[:limit]]})


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/jobs/{name}`: a job with its children and what each takes from which."""
    job = find_asked(store, request)
    nodes = {
        node.child: node
        for node in job_nodes.list_nodes(store, workspace=job.workspace, job=job.name)
    }
    children = []
    for child in jobs.children(store, workspace=job.workspace, name=job.name):
        after = {i.source_node for i in nodes[child.name].plan.inputs if i.source_node}
        children.append({**shape(child), "after": sorted(after)})
    written = jobs.outputs(store, workspace=job.workspace, name=job.name)
    body = shape(job) | {
        "children": children,
        "outputs": {name: output.uri for name, output in written.items()},
    }
    return json_response(body)


def why(store: Store, request: Request) -> Response:
    """`GET /api/v1/jobs/{name}/why`: for each child why it was reused or ran."""
    job = find_asked(store, request)
    explained = job_reuse.why(store, job.workspace, job.name)
    return json_response(
        {
            "job": job.name,
            "value": [
                {
                    "node": e.node, "child": e.child, "verdict": e.verdict, "reason": e.reason,
                    "comparedWith": e.compared_with or None, "changes": list(e.changes),
                }
                for e in explained
            ],
        }
    )  # fmt: skip


def log(store: Store, request: Request) -> Response:
    """`GET /api/v1/jobs/{name}/log?path=`: a log's text so far; the command's own by default."""
    job = find_asked(store, request)
    known = job_logs.publish(store, job)
    default = job_logs.EXECUTION_LOG if job.job_type == "Pipeline" else outputs.STD_LOG
    path = request.arg("path") or default
    if path not in known:
        if not request.arg("path"):
            return _text(b"")
        raise NotFound(
            f"The job {job.name} has no log '{path}'", where=path,
            hint=f"It has: {', '.join(sorted(known)) or 'none yet'}.",
        )  # fmt: skip
    return _text(store.files.read(known[path].digest))


def cancel(store: Store, request: Request) -> Response:
    """`POST /api/v1/jobs/{name}/cancel`."""
    job = find_asked(store, request)
    return json_response(
        shape(ml_job.cancel(store, workspace=job.workspace, name=job.name)), status=202
    )


def list_workspaces(store: Store, request: Request) -> Response:
    """`GET /api/v1/workspaces`: where jobs can go."""
    del request
    keys = [document.key.split("/", 2) for document in store.documents.list(workspaces.KIND)]
    return json_response(
        {"value": [{"name": name, "resourceGroup": group} for _, group, name in keys]}
    )


def shape(job: MLJob) -> dict[str, Any]:
    """A job in a few plain fields."""
    _, group, workspace = job.workspace.split("/", 2)
    return {
        "name": job.name, "workspace": workspace, "resourceGroup": group, "type": job.job_type,
        "status": job.status, "displayName": job.display_name,
        "experiment": job.experiment_name, "compute": job.compute, "node": job.node or None,
        "parent": job.parent or None, "reused": job.is_reused,
        "reusedJob": job.properties.get("azureml.reusedrunid"),
        "createdAt": timestamp(job.created_at) if job.created_at else None,
        "startedAt": job.started_at or None, "endedAt": job.ended_at or None,
        "error": dict(job.error) or None, "tags": dict(job.tags), "schedule": job.schedule or None,
    }  # fmt: skip


def find_asked(store: Store, request: Request) -> MLJob:
    """The job that the path names, in the workspace that the query names, if any."""
    name = request.params["name"]
    found = [
        job
        for key in _workspaces(store, request.arg("workspace"))
        for job in [jobs.find(store, workspace=key, name=name)]
        if job is not None
    ]
    if not found:
        raise NotFound(
            f"There is no job '{name}'", where=name, hint="`shipway jobs list` shows all."
        )
    if len(found) > 1:
        raise BadInput(
            f"Several workspaces have a job '{name}'", where=name,
            hint="Say which: ?workspace=<name>.",
        )  # fmt: skip
    return found[0]


def _workspaces(store: Store, name: str) -> list[str]:
    keys = [document.key for document in store.documents.list(workspaces.KIND)]
    wanted = name.lower()
    found = [key for key in keys if not wanted or key.rpartition("/")[2] == wanted]
    if wanted and not found:
        raise NotFound(f"There is no workspace '{name}'", where=name)
    return found


def _text(content: bytes) -> Response:
    return Response(headers=(("Content-Type", "text/plain; charset=utf-8"),), body=content)
