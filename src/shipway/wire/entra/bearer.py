"""Who acts, by a bearer token: the authentication of every protocol that takes Entra tokens."""

from collections.abc import Iterable

from shipway.azure.entra import tenant, tokens
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import Unauthenticated
from shipway.store.store import Store
from shipway.wire.chain import Authenticate
from shipway.wire.http import Request


def authenticate(
    store: Store, *, audiences: Iterable[str], open_paths: Iterable[str] = ()
) -> Authenticate:
    """Checks that take a token for one of `audiences`; `open_paths` need none."""
    accepted, opened = tuple(audiences), frozenset(path.lower() for path in open_paths)

    def check(request: Request) -> Principal:
        if request.path.rstrip("/").lower() in opened:
            return ANONYMOUS
        return principal_of(store, request, audiences=accepted)

    return check


def principal_of(store: Store, request: Request, *, audiences: Iterable[str]) -> Principal:
    """The token's principal. Raises `Unauthenticated` with the challenge that clients read."""
    scheme, _, bearer = request.headers.get("authorization").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        authority = f"https://login.microsoftonline.com/{tenant.facts(store).tenant_id}"
        raise Unauthenticated(
            "Authentication failed. The 'Authorization' header is missing or is not a Bearer token",
            code="AuthenticationFailed",
            where="Authorization",
            headers={
                "WWW-Authenticate": f'Bearer authorization_uri="{authority}", '
                'error="invalid_token", error_description="The access token is missing"'
            },
        )
    return tokens.check(store, bearer.strip(), audiences=audiences)
