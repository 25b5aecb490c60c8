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
from shipway.wire.graph import (
    applications,
    directory,
    groups,
    references,
    service_principals,
    users,
)
from shipway.wire.http import Request, Response, Route, RouteTable

_DOC = "https://learn.microsoft.com/graph/api/resources/"
_LOOK_UP = "/directoryObjects/getByIds"  # asks only, although it is a POST
_LIST = ("$filter", "$select", "$top", "$count", "$orderby")
# a permission that only Owner and User Access Administrator have
_MAY_WRITE = "Microsoft.Authorization/roleAssignments/write"
Verb = Callable[[Store, Request], Response]


def routes(store: Store) -> tuple[Route, ...]:
    """Applications, service principals, users, groups, the directory; under v1.0, then beta."""
    rows = (
        *_applications(store), *_service_principals(store), *_users(store), *_groups(store),
        *_directory(store),
    )  # fmt: skip
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
        looks = request.method == "GET" or route.pattern.endswith(_LOOK_UP)
        if looks or role_assignments.is_permitted(
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
    one = "/applications/{object}"
    trusted = one + "/federatedIdentityCredentials"
    return (
        row("POST", "/applications", applications.create),
        row("GET", "/applications", applications.list_applications, _LIST),
        row("GET", "/applications(appId='{object}')", applications.get, _LIST),
        row("GET", one, applications.get, _LIST),
        row("PATCH", one, applications.patch),
        row("DELETE", one, applications.delete),
        row("POST", one + "/addPassword", applications.add_password),
        row("POST", one + "/removePassword", applications.remove_password),
        row("POST", trusted, applications.create_credential),
        row("GET", trusted, applications.list_credentials, _LIST),
        row("GET", trusted + "/{credential}", applications.get_credential, _LIST),
        row("PATCH", trusted + "/{credential}", applications.patch_credential),
        row("DELETE", trusted + "/{credential}", applications.delete_credential),
        *_owners(store, one),
    )


def _service_principals(store: Store) -> tuple[Route, ...]:
    row = partial(_row, store)
    one = "/servicePrincipals/{object}"
    return (
        row("POST", "/servicePrincipals", service_principals.create),
        row("GET", "/servicePrincipals", service_principals.list_principals, _LIST),
        row("GET", "/servicePrincipals(appId='{object}')", service_principals.get, _LIST),
        row("GET", one, service_principals.get, _LIST),
        row("PATCH", one, service_principals.patch),
        row("DELETE", one, service_principals.delete),
        row("POST", one + "/addPassword", service_principals.add_password),
        row("POST", one + "/removePassword", service_principals.remove_password),
        *_owners(store, one),
        *_member_of(store, one),
    )


def _users(store: Store) -> tuple[Route, ...]:
    row = partial(_row, store)
    one = "/users/{object}"
    return (
        row("GET", "/me", users.get_me, _LIST),
        row("POST", "/users", users.create_user),
        row("GET", "/users", users.list_users, _LIST),
        row("GET", one, users.get_user, _LIST),
        row("PATCH", one, users.patch_user),
        row("DELETE", one, users.delete_user),
        *_member_of(store, one),
    )


def _groups(store: Store) -> tuple[Route, ...]:
    row = partial(_row, store)
    one = "/groups/{object}"
    return (
        row("POST", "/groups", groups.create_group),
        row("GET", "/groups", groups.list_groups, _LIST),
        row("GET", one, groups.get_group, _LIST),
        row("PATCH", one, groups.patch_group),
        row("DELETE", one, groups.delete_group),
        row("GET", one + "/members", references.list_members, _LIST),
        row("GET", one + "/transitiveMembers", references.list_transitive_members, _LIST),
        row("POST", one + "/members/$ref", references.add_member),
        row("DELETE", one + "/members/{member}/$ref", references.remove_member),
        *_owners(store, one),
        *_member_of(store, one),
    )


def _directory(store: Store) -> tuple[Route, ...]:
    row = partial(_row, store)
    return (
        row("GET", "/organization", directory.list_organizations, _LIST),
        row("GET", "/domains", directory.list_domains, _LIST),
        row("GET", "/directoryObjects/{object}", directory.get_object, _LIST),
        row("POST", _LOOK_UP, directory.get_by_ids),
    )


def _owners(store: Store, one: str) -> tuple[Route, ...]:
    row = partial(_row, store)
    return (
        row("GET", one + "/owners", references.list_owners, _LIST),
        row("POST", one + "/owners/$ref", references.add_owner),
        row("DELETE", one + "/owners/{owner}/$ref", references.remove_owner),
    )


def _member_of(store: Store, one: str) -> tuple[Route, ...]:
    row = partial(_row, store)
    return (
        row("GET", one + "/memberOf", references.list_member_of, _LIST),
        row("GET", one + "/transitiveMemberOf", references.list_transitive_member_of, _LIST),
    )
