"""Every route of the owner's API, below `/api/v1` of the studio's port."""

from functools import partial

from shipway.store.store import Store
from shipway.wire.chain import WireProtocol
from shipway.wire.errors import arm_error
from shipway.wire.http import Request, Route, RouteTable
from shipway.wire.owner import credentials, jobs, people, status, token
from shipway.wire.owner.control import Control


def routes(store: Store, control: Control) -> tuple[Route, ...]:
    """In the order of a session: is it there, who am I, what was refused, stop."""
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
            method="POST", pattern="/api/v1/jobs/{name}/cancel",
            handler=partial(jobs.cancel, store), query=("workspace",),
        ),
        Route(
            method="POST", pattern="/api/v1/shutdown", handler=partial(status.shut_down, control),
            query=(),
        ),
    )  # fmt: skip


def protocol(store: Store, control: Control, owner_token: str) -> WireProtocol:
    """The owner's API: whoever has the token may do everything here."""
    return WireProtocol(
        name="owner",
        table=RouteTable(routes(store, control)),
        authenticate=token.authenticate(store, owner_token),
        authorize=_allowed,
        envelope=arm_error,
    )


def _allowed(request: Request, route: Route) -> None:
    del request, route
