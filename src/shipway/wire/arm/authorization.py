"""Who may call ARM: a token for it, a subscription that exists, and the route's role."""

from shipway.azure.arm import resource_ids, role_assignments
from shipway.azure.entra import audiences, tenant
from shipway.base.errors import BadInput, NotFound
from shipway.store.store import Store
from shipway.wire.chain import Authenticate, Authorize
from shipway.wire.entra import bearer
from shipway.wire.http import Request, Route

OPEN_PATHS = ("/metadata/endpoints",)


def authenticate(store: Store) -> Authenticate:
    """A token for ARM (or Azure ML, whose SDK sends either to ARM)."""
    return bearer.authenticate(
        store, audiences=(audiences.ARM, audiences.ML), open_paths=OPEN_PATHS
    )


def authorize(store: Store) -> Authorize:
    """The route's action at the scope that the path names."""

    def check(request: Request, route: Route) -> None:
        check_subscription(store, request.path)
        if route.action:
            role_assignments.require(
                store, request.principal, action=route.action, scope=_scope(request)
            )

    return check


def _scope(request: Request) -> str:
    """What is acted upon: the `scope` of routes that go by any scope, else the path's."""
    if "scope" not in request.params:
        return resource_ids.scope_of_path(request.path)
    scope = "/" + request.params["scope"].strip("/")
    if scope != "/" and not resource_ids.same(str(resource_ids.parse(scope)), scope):
        raise BadInput(
            f"The scope '{scope}' is not valid", code="InvalidScope", where=scope,
            hint="A subscription, a resource group or a resource.",
        )  # fmt: skip
    return scope


def check_subscription(store: Store, path: str) -> None:
    """Raises `NotFound` (SubscriptionNotFound) when the path names another subscription."""
    scope = resource_ids.scope_of_path(path)
    if scope == "/":
        return
    named = resource_ids.parse(scope).subscription_id
    own = tenant.facts(store).subscription_id
    if named.lower() != own:
        raise NotFound(
            f"The subscription '{named}' could not be found",
            code="SubscriptionNotFound",
            where=named,
            hint=f"This home's subscription is {own} (`shipway env` prints it).",
        )
