"""Every route of graph.microsoft.com, under v1.0 and beta alike.

Who may: the directory has roles of its own on Azure. Here whoever is Owner of the subscription may
change it, and everybody with a token may read it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from shipway.azure.arm import role_assignments
from shipway.azure.entra import audiences, tenant
from shipway.base.errors import Forbidden
from shipway.store.store import Store
from shipway.wire.chain import Authorize, WireProtocol
from shipway.wire.entra import bearer
from shipway.wire.errors import graph_error
from shipway.wire.graph import applications, service_principals, users
from shipway.wire.http import Request, Response, Route, RouteTable

_DOC = "https://learn.microsoft.com/graph/api/resources/"
_LIST = ("$filter", "$select", "$top", "$count", "$orderby")
# a permission that only Owner and User Access Administrator have
_MAY_WRITE = "Microsoft.Authorization/roleAssignments/write"
Verb = Callable[[Store, Request], Response]


def routes(store: Store) -> tuple[Route, ...]:
    """Applications, service principals, users, groups; each first under v1.0, then under beta."""
    rows = (*_applications(store), *_service_principals(store), *_users(store), *_groups(store))
    return tuple(
        replace(row, pattern=f"/{version}{row.pattern}")
        for version in ("v1.0", "beta")
        for row in rows
    )


def protocol(store: Store) -> WireProtocol:
    """graph.microsoft.com."""
    return WireProtocol(
        name="graph",
        table=RouteTable(routes(store)),
        authenticate=bearer.authenticate(store, audiences=(audiences.GRAPH,)),
        authorize=_authorize(store),
        envelope=graph_error,
    )


def _authorize(store: Store) -> Authorize:
    def check(request: Request, route: Route) -> None:
        del route
        if request.method == "GET" or role_assignments.is_permitted(
            store,
            request.principal,
            action=_MAY_WRITE,
            scope=tenant.facts(store).subscription_scope,
        ):
            return
        raise Forbidden(
            "Insufficient privileges to complete the operation",
            code="Authorization_RequestDenied",
            where=request.path,
            hint="Only an Owner of the subscription may change the directory.",
        )

    return check


def _row(store: Store, method: str, pattern: str, verb: Verb, query: tuple[str, ...] = ()) -> Route:
    noun = pattern.split("/")[1].partition("(")[0].rstrip("s").lower()
    return Route(
        method=method, pattern=pattern, handler=partial(verb, store), query=query, doc=_DOC + noun
    )


def _applications(store: Store) -> tuple[Route, ...]:
    row = partial(_row, store)
    one = "/applications/{application}"
    trusted = one + "/federatedIdentityCredentials"
    return (
        row("POST", "/applications", applications.create),
        row("GET", "/applications", applications.list_applications, _LIST),
        row("GET", "/applications(appId='{application}')", applications.get, _LIST),
        row("GET", one, applications.get, _LIST),
        row("PATCH", one, applications.patch),
        row("DELETE", one, applications.delete),
        row("GET", one + "/owners", applications.list_owners, _LIST),
        row("POST", one + "/addPassword", applications.add_password),
        row("POST", one + "/removePassword", applications.remove_password),
        row("POST", trusted, applications.create_credential),
        row("GET", trusted, applications.list_credentials, _LIST),
        row("GET", trusted + "/{credential}", applications.get_credential, _LIST),
        row("DELETE", trusted + "/{credential}", applications.delete_credential),
    )


def _service_principals(store: Store) -> tuple[Route, ...]:
    row = partial(_row, store)
    one = "/servicePrincipals/{principal}"
    return (
        row("POST", "/servicePrincipals", service_principals.create),
        row("GET", "/servicePrincipals", service_principals.list_principals, _LIST),
        row("GET", "/servicePrincipals(appId='{principal}')", service_principals.get, _LIST),
        row("GET", one, service_principals.get, _LIST),
        row("PATCH", one, service_principals.patch),
        row("DELETE", one, service_principals.delete),
        row("GET", one + "/owners", service_principals.list_owners, _LIST),
    )


def _users(store: Store) -> tuple[Route, ...]:
    row = partial(_row, store)
    return (
        row("GET", "/me", users.get_me, _LIST),
        row("POST", "/users", users.create_user),
        row("GET", "/users", users.list_users, _LIST),
        row("GET", "/users/{user}", users.get_user, _LIST),
        row("DELETE", "/users/{user}", users.delete_user),
    )


def _groups(store: Store) -> tuple[Route, ...]:
    row = partial(_row, store)
    one = "/groups/{group}"
    return (
        row("POST", "/groups", users.create_group),
        row("GET", "/groups", users.list_groups, _LIST),
        row("GET", one, users.get_group, _LIST),
        row("DELETE", one, users.delete_group),
        row("GET", one + "/members", users.list_members, _LIST),
        row("POST", one + "/members/$ref", users.add_member),
        row("DELETE", one + "/members/{member}/$ref", users.remove_member),
    )
