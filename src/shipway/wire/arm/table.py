"""Every route of management.azure.com that is not Azure ML's."""

from collections.abc import Callable
from functools import partial

from shipway.store.store import Store
from shipway.wire import api_versions
from shipway.wire.arm import (
    authorization,
    budgets,
    child_rows,
    operations,
    providers,
    resource_groups,
    resources,
    role_assignments,
    role_definitions,
    storage_accounts,
    subscriptions,
)
from shipway.wire.arm.resource_type import ResourceType
from shipway.wire.arm.resource_types import TYPES
from shipway.wire.chain import WireProtocol
from shipway.wire.errors import arm_error
from shipway.wire.http import Request, Response, Route, RouteTable

_SUB = "/subscriptions/{subscription}"
_GROUP = _SUB + "/resourcegroups/{group}"
_DOC = "https://learn.microsoft.com/rest/api/"
_PAGE = ("$filter", "$top", "$expand")
Verb = Callable[[Store, Request], Response]


def routes(store: Store) -> tuple[Route, ...]:
    """In the order in which a client meets them: cloud, subscription, group, resources, roles."""
    return (
        *_subscriptions(store),
        *_resource_groups(store),
        *_storage_accounts(store),
        *(row for kind in TYPES for row in _simple_type(store, kind)),
        *child_rows.rows(store),
        *_budgets(store),
        *_roles(store),
    )


def protocol(store: Store, more: tuple[Route, ...] = ()) -> WireProtocol:
    """management.azure.com: these routes and those that another provider adds."""
    return WireProtocol(
        name="arm",
        table=RouteTable((*routes(store), *more)),
        authenticate=authorization.authenticate(store),
        authorize=authorization.authorize(store),
        envelope=arm_error,
    )


def _row(
    method: str,
    pattern: str,
    handler: Callable[[Request], Response],
    *,
    action: str = "",
    query: tuple[str, ...] = (),
    versions: tuple[str, ...] = api_versions.RESOURCES,
    doc: str = "resources",
) -> Route:
    return Route(
        method=method, pattern=pattern, handler=handler, action=action, query=query,
        api_versions=versions, doc=_DOC + doc,
    )  # fmt: skip


def _subscriptions(store: Store) -> tuple[Route, ...]:
    def verb(function: Verb) -> Callable[[Request], Response]:
        return partial(function, store)

    versions = tuple({*api_versions.SUBSCRIPTIONS, *api_versions.RESOURCES})
    listing = "Microsoft.Resources/subscriptions/read"
    namespace = _SUB + "/providers/{namespace}"
    return (
        _row("GET", "/metadata/endpoints", verb(subscriptions.metadata_endpoints),
             versions=api_versions.METADATA, doc="cloud metadata"),
        _row("GET", "/tenants", verb(subscriptions.list_tenants), versions=versions),
        _row("GET", "/subscriptions", verb(subscriptions.list_subscriptions), versions=versions,
             doc="resources/subscriptions"),
        _row("GET", _SUB, verb(subscriptions.get_subscription), action=listing, versions=versions,
             doc="resources/subscriptions"),
        _row("GET", _SUB + "/locations", verb(subscriptions.list_locations),
             action="Microsoft.Resources/subscriptions/locations/read", versions=versions),
        _row("GET", _SUB + "/providers", verb(providers.list_providers), action=listing,
             query=_PAGE, doc="resources/providers"),
        _row("GET", namespace, verb(providers.get_provider), action=listing, query=("$expand",)),
        _row("POST", namespace + "/register", verb(providers.register),
             action="Microsoft.Resources/subscriptions/providers/register/action"),
        _row("GET", _SUB + "/operationStatuses/{operation}", verb(operations.get_status),
             versions=()),
        _row("GET", _SUB + "/operationResults/{operation}", verb(operations.get_result),
             versions=()),
    )  # fmt: skip


def _resource_groups(store: Store) -> tuple[Route, ...]:
    def verb(function: Verb) -> Callable[[Request], Response]:
        return partial(function, store)

    can = "Microsoft.Resources/subscriptions/resourceGroups/"
    return (
        _row("GET", _SUB + "/resourcegroups", verb(resource_groups.list_groups),
             action=can + "read", query=_PAGE),
        _row("HEAD", _GROUP, verb(resource_groups.exists), action=can + "read"),
        _row("GET", _GROUP, verb(resource_groups.get), action=can + "read"),
        _row("PUT", _GROUP, verb(resource_groups.put), action=can + "write"),
        _row("PATCH", _GROUP, verb(resource_groups.patch), action=can + "write"),
        _row("DELETE", _GROUP, verb(resource_groups.delete), action=can + "delete",
             query=("forceDeletionTypes",)),
        _row("GET", _GROUP + "/resources", verb(resource_groups.list_resources),
             action=can + "resources/read", query=_PAGE),
        _row("GET", _SUB + "/resources", verb(resources.list_all),
             action="Microsoft.Resources/subscriptions/resources/read", query=_PAGE),
    )  # fmt: skip


