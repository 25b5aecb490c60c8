"""Jobs: command jobs, pipeline jobs and the children of these.

A job is three documents: what a client listing jobs wants to know (`job`, a child is a
`child_job`), the definition as it was sent (`job_definition`) and, for each output that is
written, where it lies (`job_output`). Knows: documents. Must not know: HTTP, processes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from shipway.base.clock import timestamp
from shipway.base.errors import NotFound
from shipway.ml import job_states
from shipway.ml.datastores import BlobPlace
from shipway.ml.entities import Entity
from shipway.store.store import Store

TOP, CHILD = "job", "child_job"
DEFINITION, NODE, OUTPUT, ACTIVITY = "job_definition", "job_node", "job_output", "job_activity"

JobType = Literal["Command", "Pipeline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MLJob(Entity):
    """A job. `parent` and `node` are set for a child; `error` is {code, message} of a failed one.

    `started_at` and `ended_at` are Azure's timestamps, empty before.
    """

    workspace: str
    name: str
    job_type: str
    status: str = "NotStarted"
    display_name: str = ""
    experiment_name: str = "Default"
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    compute: str = ""
    parent: str = ""
    root: str = ""
    node: str = ""
    component_id: str = ""
    component_name: str = ""
    started_at: str = ""
    ended_at: str = ""
    error: Mapping[str, str] = field(default_factory=dict)
    is_archived: bool = False
    schedule: str = ""

    @property
    def key(self) -> str:
        """Its document key."""
        return f"{self.workspace}/{self.name}"

    @property
    def kind(self) -> str:
        """The kind of its document."""
        return CHILD if self.parent else TOP

    @property
    def subject(self) -> str:
        """Its name in the journal and in lineage."""
        return f"job/{self.workspace}/{self.name}"

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return job_states.is_terminal(self.status)

    @property
    def is_reused(self) -> bool:
        """Whether an earlier job's outputs stand for its own."""
        return self.properties.get("azureml.isreused") == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutput:
    """A written output: where it lies, its type and the digest of its content."""

    name: str
    type: str
    place: BlobPlace
    uri: str
    digest: str = ""
    asset_id: str = ""


def find(store: Store, *, workspace: str, name: str) -> MLJob | None:
    """The job or child job with its present status, or None."""
    job = _find_stored(store, workspace=workspace, name=name)
    return _with_activity(store, job) if job else None


def get_stored(store: Store, *, workspace: str, name: str) -> MLJob:
    """The job as its document has it, for those who change it. Raises `NotFound`."""
    job = _find_stored(store, workspace=workspace, name=name)
    return job or get(store, workspace=workspace, name=name)


def _find_stored(store: Store, *, workspace: str, name: str) -> MLJob | None:
    key = f"{workspace}/{name}"
    document = store.documents.find(CHILD, key) or store.documents.find(TOP, key)
    return MLJob.read(document) if document else None


def get(store: Store, *, workspace: str, name: str) -> MLJob:
    """The job. Raises `NotFound` in Azure's words."""
    job = find(store, workspace=workspace, name=name)
    if job is None:
        raise NotFound(
            f"Run with id {name} was not found in workspace {workspace.rpartition('/')[2]}.",
            code="UserError", where=name, hint="`shipway jobs list` shows those that exist.",
        )  # fmt: skip
    return job


def list_top(
    store: Store, *, workspace: str, limit: int | None = None, archived: bool | None = False
) -> list[MLJob]:
    """Jobs that are no children, the newest first; `archived` None: both."""
    wanted = None if archived is None else limit
    rows = store.documents.list(
        TOP, prefix=f"{workspace}/", newest_first=True, limit=limit if archived is None else None
    )
    found = [
        _with_activity(store, MLJob.read(row))
        for row in rows
        if archived is None or bool(row.body.get("is_archived")) == archived
    ]
    return found[:wanted]


def children(store: Store, *, workspace: str, name: str) -> list[MLJob]:
    """The children of a pipeline job in the order of its definition."""
    nodes = store.documents.list(NODE, prefix=f"{workspace}/{name}/")
    nodes.sort(key=lambda node: int(node.body["position"]))
    found = (find(store, workspace=workspace, name=str(node.body["child"])) for node in nodes)
    return [child for child in found if child is not None]


