"""Azure ML's stations of a chain: schedule, job, model version, deployment."""

import re
from urllib.parse import quote

from shipway.base.clock import timestamp
from shipway.loop.lineage_station import Station, absent, known
from shipway.ml import jobs, model_versions, workspaces
from shipway.ml.jobs import MLJob
from shipway.ml.model_versions import ModelVersion
from shipway.ml.online_deployments import OnlineDeployment
from shipway.store.store import Store

_VERSION = re.compile(r"/models/([^/]+)/versions/([^/]+)$", re.IGNORECASE)
_MODEL_TAGS = ("auc", "champion", "data", "train_months", "test_month", "gate", "started_by")


def of_schedule(name: str, job: MLJob | None) -> Station:
    """The schedule that started a job by itself."""
    if not name:
        return absent("schedule", "no schedule started this job")
    return Station(
        kind="schedule", title=name, state="fired",
        at=timestamp(job.created_at) if job and job.created_at else "",
    )  # fmt: skip


def of_job(store: Store, job: MLJob | None) -> Station:
    """The job, with the reason of the child that failed first."""
    if job is None:
        return absent("ml_job", "no ML job was submitted")
    children = jobs.children(store, workspace=job.workspace, name=job.name)
    failed = next((child for child in children if child.status == "Failed"), None)
    message = (failed.error if failed else job.error).get("message", "")
    reason = message.strip().splitlines()[-1].strip() if message.strip() else ""
    reused = sum(child.is_reused for child in children)
    return Station(
        kind="ml_job", title=job.display_name or job.name, state=job.status,
        at=job.started_at or (timestamp(job.created_at) if job.created_at else ""),
        page=job_page(job.workspace, job.name),
        facts=known(
            ("job", job.name), ("experiment", job.experiment_name),
            ("steps", f"{len(children)}, {reused} reused" if children else ""),
            ("failed at", failed.node if failed else ""), ("reason", reason),
            ("workspace", job.workspace.rpartition("/")[2]),
        ),
        is_good=job.status not in ("Failed", "Canceled"),
    )  # fmt: skip


def of_model(model: ModelVersion | None, job: MLJob | None) -> Station:
    """The registered version, with what its tags say of it."""
    if model is None:
        if job is not None and job.status in ("Failed", "Canceled"):
            return absent("model_version", f"never registered: the ML job is {job.status}")
        return absent("model_version", "no version was registered")
    return Station(
        kind="model_version", title=f"{model.name}:{model.version}", state="registered",
        at=timestamp(model.created_at) if model.created_at else "",
        page=model_page(model.workspace, model.name),
        facts=known(*((name, model.tags.get(name, "")) for name in _MODEL_TAGS)),
    )  # fmt: skip


def promoted_from(store: Store, model: ModelVersion) -> ModelVersion | None:
    """The version that this one is a copy of, as the stack's promotion writes it into its tags."""
    place = model.tags.get("promoted_from", "")
    workspace, named = workspaces.key_of_resource_id(place), _VERSION.search(place)
    if workspace is None or named is None:
        return None
    return model_versions.find(store, workspace=workspace, name=named[1], version=named[2])


def of_promotion(copy: ModelVersion | None, source: ModelVersion | None) -> Station:
    """How a version came from another workspace."""
    if copy is None or "promoted_from" not in copy.tags:
        return absent("promotion", "it was trained where it is")
    if source is None:
        gone = copy.tags["promoted_from"].partition("/workspaces/")[2]
        return absent("promotion", f"its source {gone} is not here")
    return Station(
        kind="promotion", title=f"{copy.name}:{copy.version}", state="promoted",
        at=timestamp(copy.created_at) if copy.created_at else "",
        page=model_page(copy.workspace, copy.name),
        facts=known(
            ("from", f"{source.workspace.rpartition('/')[2]} {source.name}:{source.version}"),
            ("to", copy.workspace.rpartition("/")[2]),
            ("approved there by", copy.tags.get("promoted_approval", "")),
            ("digest", copy.tags.get("promoted_digest", "")[:12]),
        ),
    )  # fmt: skip


def of_deployment(live: OnlineDeployment | None, model: ModelVersion | None, share: int) -> Station:
    """Where the version serves; one that was replaced has left its mark in the version's tags."""
    if live is None:
        before = model.tags.get("deployed_to", "") if model else ""
        why = f"no longer served: it was on {before} before" if before else "not deployed"
        return absent("deployment", why)
    return Station(
        kind="deployment", title=f"{live.endpoint}/{live.name}", state=live.provisioning_state,
        at=timestamp(live.created_at) if live.created_at else "",
        page=endpoint_page(live.workspace, live.endpoint),
        facts=known(
            ("traffic", f"{share} %"), ("workspace", live.workspace.rpartition("/")[2]),
            ("error", live.error.get("message", "")),
        ),
        is_good=live.provisioning_state in ("Succeeded", "Updating"),
    )  # fmt: skip


def job_page(workspace: str, name: str) -> str:
    """The studio's page of a job."""
    return f"/jobs/{_place(workspace)}/{quote(name, safe='')}"


def model_page(workspace: str, name: str) -> str:
    """The studio's page of a model."""
    return f"/models/{_place(workspace)}/{quote(name, safe='')}"


def endpoint_page(workspace: str, name: str) -> str:
    """The studio's page of an endpoint."""
    return f"/endpoints/{_place(workspace)}/{quote(name, safe='')}"


def _place(workspace: str) -> str:
    """A workspace in a path: resource group and name; the subscription is the home's own."""
    _, group, name = workspace.split("/")
    return f"{quote(group, safe='')}/{quote(name, safe='')}"
