"""Registered models: the newest version of each, and one model with all of them."""

from datetime import datetime

from shipway.base.errors import NotFound
from shipway.ml import model_versions
from shipway.ml.model_versions import ModelVersion
from shipway.store.store import Store
from shipway.studio import wording
from shipway.studio.contexts import ModelContext, ModelsContext
from shipway.studio.exchange import Answer, Page, Visit
from shipway.studio.pages import jobs as jobs_page
from shipway.studio.views import ModelVersionView, Moment


def show_all(store: Store, visit: Visit) -> Answer:
    """GET /models."""
    del visit
    now = store.clock.now()
    newest: dict[tuple[str, str], ModelVersion] = {}
    for model in _all(store):
        newest.setdefault((model.workspace, model.name), model)
    context = ModelsContext(models=tuple(view(model, now) for model in newest.values()))
    return Page(template="models.html", title="Models", context=context)


def show(store: Store, visit: Visit) -> Answer:
    """GET /models/{group}/{workspace}/{model}."""
    workspace, name = jobs_page.workspace_of(store, visit), visit.params["model"]
    found = model_versions.list_versions(store, workspace=workspace, name=name)
    if not found:
        raise NotFound(
            f"there is no model '{name[:100]}' in {visit.params['workspace']}", where=visit.path,
            hint="See /models.",
        )  # fmt: skip
    now = store.clock.now()
    context = ModelContext(
        name=name, workspace=visit.params["workspace"],
        versions=tuple(view(model, now) for model in found),
    )  # fmt: skip
    return Page(template="model.html", title=name, context=context)


def view(model: ModelVersion, now: datetime) -> ModelVersionView:
    """A version as a row or with its tags."""
    job = model.tags.get("job") or model.job
    _, group, short = model.workspace.split("/")
    reference = f"{model.name}:{model.version}"
    return ModelVersionView(
        name=model.name, version=model.version, workspace=short, kind=model.model_type,
        approval=model.tags.get("approval", ""), auc=model.tags.get("auc", ""),
        author=model.author, job=job,
        job_url=jobs_page.url(model.workspace, job) if job else "",
        when=Moment(iso=wording.iso(model.created_at), text=wording.ago(model.created_at, now)),
        url=wording.path("models", group, short, model.name),
        lineage_url=f"/lineage?of={wording.path(reference)[1:]}",
        tags=tuple(sorted(model.tags.items())), files=len(model.files),
    )  # fmt: skip


def _all(store: Store) -> list[ModelVersion]:
    rows = store.documents.list(model_versions.KIND.version, newest_first=True)
    return [model for model in map(ModelVersion.read, rows) if not model.is_anonymous]
