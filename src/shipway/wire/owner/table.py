"""Every route of the owner's API, below `/api/v1` of the studio's port."""

from collections.abc import Callable
from functools import partial

from shipway.store.store import Store
from shipway.wire.chain import WireProtocol
from shipway.wire.http import Request, Response, Route, RouteTable
from shipway.wire.owner import (
    approvals,
    checks,
    credentials,
    environments,
    job_states,
    jobs,
    lineage,
    links,
    local_runs,
    ml_assets,
    online_endpoints,
    people,
    pull_requests,
    repos,
    run_artifacts,
    run_places,
    run_stages,
    runs,
    status,
    token,
)
from shipway.wire.owner.control import Control
from shipway.wire.owner.envelope import owner_error


def routes(store: Store, control: Control) -> tuple[Route, ...]:
    """In the order of a session: is it there, who am I, what happens, what was refused, stop."""
    return (
        *_server_routes(store, control),
        *_delivery_routes(store),
        *_learning_routes(store),
    )


def _server_routes(store: Store, control: Control) -> tuple[Route, ...]:
    return (
        Route(
            method="GET", pattern="/api/v1/status", handler=partial(status.get, store, control),
            query=(),
        ),
        Route(
            method="GET", pattern="/api/v1/credentials", handler=partial(credentials.get, store),
            query=(),
        ),
        Route(
            method="GET", pattern="/api/v1/refusals", handler=partial(status.refusals, store),
            query=("limit",),
        ),
        Route(
            method="GET", pattern="/api/v1/users", handler=partial(people.get, store), query=(),
        ),
        Route(
            method="GET", pattern="/api/v1/jobs", handler=partial(jobs.list_all, store),
            query=("workspace", "limit"),
        ),
        Route(
            method="GET", pattern="/api/v1/jobs/{name}", handler=partial(jobs.get, store),
            query=("workspace",),
        ),
        Route(
            method="GET", pattern="/api/v1/jobs/{name}/why", handler=partial(jobs.why, store),
            query=("workspace",),
        ),
        Route(
            method="GET", pattern="/api/v1/jobs/{name}/log", handler=partial(jobs.log, store),
            query=("workspace", "path"),
        ),
        Route(
            method="GET", pattern="/api/v1/jobs/{name}/states",
            handler=partial(job_states.follow, store), query=("workspace",),
        ),
        Route(
            method="GET", pattern="/api/v1/workspaces",
            handler=partial(jobs.list_workspaces, store), query=(),
        ),
        Route(
            method="POST", pattern="/api/v1/jobs/{name}/cancel",
            handler=partial(jobs.cancel, store), query=("workspace",),
        ),
        Route(
            method="POST", pattern="/api/v1/shutdown", handler=partial(status.shut_down, control),
            query=(),
        ),
    )  # fmt: skip


