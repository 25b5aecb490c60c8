"""Signing in to the studio: one-time links that become browser sessions.

Only the owner's command makes a link. A link works once and for a few minutes; link and session
tokens are kept as hashes, so whoever reads the database can use neither. A session carries its own
CSRF token, which every form must return. Knows: documents, users. Must not know: HTTP, cookies.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import BadInput, Unauthenticated
from shipway.store.documents import Document
from shipway.store.store import Store

_LINK, _SESSION = "sign_in_link", "browser_session"
LINK_SECONDS = 300
SESSION_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A link that has not been used: `token` is shown once and never stored."""

    token: str
    user: str
    page: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """A signed-in browser: who acts, and the word that each of its forms has to carry."""

    principal: Principal
    display_name: str
    csrf_token: str
    expires_at: datetime


def create_link(
    store: Store, *, user: str, page: str = "/", seconds: int = LINK_SECONDS
) -> SignInLink:
    """A link for a person to a page. Raises `NotFound` for the person, `BadInput` for the page."""
    if not page.startswith("/") or page.startswith(("//", "/\\")) or not page.isprintable():
        raise BadInput(
            f"'{page[:60]}' is not a page of the studio", code="NotAPage", where="page",
            hint="A page is a path such as /runs/12.",
        )  # fmt: skip
    person = users.get(store, user)
    token = ids.new_token()
    expires = store.clock.now() + timedelta(seconds=seconds)
    body = {"object_id": person.object_id, "page": page, "expires_at": timestamp(expires)}
    with store.database.transaction():
        _forget_expired(store)
        store.documents.put(_LINK, ids.digest(token), body)
    return SignInLink(token=token, user=person.name, page=page, expires_at=expires)


def redeem(store: Store, token: str) -> tuple[str, str]:
    """Use a link: the new session's token and the page to show.

    Raises `Unauthenticated` when the link was used, is too old or never was.
    """
    key = ids.digest(token)
    with store.database.transaction():
        link = store.documents.find(_LINK, key)
        if link is None or not store.documents.delete(_LINK, key) or _is_over(store, link):
            raise Unauthenticated(
                "this sign-in link was used already, or it is too old", code="LinkNotValid",
                where="/sign-in", hint="Print a new one: shipway open --as USER",
            )  # fmt: skip
        session = ids.new_token()
        expires = store.clock.now() + timedelta(seconds=SESSION_SECONDS)
        body = {"object_id": link.body["object_id"], "expires_at": timestamp(expires)}
        store.documents.put(_SESSION, ids.digest(session), body)
    return session, str(link.body["page"])


def find_session(store: Store, token: str) -> BrowserSession | None:
    """The session of a token; None when it is over or its person is gone."""
    found = store.documents.find(_SESSION, ids.digest(token)) if token else None
    if found is None or _is_over(store, found):
        return None
    person = users.find(store, str(found.body["object_id"]))
    if person is None:
        return None
    return BrowserSession(
        principal=users.principal_of(store, person), display_name=person.display_name,
        # made from the session's token, so that it need not be stored
        csrf_token=ids.digest(f"form {token}"),
        expires_at=parse_timestamp(str(found.body["expires_at"])),
    )  # fmt: skip


def is_own_form(session: BrowserSession, given: str) -> bool:
    """Whether a form carries the session's own word; takes the same time either way."""
    return hmac.compare_digest(session.csrf_token.encode(), given.encode("utf-8", "replace"))


def end_session(store: Store, token: str) -> None:
    """Sign out; nothing happens when there is no such session."""
    store.documents.delete(_SESSION, ids.digest(token))


def _forget_expired(store: Store) -> None:
    for kind in (_LINK, _SESSION):
        for document in store.documents.list(kind):
            if _is_over(store, document):
                store.documents.delete(kind, document.key)


def _is_over(store: Store, document: Document) -> bool:
    return parse_timestamp(str(document.body["expires_at"])) <= store.clock.now()
