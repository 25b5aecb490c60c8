"""ML jobs: the list with the schedules, and one job with its graph, metrics, outputs and log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from shipway.azure.entra import tenant
from shipway.base.errors import NotFound
from shipway.ml import job_nodes, job_reuse, jobs, tracking, workspaces
from shipway.ml.job_nodes import PipelineNode
from shipway.ml.jobs import MLJob
from shipway.ml.schedules import KIND as SCHEDULE
from shipway.ml.schedules import Schedule
from shipway.store.growing import MetricPoint
from shipway.store.store import Store
from shipway.studio import graph_drawing, plot_drawing, wording
from shipway.studio.contexts import MLJobContext, MLJobsContext
from shipway.studio.exchange import Answer, Page, Redirect, Visit
from shipway.studio.graph_drawing import GraphEdge, GraphNode
from shipway.studio.pages import job_logs
from shipway.studio.views import MLJobView, Moment, OutputView, PlotView, ScheduleView

_SHOWN = 100
_MOST_PLOTS = 60


def show_all(store: Store, visit: Visit) -> Answer:
    """GET /jobs: of every workspace, the newest first."""
    del visit
    rows = store.documents.list(jobs.TOP, newest_first=True, limit=_SHOWN)
    now = store.clock.now()
    found = [MLJob.read(row) for row in rows]
    schedules = [Schedule.read(row) for row in store.documents.list(SCHEDULE)]
    context = MLJobsContext(
        jobs=tuple(view(job, now) for job in found),
        schedules=tuple(_schedule(store, one) for one in schedules),
    )
    return Page(template="ml_jobs.html", title="ML jobs", context=context)


def show(store: Store, visit: Visit) -> Answer:
    """GET /jobs/{group}/{workspace}/{job}: one job."""
    job = job_of(store, visit)
    now = store.clock.now()
    nodes = job_nodes.list_nodes(store, workspace=job.workspace, job=job.name)
    children = jobs.children(store, workspace=job.workspace, name=job.name)
    reasons = {e.child: e for e in job_reuse.why(store, job.workspace, job.name)} if nodes else {}
    tracked = tracking.find_run(store, workspace=job.workspace, run_id=job.name)
    written = jobs.outputs(store, workspace=job.workspace, name=job.name)
    context = MLJobContext(
        job=view(job, now),
        parent_url=url(job.workspace, job.parent) if job.parent else "",
        graph=_graph(nodes, {child.name: child for child in children}),
        children=tuple(
            view(child, now, why=reasons[child.name].reason if child.name in reasons else "")
            for child in children
        ),
        plots=_plots(store, job, children),
        inputs=_inputs(store, job),
        tags=tuple(sorted(job.tags.items())),
        params=tuple(sorted(tracked.params.items())) if tracked else (),
        outputs=tuple(
            OutputView(name=o.name, kind=o.type, uri=o.uri) for o in written.values()
        ),
        log=None if job.job_type == "Pipeline" else job_logs.view(store, job),
    )  # fmt: skip
    return Page(template="ml_job.html", title=job.display_name or job.name, context=context)


def find(store: Store, visit: Visit) -> Answer:
    """GET /jobs/{workspace}/{job}: the address that clients are told, without the group."""
    name = visit.params["job"]
    for row in store.documents.list(workspaces.KIND):
        same_name = row.key.rpartition("/")[2] == visit.params["workspace"].lower()
        if same_name and jobs.find(store, workspace=row.key, name=name) is not None:
            return Redirect(location=url(row.key, name))
    raise NotFound(
        f"there is no job '{name[:100]}' in {visit.params['workspace'][:100]}", where=visit.path,
        hint="See /jobs.",
    )  # fmt: skip


def job_of(store: Store, visit: Visit) -> MLJob:
    """The job of a path. Raises `NotFound`."""
    return jobs.get(store, workspace=workspace_of(store, visit), name=visit.params["job"])


def workspace_of(store: Store, visit: Visit) -> str:
    """The workspace's key of a path."""
    home = tenant.facts(store)
    return workspaces.workspace_key(
        home.subscription_id, visit.params["group"], visit.params["workspace"]
    )


def url(workspace: str, name: str) -> str:
    """The page of a job."""
    _, group, short = workspace.split("/")
    return wording.path("jobs", group, short, name)