def _delivery_routes(store: Store) -> tuple[Route, ...]:
    run = "/api/v1/runs/{run}"
    approval = "/api/v1/approvals/{target}"
    repo = "/api/v1/repos/{owner}/{name}"
    machine = "/api/v1/environments/{name}/machines/{machine}"
    return (
        _route(store, "GET", "/api/v1/pipelines", runs.pipelines),
        _route(store, "GET", "/api/v1/runs", runs.get_all, ("limit", "state", "pipeline", "tag")),
        _route(store, "POST", "/api/v1/local-runs", local_runs.create),
        _route(store, "GET", run, runs.get),
        _route(store, "GET", f"{run}/logs/{{log}}", runs.log, ("after", "tail")),
        _route(store, "GET", f"{run}/places", run_places.get),
        _route(store, "POST", f"{run}/artifacts", run_artifacts.copy),
        _route(store, "POST", f"{run}/cancel", runs.cancel),
        _route(store, "POST", f"{run}/rerun", runs.start),
        _route(store, "POST", f"{run}/retry", run_stages.retry),
        _route(store, "POST", f"{run}/stages/{{stage}}/retry", run_stages.retry_stage),
        _route(store, "POST", f"{run}/stages/{{stage}}/start", run_stages.start_stage),
        _route(store, "POST", f"{run}/stages/{{stage}}/cancel", run_stages.cancel_stage),
        _route(store, "POST", f"{run}/tags", run_stages.tag),
        _route(store, "POST", f"{run}/permit", runs.permit),
        _route(store, "GET", "/api/v1/permissions", runs.waiting_for_permission),
        _route(store, "GET", "/api/v1/approvals", approvals.get_all, ("state",)),
        _route(store, "POST", f"{approval}/approve", approvals.approve),
        _route(store, "POST", f"{approval}/reject", approvals.reject),
        *_check_routes(store),
        *_pull_request_routes(store),
        _route(store, "POST", "/api/v1/links", links.create),
        _route(store, "GET", "/api/v1/lineage", lineage.get, ("of",)),
        _route(store, "GET", "/api/v1/environments", environments.get_all, ("project",)),
        _route(store, "PUT", machine, environments.add_machine, ("project",)),
        _route(store, "DELETE", machine, environments.remove_machine, ("project",)),
        _route(store, "GET", "/api/v1/repos", repos.get_all),
        _route(store, "PUT", repo, repos.put),
        _route(store, "DELETE", repo, repos.delete),
        _route(store, "POST", f"{repo}/sync", repos.sync),
    )


def _check_routes(store: Store) -> tuple[Route, ...]:
    one, met = "/api/v1/checks/{check}", "/api/v1/runs/{run}/checks"
    return (
        _route(store, "GET", "/api/v1/checks", checks.get_all, ("project",)),
        _route(store, "POST", f"{one}/enable", checks.enable),
        _route(store, "POST", f"{one}/disable", checks.disable),
        _route(store, "GET", met, checks.of_run),
        _route(store, "POST", f"{met}/{{check}}/bypass", checks.bypass),
        _route(store, "POST", f"{met}/{{check}}/rerun", checks.rerun),
        _route(store, "POST", "/api/v1/approvals/{target}/reassign", checks.reassign),
    )


def _pull_request_routes(store: Store) -> tuple[Route, ...]:
    one = "/api/v1/prs/{number}"
    return (
        _route(store, "GET", "/api/v1/prs", pull_requests.get_all, ("state", "repository")),
        _route(store, "POST", "/api/v1/prs", pull_requests.create),
        _route(store, "GET", one, pull_requests.get),
        _route(store, "POST", f"{one}/approve", pull_requests.approve),
        _route(store, "POST", f"{one}/complete", pull_requests.complete),
        _route(store, "POST", f"{one}/requeue", pull_requests.requeue),
        _route(store, "POST", f"{one}/abandon", pull_requests.abandon),
    )


def _learning_routes(store: Store) -> tuple[Route, ...]:
    return (
        _route(store, "GET", "/api/v1/models", ml_assets.models),
        _route(store, "GET", "/api/v1/models/{model}", ml_assets.model),
        _route(store, "GET", "/api/v1/schedules", ml_assets.schedules),
        _route(store, "GET", "/api/v1/endpoints", online_endpoints.get_all),
        _route(store, "GET", "/api/v1/endpoints/{endpoint}", online_endpoints.get),
        _route(
            store, "GET", "/api/v1/endpoints/{endpoint}/{deployment}/log", online_endpoints.log,
            ("lines",),
        ),
    )  # fmt: skip


def _route(
    store: Store,
    method: str,
    pattern: str,
    handler: Callable[[Store, Request], Response],
    query: tuple[str, ...] = (),
) -> Route:
    return Route(method=method, pattern=pattern, handler=partial(handler, store), query=query)


def protocol(store: Store, control: Control, owner_token: str) -> WireProtocol:
    """The owner's API: whoever has the token may do everything here."""
    return WireProtocol(
        name="owner",
        table=RouteTable(routes(store, control)),
        authenticate=token.authenticate(store, owner_token),
        authorize=_allowed,
        envelope=owner_error,
    )


def _allowed(request: Request, route: Route) -> None:
    del request, route
