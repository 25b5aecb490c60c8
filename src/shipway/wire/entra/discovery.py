"""OpenID discovery: where the tenant's endpoints are and with which keys its tokens are checked.

Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
"""

from shipway.azure.entra import federated_credentials, signing_keys, tenant, tokens
from shipway.base.errors import BadInput, NotFound
from shipway.store.store import Store
from shipway.wire.entra.tokens import check_tenant
from shipway.wire.http import Request, Response, json_response

_LOGIN = "https://login.microsoftonline.com"
_ALIASES = (
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
)
# names that stand for "whichever tenant the user is of"
_ANY_TENANT = ("common", "organizations")


def configuration(store: Store, request: Request) -> Response:
    """`GET /{tenant}/v2.0/.well-known/openid-configuration` and the v1.0 form."""
    named = request.params["tenant"]
    if named.lower() not in _ANY_TENANT:
        check_tenant(store, named)
    tenant_id = tenant.facts(store).tenant_id
    version2 = "/v2.0/" in request.path
    base = f"{_LOGIN}/{tenant_id}"
    oauth = f"{base}/oauth2/v2.0" if version2 else f"{base}/oauth2"
    issuer = tokens.ISSUER_V2 if version2 else tokens.ISSUER
    return json_response(
        {
            "token_endpoint": f"{oauth}/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post", "client_secret_basic", "private_key_jwt",
            ],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer.format(tenant=tenant_id),
            "authorization_endpoint": f"{oauth}/authorize",
            "device_authorization_endpoint": f"{oauth}/devicecode",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
        }
    )  # fmt: skip


def keys(store: Store, request: Request) -> Response:
    """`GET /{tenant}/discovery/v2.0/keys`, also for `common`."""
    named = request.params["tenant"]
    if named.lower() not in _ANY_TENANT:
        check_tenant(store, named)
    return json_response(tokens.public_keys(store))


def instance(store: Store, request: Request) -> Response:
    """`GET /common/discovery/instance`: which hosts are one cloud. MSAL asks it for new hosts.

    Raises `BadInput` for an authority that is none of them.
    """
    endpoint = request.arg("authorization_endpoint")
    host = endpoint.removeprefix("https://").partition("/")[0]
    if host and host not in _ALIASES:
        raise BadInput(
            f"AADSTS50049: Unknown or invalid instance '{host}'",
            code="invalid_instance",
            where="authorization_endpoint",
        )
    tenant_id = tenant.facts(store).tenant_id
    return json_response(
        {
            "tenant_discovery_endpoint": (
                f"{_LOGIN}/{tenant_id}/v2.0/.well-known/openid-configuration"
            ),
            "api-version": request.arg("api-version", "1.1"),
            "metadata": [
                {
                    "preferred_network": "login.microsoftonline.com",
                    "preferred_cache": "login.windows.net",
                    "aliases": list(_ALIASES),
                }
            ],
        }
    )


def assertion_issuer(store: Store, request: Request) -> Response:
    """`GET vstoken.dev.azure.com/{organization}/.well-known/openid-configuration`."""
    _check_organization(store, request)
    issuer = federated_credentials.issuer_of(store)
    return json_response(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks",
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "claims_supported": ["sub", "aud", "exp", "iat", "iss", "nbf"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
        }
    )


def assertion_issuer_keys(store: Store, request: Request) -> Response:
    """The keys with which assertions of this home's organization are checked."""
    _check_organization(store, request)
    key = signing_keys.get(store, "vstoken")
    return json_response({"keys": [signing_keys.public_jwk(key)]})


def _check_organization(store: Store, request: Request) -> None:
    named = request.params["organization"]
    if named.lower() != tenant.facts(store).organization_id:
        raise NotFound(f"the organization '{named}' was not found", where=named)