def _storage_accounts(store: Store) -> tuple[Route, ...]:
    def row(
        method: str, pattern: str, function: Verb, action: str, query: tuple[str, ...] = ()
    ) -> Route:
        return _row(
            method, pattern, partial(function, store),
            action=f"Microsoft.Storage/storageAccounts/{action}", query=query,
            versions=api_versions.STORAGE, doc="storagerp/storage-accounts",
        )  # fmt: skip

    provider = "/providers/Microsoft.Storage/storageAccounts"
    one = _GROUP + provider + "/{account}"
    service = one + "/{kind}Services/default"
    blobs = one + "/blobServices/default"
    container = blobs + "/containers/{container}"
    acts = storage_accounts
    below = "blobServices/containers"
    return (
        row("GET", _SUB + provider, acts.list_accounts, "read"),
        row("GET", _GROUP + provider, acts.list_accounts, "read"),
        row("PUT", one, acts.put, "write"),
        row("PATCH", one, acts.patch, "write"),
        row("GET", one, acts.get, "read", ("$expand",)),
        row("DELETE", one, acts.delete, "delete"),
        row("POST", one + "/listKeys", acts.list_keys, "listKeys/action", ("$expand",)),
        row("POST", one + "/regenerateKey", acts.regenerate_key, "regenerateKey/action"),
        row("GET", service, acts.get_service, "blobServices/read"),
        row("PUT", service, acts.put_service, "blobServices/write"),
        row(
            "GET",
            blobs + "/containers",
            acts.list_containers,
            f"{below}/read",
            ("$maxpagesize", "$filter", "$include"),
        ),
        row("PUT", container, acts.put_container, f"{below}/write"),
        row("PATCH", container, acts.patch_container, f"{below}/write"),
        row("GET", container, acts.get_container, f"{below}/read"),
        row("DELETE", container, acts.delete_container, f"{below}/delete"),
    )


def _simple_type(store: Store, kind: ResourceType) -> tuple[Route, ...]:
    def row(
        method: str,
        pattern: str,
        function: Callable[[Store, ResourceType, Request], Response],
        action: str,
    ) -> Route:
        return Route(
            method=method, pattern=pattern, handler=partial(function, store, kind),
            action=f"{kind.full_type}/{action}", query=("$top", "$filter", "force"),
            api_versions=kind.api_versions, doc=kind.doc,
        )  # fmt: skip

    provider = f"/providers/{kind.full_type}"
    one = _GROUP + provider + "/{name}"
    return (
        row("GET", _SUB + provider, resources.list_of_type, "read"),
        row("GET", _GROUP + provider, resources.list_of_type, "read"),
        row("PUT", one, resources.put, "write"),
        row("PATCH", one, resources.patch, "write"),
        row("GET", one, resources.get, "read"),
        row("DELETE", one, resources.delete, "delete"),
    )


def _budgets(store: Store) -> tuple[Route, ...]:
    def row(method: str, pattern: str, function: Verb, action: str) -> Route:
        return _row(
            method, pattern, partial(function, store),
            action=f"Microsoft.Consumption/budgets/{action}", versions=api_versions.BUDGETS,
            doc="consumption/budgets",
        )  # fmt: skip

    base = "/{scope:path}/providers/Microsoft.Consumption/budgets"
    one = base + "/{budget}"
    return (
        row("GET", base, budgets.list_budgets, "read"),
        row("PUT", one, budgets.put, "write"),
        row("GET", one, budgets.get, "read"),
        row("DELETE", one, budgets.delete, "delete"),
    )


def _roles(store: Store) -> tuple[Route, ...]:
    def row(
        method: str, pattern: str, function: Verb, action: str, query: tuple[str, ...] = ()
    ) -> Route:
        return _row(
            method, pattern, partial(function, store), action=f"Microsoft.Authorization/{action}",
            query=query, versions=api_versions.AUTHORIZATION, doc="authorization/role-assignments",
        )  # fmt: skip

    base = "/{scope:path}/providers/Microsoft.Authorization/"
    one = base + "roleAssignments/{assignment}"
    acts, definition = role_assignments, role_definitions
    definitions = base + "roleDefinitions"
    return (
        row("GET", base + "roleAssignments", acts.list_assignments, "roleAssignments/read",
            ("$filter", "tenantId", "$skipToken")),
        row("PUT", one, acts.put, "roleAssignments/write"),
        row("GET", one, acts.get, "roleAssignments/read", ("tenantId",)),
        row("DELETE", one, acts.delete, "roleAssignments/delete", ("tenantId",)),
        row("GET", definitions, definition.list_definitions, "roleDefinitions/read", ("$filter",)),
        row("GET", definitions + "/{definition}", definition.get, "roleDefinitions/read"),
        row("PUT", definitions + "/{definition}", definition.put, "roleDefinitions/write"),
        row("DELETE", definitions + "/{definition}", definition.delete, "roleDefinitions/delete"),
        # azurerm reads a definition without a scope, too; what a role is, all may know
        Route(
            method="GET", pattern="/providers/Microsoft.Authorization/roleDefinitions",
            handler=partial(definition.list_definitions, store), query=("$filter",),
            api_versions=api_versions.AUTHORIZATION, doc=_DOC + "authorization/role-definitions",
        ),
        Route(
            method="GET", pattern="/providers/Microsoft.Authorization/roleDefinitions/{definition}",
            handler=partial(definition.get, store), query=(),
            api_versions=api_versions.AUTHORIZATION, doc=_DOC + "authorization/role-definitions",
        ),
    )  # fmt: skip
