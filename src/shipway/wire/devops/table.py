"""Every route of Azure DevOps, in the order of the journey: code, pipelines, runs, approvals."""

from shipway.store.store import Store
from shipway.wire.chain import WireProtocol
from shipway.wire.devops import commits, git, identity, items, projects, pushes, repositories
from shipway.wire.http import Route, RouteTable


def routes(store: Store) -> tuple[Route, ...]:
    """The routes; git's come first because a repository may be called anything."""
    return (
        *git.routes(store),
        *projects.routes(store),
        *repositories.routes(store),
        *commits.routes(store),
        *items.routes(store),
        *pushes.routes(store),
    )


def protocol(store: Store) -> WireProtocol:
    """Azure DevOps as one of the front door's protocols."""
    return WireProtocol(
        name="devops",
        table=RouteTable(routes(store)),
        authenticate=identity.authenticator(store),
        authorize=identity.authorizer(store),
        envelope=identity.envelope,
    )
