"""Reads the whole chain back: commit, run, ML job, model version, approval, deployment.

The one file that may import both worlds: it reads what they wrote and joins it by what the stack
hands from one to the other (the run's number and commit as inputs of the job and tags of the
model version, the approval's id as a tag, the deployment's reference to its model version).
Nothing is written here.
"""

from dataclasses import dataclass

from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, NotFound
from shipway.devops import approvals, runs
from shipway.devops.approval_entities import Approval
from shipway.devops.runs import Run
from shipway.loop import lineage_delivery, lineage_training
from shipway.loop.lineage_station import Station, StationKind
from shipway.ml import jobs, model_versions, online_deployments, online_endpoints
from shipway.ml.jobs import MLJob
from shipway.ml.model_versions import ModelVersion
from shipway.ml.online_deployments import OnlineDeployment
from shipway.store.store import Store

PUSHED: tuple[StationKind, ...] = (
    "commit", "run", "ml_job", "model_version", "approval", "deployment",
)  # fmt: skip
# the run of a version that a schedule trained is the one that releases it
SCHEDULED: tuple[StationKind, ...] = (
    "commit", "schedule", "ml_job", "model_version", "run", "approval", "deployment",
)  # fmt: skip
# what was approved elsewhere comes as a copy, and is approved again where it is released
PROMOTED: tuple[StationKind, ...] = (
    "commit", "run", "ml_job", "model_version", "promotion", "approval", "deployment",
)  # fmt: skip
_SHORTEST_COMMIT = 4
_JOBS_LOOKED_AT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A chain, in the order in which it happened. It is complete when every station is found, was
    approved, and its model version answers at an endpoint or did."""

    stations: tuple[Station, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing from commit to deployment."""
        return all(station.is_found and station.is_good for station in self.stations)

    @property
    def missing(self) -> tuple[str, ...]:
        """What keeps the chain from being complete, one sentence each."""
        return tuple(
            f"{s.kind.replace('_', ' ')}: {s.state}"
            for s in self.stations
            if not (s.is_found and s.is_good)
        )


@dataclass(slots=True, kw_only=True)
class _Chain:
    """What was found on the way."""

    commit: str = ""
    run: Run | None = None
    job: MLJob | None = None
    model: ModelVersion | None = None
    source: ModelVersion | None = None
    approvals: tuple[Approval, ...] = ()
    deployment: OnlineDeployment | None = None


def find(store: Store, text: str) -> Lineage:
    """The chain of whatever a person names: a run's number, a commit, `MODEL:VERSION`, an
    endpoint or `ENDPOINT/DEPLOYMENT`; empty: what was deployed last, else the newest run.

    Raises `NotFound` naming what was tried.
    """
    if not text:
        return _newest(store)
    if text.isdecimal() and len(text) < 7:
        return chain_of(store, run=int(text))
    if ":" in text:
        return chain_of(store, model=text)
    if _is_commit(text) and any(r.source_version.startswith(text.lower()) for r in _runs(store)):
        return chain_of(store, commit=text)
    return chain_of(store, deployment=text)


def chain_of(
    store: Store,
    *,
    commit: str = "",
    run: int = 0,
    model: str = "",
    deployment: str = "",
) -> Lineage:
    """The chain that goes through one of these.

    `commit` may be abbreviated; `model` is `NAME:VERSION`; `deployment` an endpoint (then the
    deployment with the most traffic) or `ENDPOINT/NAME`. Raises `NotFound` and `BadInput`.
    """
    if deployment:
        live = _deployment(store, deployment)
        return _through_model(store, _model_of(store, live), live)
    if model:
        return _through_model(store, _model(store, model), None)
    if run:
        found = _find_run(store, run)
        if found is None:
            raise NotFound(f"there is no run {run}", where=str(run), hint="`shipway runs list`")
        return _through_run(store, found)
    if commit:
        return _through_run(store, _run_of_commit(store, commit))
    raise BadInput(
        "nothing to follow was named", where="lineage",
        hint="Name a commit, a run, a model version or a deployment.",
    )  # fmt: skip


# -- the ways in -----------------------------------------------------------------------------


def _newest(store: Store) -> Lineage:
    live = sorted(
        (d for d in online_deployments.list_everywhere(store) if d.model_key),
        key=lambda d: timestamp(d.created_at) if d.created_at else "",
    )
    if live:
        return _through_model(store, _model_of(store, live[-1]), live[-1])
    newest = runs.list_of(store, limit=1)
    if not newest:
        raise NotFound(
            "there is no run yet", where="lineage", hint="Push to a pipeline's repository first."
        )
    return _through_run(store, newest[0])


def _through_model(store: Store, model: ModelVersion, live: OnlineDeployment | None) -> Lineage:
    source = lineage_training.promoted_from(store, model)
    chain = _Chain(model=model, source=source, deployment=live or _deployment_of(store, model))
    name = model.tags.get("job") or model.job
    trained_in = source.workspace if source else model.workspace
    chain.job = jobs.find(store, workspace=trained_in, name=name) if name else None
    origin = _number(model.tags.get("run", "")) or (chain.job and _run_input(store, chain.job))
    release = _number(model.tags.get("approval_run", ""))
    number = origin or release
    chain.run = _find_run(store, number) if number else None
    chain.commit = model.tags.get("commit", "") or (chain.run.source_version if chain.run else "")
    if release:
        chain.approvals = _approvals_of(store, release, model)
    return _told(store, chain)


def _through_run(store: Store, run: Run) -> Lineage:
    model = _model_from_run(store, run)
    if model is not None:
        return _through_model(store, model, None)
    chain = _Chain(run=run, commit=run.source_version, job=_job_of_run(store, run))
    chain.approvals = tuple(approvals.list_of(store, run_id=run.run_id))
    return _told(store, chain)


