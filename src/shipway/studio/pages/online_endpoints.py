"""Online endpoints: how traffic is split, which model answers, what was asked lately."""

import statistics
from collections.abc import Sequence

from shipway.ml import online_deployments, online_endpoints
from shipway.ml.online_deployments import OnlineDeployment
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.store.growing import EndpointRequest
from shipway.store.store import Store
from shipway.studio import plot_drawing, wording
from shipway.studio.contexts import EndpointContext, EndpointsContext
from shipway.studio.exchange import Answer, Page, Visit
from shipway.studio.pages import jobs as jobs_page
from shipway.studio.views import (
    DeploymentView,
    EndpointView,
    LogView,
    Moment,
    ScoringRequestView,
)

_COUNTED, _SHOWN, _LOG_LINES = 500, 40, 80


def show_all(store: Store, visit: Visit) -> Answer:
    """GET /endpoints."""
    del visit
    found = [OnlineEndpoint.read(row) for row in store.documents.list(online_endpoints.KIND)]
    context = EndpointsContext(endpoints=tuple(view(store, one) for one in found))
    return Page(template="endpoints.html", title="Endpoints", context=context)


def show(store: Store, visit: Visit) -> Answer:
    """GET /endpoints/{group}/{workspace}/{endpoint}."""
    workspace = jobs_page.workspace_of(store, visit)
    one = online_endpoints.get(store, workspace=workspace, name=visit.params["endpoint"])
    deployments = online_deployments.list_of(store, workspace=workspace, endpoint=one.name)
    context = EndpointContext(
        endpoint=view(store, one),
        requests=tuple(
            _request(store, asked) for asked in store.growing.requests(one.key, limit=_SHOWN)
        ),
        logs=tuple(_log(store, deployment) for deployment in deployments),
    )
    return Page(template="endpoint.html", title=one.name, context=context)


def view(store: Store, one: OnlineEndpoint) -> EndpointView:
    """An endpoint with its deployments."""
    asked = store.growing.requests(one.key, limit=_COUNTED)
    deployments = online_deployments.list_of(store, workspace=one.workspace, endpoint=one.name)
    _, group, short = one.workspace.split("/")
    return EndpointView(
        name=one.name, workspace=short, state=one.provisioning_state, auth_mode=one.auth_mode,
        scoring_uri=one.scoring_uri, url=wording.path("endpoints", group, short, one.name),
        traffic=plot_drawing.shares(sorted(one.traffic.items())),
        deployments=tuple(_deployment(d, one, asked) for d in deployments),
    )  # fmt: skip


def _deployment(
    one: OnlineDeployment, endpoint: OnlineEndpoint, asked: Sequence[EndpointRequest]
) -> DeploymentView:
    mine = [r for r in asked if r.deployment.lower() == one.name.lower()]
    times = [r.milliseconds for r in mine]
    parts = one.model_key.split("/")
    model = ":".join(parts[-2:]) if len(parts) == 5 else ""
    return DeploymentView(
        name=one.name, state=one.provisioning_state, model=model or one.model,
        model_url=wording.path("models", parts[1], parts[2], parts[3]) if model else "",
        share=_share(endpoint.traffic, one.name),
        mirrored=_share(endpoint.mirror_traffic, one.name),
        error=str(one.error.get("message", "")), requests=len(mine),
        failures=sum(r.status >= 400 for r in mine),
        median_ms=f"{statistics.median(times):.1f}" if times else "",
    )  # fmt: skip


def _share(split: object, name: str) -> int:
    shares = split if isinstance(split, dict) else {}
    return next((int(p) for n, p in shares.items() if n.lower() == name.lower()), 0)


def _request(store: Store, asked: EndpointRequest) -> ScoringRequestView:
    return ScoringRequestView(
        when=Moment(iso=wording.iso(asked.at), text=wording.ago(asked.at, store.clock.now())),
        deployment=asked.deployment, status=asked.status,
        state="succeeded" if asked.status < 400 else "failed",
        milliseconds=f"{asked.milliseconds:.1f}", mirrored=asked.mirrored,
    )  # fmt: skip


def _log(store: Store, one: OnlineDeployment) -> LogView:
    text = online_deployments.logs(store.home, one, lines=_LOG_LINES)
    lines = tuple(wording.log_line(line) for line in text.splitlines())
    return LogView(key=one.name, title=one.name, lines=lines, skipped=0, stream="")