def view(job: MLJob, now: datetime, *, why: str = "") -> MLJobView:
    """A job as a row or a head."""
    began = job.started_at or job.created_at
    is_waiting = not job.started_at and not job.is_terminal
    return MLJobView(
        name=job.name, title=job.display_name or job.node or job.name, node=job.node,
        job_type=job.job_type, state=job.status, experiment=job.experiment_name,
        workspace=job.workspace.rpartition("/")[2],
        when=Moment(iso=wording.iso(job.created_at), text=wording.ago(job.created_at, now)),
        took="" if is_waiting or job.is_reused else wording.took(began, job.ended_at, now),
        url=url(job.workspace, job.name), mark="reused" if job.is_reused else "", why=why,
        error=str(job.error.get("message", "")), schedule=job.schedule,
    )  # fmt: skip


def _graph(nodes: Sequence[PipelineNode], children: Mapping[str, MLJob]) -> Markup:
    """The nodes and what flows between them."""
    boxes, edges = [], []
    for node in nodes:
        child = children.get(node.child)
        boxes.append(
            GraphNode(
                key=node.state.path, title=node.state.path,
                note=child.status if child else "NotStarted",
                state=child.status if child else "NotStarted",
                url=url(child.workspace, child.name) if child else "",
                mark="reused" if child and child.is_reused else "",
            )
        )  # fmt: skip
        for given in node.plan.inputs:
            if given.source_node:
                label = f"{given.source_node}.{given.source_output} to {given.name}"
                edges.append(
                    GraphEdge(source=given.source_node, target=node.state.path, label=label)
                )
    return graph_drawing.draw(boxes, edges, title="The nodes of the pipeline job")


def _plots(store: Store, job: MLJob, children: Sequence[MLJob]) -> tuple[PlotView, ...]:
    found = _plots_of(store, job, "")
    for child in children:
        found += _plots_of(store, child, f"{child.node} · ")
    return tuple(found[:_MOST_PLOTS])


def _plots_of(store: Store, job: MLJob, prefix: str) -> list[PlotView]:
    by_name: dict[str, list[MetricPoint]] = {}
    for point in store.growing.metrics(f"{job.workspace}/{job.name}"):
        by_name.setdefault(point.key, []).append(point)
    return [
        PlotView(
            name=f"{prefix}{name}", last=plot_drawing.number(points[-1].value),
            svg=plot_drawing.line(name, _by_step(points)),
        )
        for name, points in by_name.items()
    ]  # fmt: skip


def _by_step(points: Sequence[MetricPoint]) -> list[tuple[float, float]]:
    """Over the steps; a metric that was logged without steps over its order."""
    if len({point.step for point in points}) < 2:
        return [(float(order), point.value) for order, point in enumerate(points)]
    return sorted((float(point.step), point.value) for point in points)


def _inputs(store: Store, job: MLJob) -> tuple[tuple[str, str], ...]:
    if job.parent:
        node = job_nodes.find(store, workspace=job.workspace, job=job.parent, path=job.node)
        return tuple(
            (i.name, i.value or i.url or (f"{i.source_node}.{i.source_output}" if i.source_node
                                          else "/".join(i.place or ())))
            for i in (node.plan.inputs if node else ())
        )  # fmt: skip
    given = jobs.definition(store, workspace=job.workspace, name=job.name).get("inputs") or {}
    return tuple((name, _value(value)) for name, value in given.items())


def _value(given: Any) -> str:  # noqa: ANN401  # as it was sent
    if isinstance(given, Mapping):
        return str(given.get("value", given.get("uri", "")))
    return str(given)


def _schedule(store: Store, one: Schedule) -> ScheduleView:
    timer = store.timers.find(one.subject)
    trigger = one.trigger
    words = (
        f"cron {trigger['expression']}" if trigger.get("expression")
        else f"every {trigger.get('interval', 1)} {str(trigger.get('frequency', '')).lower()}"
    )  # fmt: skip
    return ScheduleView(
        name=one.name, workspace=one.workspace.rpartition("/")[2], trigger=words,
        state="enabled" if one.is_enabled else "disabled",
        next=timer.due.strftime("%d %b %H:%M:%S UTC") if timer else "",
        last_job=one.last_job, last_error=one.last_error,
        last_job_url=url(one.workspace, one.last_job) if one.last_job else "",
    )  # fmt: skip