def child_at(store: Store, *, workspace: str, name: str, node: str) -> MLJob | None:
    """The child of a pipeline job at a node path, or None."""
    row = store.documents.find(NODE, f"{workspace}/{name}/{node}")
    return find(store, workspace=workspace, name=str(row.body["child"])) if row else None


def save(store: Store, job: MLJob) -> MLJob:
    """Write a job's own document."""
    return MLJob.read(store.documents.put(job.kind, job.key, job.body()))


def step(store: Store, job: MLJob, verb: str, **changes: Any) -> MLJob:  # noqa: ANN401  # MLJob's fields
    """Move a job along its state table and write it. Raises `InvalidTransition`."""
    status = job_states.JOB.step(job.status, verb, subject=job.name)
    now = timestamp(store.clock.now())
    if status in ("Running", "Preparing") and not job.started_at:
        changes.setdefault("started_at", now)
    if job_states.is_terminal(status):
        changes.setdefault("ended_at", now)
    return save(store, replace(job, status=status, **changes))


def remove(store: Store, job: MLJob) -> None:
    """Forget a job: its documents, its nodes, what it noted about its outputs (not the blobs)."""
    store.documents.delete(job.kind, job.key)
    for kind in (DEFINITION, ACTIVITY, "job_plan", "job_pipeline"):
        store.documents.delete(kind, job.key)
    for kind in (NODE, OUTPUT):
        for row in store.documents.list(kind, prefix=f"{job.key}/"):
            store.documents.delete(kind, row.key)


def definition(store: Store, *, workspace: str, name: str) -> Mapping[str, Any]:
    """The ARM properties as they were sent; empty for a child."""
    document = store.documents.find(DEFINITION, f"{workspace}/{name}")
    return document.body if document else {}


def outputs(store: Store, *, workspace: str, name: str) -> dict[str, JobOutput]:
    """The outputs that a job has written, by name."""
    rows = store.documents.list(OUTPUT, prefix=f"{workspace}/{name}/")
    return {row.key.rpartition("/")[2]: _output(row.key, row.body) for row in rows}


def find_output(store: Store, *, workspace: str, name: str, output: str) -> JobOutput | None:
    """One output, or None while it is not written."""
    row = store.documents.find(OUTPUT, f"{workspace}/{name}/{output}")
    return _output(row.key, row.body) if row else None


def put_output(store: Store, *, workspace: str, name: str, output: JobOutput) -> None:
    """Note where an output lies; in the transaction that writes its blobs."""
    place = output.place
    body = {
        "type": output.type, "uri": output.uri, "digest": output.digest,
        "asset_id": output.asset_id,
        "place": [place.account, place.container, place.path],
    }  # fmt: skip
    store.documents.put(OUTPUT, f"{workspace}/{name}/{output.name}", body)


def note_activity(store: Store, *, workspace: str, name: str, status: str) -> None:
    """A compute's word on what a queued job does just now: Preparing, Running or Finalizing."""
    key = f"{workspace}/{name}"
    before = store.documents.find(ACTIVITY, key)
    now = timestamp(store.clock.now())
    started = before.body["started_at"] if before else now
    store.documents.put(ACTIVITY, key, {"status": status, "started_at": started})


def clear_activity(store: Store, *, workspace: str, name: str) -> None:
    """The job has ended; its own document says so."""
    store.documents.delete(ACTIVITY, f"{workspace}/{name}")


def _with_activity(store: Store, job: MLJob) -> MLJob:
    if job.status not in ("Queued", "Starting"):
        return job
    activity = store.documents.find(ACTIVITY, job.key)
    if activity is None:
        return job
    return replace(job, status=activity.body["status"], started_at=activity.body["started_at"])


def _output(key: str, body: Mapping[str, Any]) -> JobOutput:
    account, container, path = body["place"]
    return JobOutput(
        name=key.rpartition("/")[2], type=body["type"], uri=body["uri"], digest=body["digest"],
        asset_id=body["asset_id"],
        place=BlobPlace(account=account, container=container, path=path),
    )  # fmt: skip
