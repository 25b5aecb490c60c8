"""MLflow's side: experiments and tracking runs with metrics, parameters and tags.

Every job is a tracking run of the same name; its status and times are the job's, and what its
code logs is kept beside. Other runs are those that a client starts. Knows: documents, metric
points, jobs. Must not know: HTTP.
Source: https://mlflow.org/docs/latest/rest-api.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from shipway.azure.entra import tokens
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base import ids
from shipway.base.clock import parse_timestamp
from shipway.base.errors import BadInput, NotFound
from shipway.ml import jobs, workspaces
from shipway.ml.entities import Entity, authorship
from shipway.ml.jobs import MLJob
from shipway.ml.workspaces import Workspace
from shipway.store.growing import MetricPoint
from shipway.store.store import Store

RUN, EXPERIMENT = "tracking_run", "experiment"
DEFAULT_EXPERIMENT = "Default"
RUN_NAME_TAG, PARENT_TAG = "mlflow.runName", "mlflow.parentRunId"
# what a run's own token is good for: tracking, nothing of ARM's
RUN_AUDIENCE = "urn:azureml:run"
_RUN_TOKEN_SECONDS = 24 * 3600
_LOOKED_AT = 1000

# limits as MLflow states them in its REST documentation
_KEY_LIMIT, _PARAM_LIMIT, _TAG_LIMIT, _BATCH_LIMIT = 250, 6000, 8000, 1000

_JOB_STATUS = {
    "NotStarted": "SCHEDULED", "Queued": "SCHEDULED", "Preparing": "SCHEDULED",
    "Provisioning": "SCHEDULED", "Starting": "SCHEDULED", "Running": "RUNNING",
    "Finalizing": "RUNNING", "CancelRequested": "RUNNING", "Completed": "FINISHED",
    "Failed": "FAILED", "Canceled": "KILLED", "NotResponding": "FAILED",
}  # fmt: skip
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment(Entity):
    """A name under which runs are found."""

    workspace: str
    experiment_id: str
    name: str
    is_deleted: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingRun(Entity):
    """A run. Times in Unix milliseconds, 0 for none; `is_job` when a job of its name exists."""

    workspace: str
    run_id: str
    experiment_id: str
    experiment_name: str
    run_name: str = ""
    status: str = "RUNNING"
    start_time: int = 0
    end_time: int = 0
    is_deleted: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: Sequence[Mapping[str, Any]] = ()
    is_job: bool = False

    @property
    def key(self) -> str:
        """Its document key, and its name among metric points."""
        return f"{self.workspace}/{self.run_id}"


# -- experiments ---------------------------------------------------------------------------


def experiment_id_of(workspace: str, name: str) -> str:
    """The id of an experiment: the same for the same name."""
    return ids.guid_from("experiment", workspace, name)


def create_experiment(
    store: Store, *, workspace: str, name: str, principal: Principal = ANONYMOUS
) -> Experiment:
    """Make an experiment; the one that is there when there is one."""
    found = find_experiment_by_name(store, workspace=workspace, name=name)
    if found is not None:
        return found
    experiment = Experiment(
        workspace=workspace, name=name, experiment_id=experiment_id_of(workspace, name),
        **authorship(principal),
    )  # fmt: skip
    return save_experiment(store, experiment)


def save_experiment(store: Store, experiment: Experiment) -> Experiment:
    """Write an experiment."""
    key = f"{experiment.workspace}/{experiment.experiment_id}"
    return Experiment.read(store.documents.put(EXPERIMENT, key, experiment.body()))


def find_experiment_by_name(store: Store, *, workspace: str, name: str) -> Experiment | None:
    """The experiment, also one that only jobs have named; else None."""
    row = store.documents.find(EXPERIMENT, f"{workspace}/{experiment_id_of(workspace, name)}")
    if row is not None:
        return Experiment.read(row)
    return next((e for e in _of_jobs(store, workspace) if e.name == name), None)


def get_experiment(store: Store, *, workspace: str, experiment_id: str) -> Experiment:
    """The experiment of an id. Raises `NotFound`."""
    if experiment_id == "0":  # MLflow's own default; Azure's is called Default
        return create_experiment(store, workspace=workspace, name=DEFAULT_EXPERIMENT)
    row = store.documents.find(EXPERIMENT, f"{workspace}/{experiment_id}")
    if row is not None:
        return Experiment.read(row)
    for experiment in _of_jobs(store, workspace):
        if experiment.experiment_id == experiment_id:
            return experiment
    raise NotFound(
        f"No Experiment with id={experiment_id} exists", code="RESOURCE_DOES_NOT_EXIST",
        where="experiment_id",
    )  # fmt: skip


def list_experiments(store: Store, *, workspace: str) -> list[Experiment]:
    """All experiments, the newest first, those of jobs after them."""
    rows = store.documents.list(EXPERIMENT, prefix=f"{workspace}/", newest_first=True)
    found = {row.body["experiment_id"]: Experiment.read(row) for row in rows}
    for experiment in _of_jobs(store, workspace):
        found.setdefault(experiment.experiment_id, experiment)
    return list(found.values())


def _of_jobs(store: Store, workspace: str) -> list[Experiment]:
    rows = store.documents.list(jobs.TOP, prefix=f"{workspace}/", newest_first=True)
    names = dict.fromkeys([str(row.body["experiment_name"]) for row in rows])
    return [
        Experiment(workspace=workspace, name=name, experiment_id=experiment_id_of(workspace, name))
        for name in [*names, *([] if DEFAULT_EXPERIMENT in names else [DEFAULT_EXPERIMENT])]
    ]


# -- runs ----------------------------------------------------------------------------------


def create_run(
    store: Store,
    *,
    workspace: str,
    experiment_id: str,
    run_name: str = "",
    start_time: int = 0,
    tags: Mapping[str, str] | None = None,
    principal: Principal = ANONYMOUS,
) -> TrackingRun:
    """Begin a run. Raises `NotFound` for an unknown experiment."""
    experiment = get_experiment(store, workspace=workspace, experiment_id=experiment_id)
    given = dict(tags or {})
    name = run_name or given.get(RUN_NAME_TAG) or ids.new_job_name()
    run = TrackingRun(
        workspace=workspace, run_id=ids.new_guid(), experiment_id=experiment.experiment_id,
        experiment_name=experiment.name, run_name=name,
        start_time=start_time or _milliseconds(store.clock.now()),
        tags={**given, RUN_NAME_TAG: name}, **authorship(principal),
    )  # fmt: skip
    return save_run(store, run)


def save_run(store: Store, run: TrackingRun) -> TrackingRun:
    """Write a run's own document."""
    return TrackingRun.read(store.documents.put(RUN, run.key, run.body()))