def _model_from_run(store: Store, run: Run) -> ModelVersion | None:
    """What the run trained, else what it released; a copy is never what a run trained."""
    wanted = str(run.run_id)
    found = [m for m in _models(store)
             if m.tags.get("run") == wanted and "promoted_from" not in m.tags]  # fmt: skip
    found = found or [m for m in _models(store) if m.tags.get("approval_run") == wanted]
    return found[0] if found else None


def _run_of_commit(store: Store, commit: str) -> Run:
    """Of several runs of a commit the one whose chain goes furthest, the newest of these."""
    if len(commit) < _SHORTEST_COMMIT or not _is_commit(commit):
        raise BadInput(
            f"'{commit}' is no commit", where="commit",
            hint=f"Give at least {_SHORTEST_COMMIT} digits of its name.",
        )  # fmt: skip
    found = [run for run in _runs(store) if run.source_version.startswith(commit.lower())]
    if not found:
        raise NotFound(
            f"no run was started for commit {commit}", where=commit, hint="`shipway runs list`"
        )
    return next((run for run in found if _model_from_run(store, run)), found[0])


def _model(store: Store, reference: str) -> ModelVersion:
    name, _, version = reference.removeprefix("azureml:").rpartition(":")
    found = [m for m in _models(store) if m.name == name and m.version == version]
    if not found:
        raise NotFound(
            f"there is no model version '{reference}'", where=reference, hint="`shipway models`"
        )
    return found[0]


def _deployment(store: Store, reference: str) -> OnlineDeployment:
    endpoint, _, name = reference.partition("/")
    found = [
        d
        for d in online_deployments.list_everywhere(store)
        if d.endpoint.lower() == endpoint.lower() and name.lower() in ("", d.name.lower())
    ]
    if not found:
        raise NotFound(
            f"nothing here is called '{reference}'", where=reference,
            hint="Name a run, a commit, MODEL:VERSION, or ENDPOINT/DEPLOYMENT.",
        )  # fmt: skip
    return max(found, key=lambda d: _share(store, d))


def _model_of(store: Store, live: OnlineDeployment) -> ModelVersion:
    document = store.documents.find(model_versions.KIND.version, live.model_key)
    if document is None:
        raise NotFound(
            f"the deployment {live.endpoint}/{live.name} has no registered model version",
            where=f"{live.endpoint}/{live.name}", hint="It was deployed without one.",
        )  # fmt: skip
    return ModelVersion.read(document)


# -- looking up ------------------------------------------------------------------------------


def _runs(store: Store) -> list[Run]:
    return runs.list_of(store)


def _find_run(store: Store, number: int) -> Run | None:
    try:
        return runs.get(store, number)
    except NotFound:
        return None


def _models(store: Store) -> list[ModelVersion]:
    """Registered versions of every workspace, the newest first."""
    documents = store.documents.list(model_versions.KIND.version, newest_first=True)
    return [m for m in map(ModelVersion.read, documents) if not m.is_anonymous]


def _job_of_run(store: Store, run: Run) -> MLJob | None:
    documents = store.documents.list(jobs.TOP, newest_first=True, limit=_JOBS_LOOKED_AT)
    for job in map(MLJob.read, documents):
        if _run_input(store, job) == run.run_id and not job.schedule:
            return jobs.find(store, workspace=job.workspace, name=job.name)
    return None


def _run_input(store: Store, job: MLJob) -> int:
    """The number of the run that submitted a job, as the stack hands it on; else 0."""
    inputs = jobs.definition(store, workspace=job.workspace, name=job.name).get("inputs") or {}
    given = inputs.get("run") or {}
    return _number(str(given.get("value", ""))) if isinstance(given, dict) else 0


def _approvals_of(store: Store, run_id: int, model: ModelVersion) -> tuple[Approval, ...]:
    named = set(model.tags.get("approval_id", "").split())
    found = approvals.list_of(store, run_id=run_id)
    return tuple(a for a in found if not named or a.approval_id in named)


def _deployment_of(store: Store, model: ModelVersion) -> OnlineDeployment | None:
    found = [d for d in online_deployments.list_everywhere(store) if d.model_key == model.key]
    return max(found, key=lambda d: _share(store, d), default=None)


def _share(store: Store, live: OnlineDeployment) -> int:
    endpoint = online_endpoints.find(store, workspace=live.workspace, name=live.endpoint)
    shares = endpoint.traffic if endpoint else {}
    return next((p for n, p in shares.items() if n.lower() == live.name.lower()), 0)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _is_commit(text: str) -> bool:
    return len(text) <= 40 and all(c in "0123456789abcdef" for c in text.lower())


# -- telling ---------------------------------------------------------------------------------


def _told(store: Store, chain: _Chain) -> Lineage:
    job, model, live = chain.job, chain.model, chain.deployment
    schedule = job.schedule if job else ""
    share = _share(store, live) if live else 0
    stations: dict[StationKind, Station] = {
        "commit": lineage_delivery.of_commit(store, chain.commit, chain.run),
        "run": lineage_delivery.of_run(store, chain.run),
        "ml_job": lineage_training.of_job(store, job),
        "model_version": lineage_training.of_model(chain.source or model, job),
        "promotion": lineage_training.of_promotion(chain.model, chain.source),
        "approval": lineage_delivery.of_approval(chain.approvals, has_model=model is not None),
        "deployment": lineage_training.of_deployment(live, model, share),
        "schedule": lineage_training.of_schedule(schedule, job),
    }
    order = SCHEDULED if schedule else PUSHED
    if model is not None and "promoted_from" in model.tags:
        order = PROMOTED
    return Lineage(stations=tuple(stations[kind] for kind in order))
