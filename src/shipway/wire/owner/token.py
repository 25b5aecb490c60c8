"""The owner's token: random, in a 0600 file of the home, fresh at every start of the server."""

import hmac
from collections.abc import Callable

from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.errors import Unauthenticated
from shipway.base.home import Home, write_private
from shipway.store.store import Store
from shipway.wire.http import Request

FILE = "owner.token"


def write(home: Home) -> str:
    """Make a token and leave it where the owner's commands find it."""
    text = ids.new_token()
    write_private(home.run / FILE, text.encode())
    return text


def authenticate(store: Store, token: str) -> Callable[[Request], Principal]:
    """A check that takes this token only and answers with the owner."""

    def check(request: Request) -> Principal:
        scheme, _, given = request.headers.get("authorization").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            given.strip().encode("utf-8", "surrogateescape"), token.encode()
        ):
            raise Unauthenticated(
                "the owner's token is missing or is not this server's",
                code="OwnerTokenNeeded",
                where="Authorization",
                hint="Commands read it from run/owner.token of the home; is SHIPWAY_HOME right?",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return users.owner(store)

    return check