def find_run(store: Store, *, workspace: str, run_id: str) -> TrackingRun | None:
    """The run; of a job with the job's status and times. None when there is none."""
    row = store.documents.find(RUN, f"{workspace}/{run_id}")
    own = TrackingRun.read(row) if row else None
    if own is not None and not own.is_job:
        return own
    job = jobs.find(store, workspace=workspace, name=run_id)
    return own if job is None else _of_job(job, own)


def get_run(store: Store, *, workspace: str, run_id: str) -> TrackingRun:
    """The run. Raises `NotFound` in MLflow's words."""
    run = find_run(store, workspace=workspace, run_id=run_id)
    if run is None:
        raise NotFound(
            f"Run '{run_id}' not found", code="RESOURCE_DOES_NOT_EXIST", where="run_id",
            hint="Jobs are runs of the same name.",
        )  # fmt: skip
    return run


def update_run(
    store: Store,
    *,
    workspace: str,
    run_id: str,
    status: str = "",
    end_time: int = 0,
    run_name: str = "",
) -> TrackingRun:
    """Change status, end and name. A job's status is the job's: there it is left alone."""
    with store.database.transaction():
        run = get_run(store, workspace=workspace, run_id=run_id)
        if run_name:
            run = replace(run, run_name=run_name, tags={**run.tags, RUN_NAME_TAG: run_name})
        if not run.is_job:
            run = replace(run, status=status or run.status, end_time=end_time or run.end_time)
        return save_run(store, run)


def set_deleted(store: Store, *, workspace: str, run_id: str, is_deleted: bool) -> None:
    """Hide a run or show it again. Raises `NotFound`."""
    with store.database.transaction():
        run = get_run(store, workspace=workspace, run_id=run_id)
        save_run(store, replace(run, is_deleted=is_deleted))


