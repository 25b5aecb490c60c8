"""Every route of login.microsoftonline.com, the managed identities' and the assertion issuer's."""

from functools import partial

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.store.store import Store
from shipway.wire.chain import WireProtocol
from shipway.wire.entra import discovery, managed_identity_tokens, tokens
from shipway.wire.entra.envelope import entra_error
from shipway.wire.http import Request, Route, RouteTable

_DOC = "https://learn.microsoft.com/entra/identity-platform/"
_MSI_DOC = "https://learn.microsoft.com/azure/app-service/overview-managed-identity"
_MSI_QUERY = (
    "resource", "client_id", "clientid", "object_id", "principal_id", "mi_res_id", "msi_res_id",
)  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """In the order in which a client meets them: what the cloud is, its keys, a token."""
    configuration = partial(discovery.configuration, store)
    keys = partial(discovery.keys, store)
    return (
        Route(
            method="GET", pattern="/common/discovery/instance",
            handler=partial(discovery.instance, store), query=("authorization_endpoint",), doc=_DOC,
        ),
        Route(
            method="GET", pattern="/{tenant}/v2.0/.well-known/openid-configuration",
            handler=configuration, query=("appid",), doc=_DOC + "v2-protocols-oidc",
        ),
        Route(
            method="GET", pattern="/{tenant}/.well-known/openid-configuration",
            handler=configuration, query=("appid",), doc=_DOC + "v2-protocols-oidc",
        ),
        Route(
            method="GET", pattern="/{tenant}/discovery/v2.0/keys", handler=keys, query=("appid",),
        ),
        Route(method="GET", pattern="/{tenant}/discovery/keys", handler=keys, query=("appid",)),
        Route(
            method="POST", pattern="/{tenant}/oauth2/v2.0/token",
            handler=partial(tokens.post_v2, store), query=(),
            doc=_DOC + "v2-oauth2-client-creds-grant-flow",
        ),
        Route(
            method="POST", pattern="/{tenant}/oauth2/token",
            handler=partial(tokens.post_v1, store), query=(),
            doc="https://learn.microsoft.com/previous-versions/azure/active-directory/azuread-dev/v1-oauth2-client-creds-grant-flow",
        ),
    )  # fmt: skip


def routes_plain(store: Store) -> tuple[Route, ...]:
    """The managed identities' routes, for the plain http port on loopback."""
    return (
        Route(
            method="GET", pattern="/msi/token",
            handler=partial(managed_identity_tokens.app_service, store),
            query=_MSI_QUERY, doc=_MSI_DOC,
        ),
        Route(
            method="GET", pattern="/metadata/identity/oauth2/token",
            handler=partial(managed_identity_tokens.imds, store),
            query=_MSI_QUERY,
            doc="https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token",
        ),
    )  # fmt: skip


def routes_assertion_issuer(store: Store) -> tuple[Route, ...]:
    """What vstoken.dev.azure.com answers: how to check this organization's assertions."""
    doc = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
    return (
        Route(
            method="GET", pattern="/{organization}/.well-known/openid-configuration",
            handler=partial(discovery.assertion_issuer, store), query=(), doc=doc,
        ),
        Route(
            method="GET", pattern="/{organization}/.well-known/jwks",
            handler=partial(discovery.assertion_issuer_keys, store), query=(), doc=doc,
        ),
    )  # fmt: skip


def protocol(store: Store) -> WireProtocol:
    """login.microsoftonline.com: nobody has a token yet, so nobody is asked for one."""
    return _open_protocol("entra", routes(store))


def protocol_plain(store: Store) -> WireProtocol:
    """The managed identities' endpoint."""
    return _open_protocol("managed identity", routes_plain(store))


def _open_protocol(name: str, rows: tuple[Route, ...]) -> WireProtocol:
    return WireProtocol(
        name=name,
        table=RouteTable(rows),
        authenticate=_anonymous,
        authorize=_allowed,
        envelope=entra_error,
    )


def _anonymous(request: Request) -> Principal:
    del request
    return ANONYMOUS


def _allowed(request: Request, route: Route) -> None:
    del request, route