def log(
    store: Store,
    *,
    workspace: str,
    run_id: str,
    metrics: Sequence[MetricPoint] = (),
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Add metrics, parameters and tags at once, all or nothing.

    Raises `NotFound`, and `BadInput` past MLflow's limits or when a parameter would change.
    """
    _check(metrics, params or {}, tags or {})
    with store.database.transaction():
        run = get_run(store, workspace=workspace, run_id=run_id)
        if metrics:
            store.growing.add_metrics(run.key, metrics)
        if params or tags:
            for name, value in (params or {}).items():
                if run.params.get(name, value) != value:
                    raise BadInput(
                        f"Changing param values is not allowed. Param with key='{name}' was already"
                        f" logged with value='{run.params[name]}' for run ID='{run_id}'",
                        code="INVALID_PARAMETER_VALUE", where=name,
                    )  # fmt: skip
            new = replace(
                run, params={**run.params, **(params or {})}, tags={**run.tags, **(tags or {})},
                run_name=(tags or {}).get(RUN_NAME_TAG, run.run_name),
            )  # fmt: skip
            save_run(store, new)


def delete_tag(store: Store, *, workspace: str, run_id: str, name: str) -> None:
    """Remove a tag. Raises `NotFound` for the run or the tag."""
    with store.database.transaction():
        run = get_run(store, workspace=workspace, run_id=run_id)
        if name not in run.tags:
            raise NotFound(
                f"No tag with name: {name} in run with id {run_id}",
                code="RESOURCE_DOES_NOT_EXIST", where=name,
            )  # fmt: skip
        save_run(store, replace(run, tags={n: v for n, v in run.tags.items() if n != name}))


def add_inputs(
    store: Store, *, workspace: str, run_id: str, inputs: Sequence[Mapping[str, Any]]
) -> None:
    """Note which data sets a run has read. Raises `NotFound`."""
    with store.database.transaction():
        run = get_run(store, workspace=workspace, run_id=run_id)
        save_run(store, replace(run, inputs=[*run.inputs, *inputs]))


def latest_metrics(store: Store, run: TrackingRun) -> Sequence[MetricPoint]:
    """The last value of each metric."""
    return store.growing.latest_metrics(run.key)


def metric_history(store: Store, run: TrackingRun, name: str) -> Sequence[MetricPoint]:
    """Every value of a metric as it came."""
    return store.growing.metrics(run.key, name)


def list_runs(
    store: Store, *, workspace: str, experiment_ids: Sequence[str] = ()
) -> list[TrackingRun]:
    """The runs of experiments (none given: all), the newest start first; jobs among them."""
    wanted = set(experiment_ids)
    rows = store.documents.list(RUN, prefix=f"{workspace}/", newest_first=True, limit=_LOOKED_AT)
    own = {row.body["run_id"]: TrackingRun.read(row) for row in rows}
    found: dict[str, TrackingRun] = {}
    for kind in (jobs.TOP, jobs.CHILD):
        for row in store.documents.list(
            kind, prefix=f"{workspace}/", newest_first=True, limit=_LOOKED_AT
        ):
            job = MLJob.read(row)
            found[job.name] = _of_job(job, own.get(job.name))
    found = {**{n: run for n, run in own.items() if not run.is_job}, **found}
    chosen = [run for run in found.values() if not wanted or run.experiment_id in wanted]
    return sorted(chosen, key=lambda run: run.start_time, reverse=True)


def artifact_uri(workspace: Workspace, run: TrackingRun) -> str:
    """Where a run's artifacts are, as azureml-mlflow reads it."""
    experiment = quote(run.experiment_name, safe="")
    return (
        f"azureml://{workspace.location}.api.azureml.ms/mlflow/v2.0{workspace.resource_id}"
        f"/experiments/{experiment}/runs/{run.run_id}/artifacts"
    )


def run_token(store: Store, *, workspace: str) -> tuple[str, datetime]:
    """A token for tracking from within a run, and when it expires.

    It acts as the workspace, on its tracking and registry routes only. Raises `NotFound`.
    """
    found = workspaces.get(store, workspace)
    principal = workspaces.identity_of(store, found)
    token = tokens.issue(store, principal, audience=RUN_AUDIENCE, seconds=_RUN_TOKEN_SECONDS)
    return token, store.clock.now() + timedelta(seconds=_RUN_TOKEN_SECONDS)


def _of_job(job: MLJob, own: TrackingRun | None) -> TrackingRun:
    name = job.display_name or job.name
    tags = {RUN_NAME_TAG: name, **job.tags}
    if job.parent:
        tags[PARENT_TAG] = job.parent
    started = job.started_at or (job.created_at.isoformat() if job.created_at else "")
    return TrackingRun(
        workspace=job.workspace, run_id=job.name, experiment_name=job.experiment_name,
        experiment_id=experiment_id_of(job.workspace, job.experiment_name),
        run_name=own.run_name if own and own.run_name else name,
        status=_JOB_STATUS.get(job.status, "RUNNING"),
        start_time=_milliseconds(parse_timestamp(started)) if started else 0,
        end_time=_milliseconds(parse_timestamp(job.ended_at)) if job.ended_at else 0,
        is_deleted=own.is_deleted if own else False, params=own.params if own else {},
        tags={**tags, **(own.tags if own else {})}, inputs=own.inputs if own else (),
        is_job=True, author=job.author, author_type=job.author_type, author_id=job.author_id,
    )  # fmt: skip


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _check(
    metrics: Sequence[MetricPoint], params: Mapping[str, str], tags: Mapping[str, str]
) -> None:
    if len(metrics) > _BATCH_LIMIT:
        raise BadInput(
            f"A batch logging request can contain at most {_BATCH_LIMIT} metrics. Got"
            f" {len(metrics)} metrics", code="INVALID_PARAMETER_VALUE", where="metrics",
            hint="Split the request.",
        )  # fmt: skip
    for what, names in (("Metric", [m.key for m in metrics]), ("Param", params), ("Tag", tags)):
        for name in names:
            if not name or len(name) > _KEY_LIMIT:
                raise BadInput(
                    f"{what} name '{name[:40]}' must have 1 to {_KEY_LIMIT} characters",
                    code="INVALID_PARAMETER_VALUE", where=name[:40],
                )  # fmt: skip
    for what, values, limit in (("Param", params, _PARAM_LIMIT), ("Tag", tags, _TAG_LIMIT)):
        for name, value in values.items():
            if len(value) > limit:
                raise BadInput(
                    f"{what} value for '{name}' exceeded length limit of {limit} characters",
                    code="INVALID_PARAMETER_VALUE", where=name,
                )  # fmt: skip
