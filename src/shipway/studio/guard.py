"""Who may come in: the host, the origin, the session's cookie, the form's own word.

A page is shown to whoever has a session. A cookie alone never changes anything: a form has to
carry the session's CSRF token and come from this very origin.
"""

from collections.abc import Mapping

from aiohttp import web

from shipway.azure.entra import sign_ins
from shipway.azure.entra.sign_ins import BrowserSession
from shipway.base.errors import Forbidden, Unauthenticated
from shipway.store.store import Store

_NAMES = ("127.0.0.1", "localhost", "[::1]")

# nothing from elsewhere, no inline script or style, nobody may frame it; `same-origin` and not
# `no-referrer`, for with that browsers send forms with the origin `null`
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# what was made by a run is shown without scripts and as nobody's origin
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def port_of(incoming: web.BaseRequest) -> int:
    """The port that the connection came in on."""
    transport = incoming.transport
    name = transport.get_extra_info("sockname") if transport else None
    return int(name[1]) if name else 0


def check_place(incoming: web.BaseRequest) -> None:
    """Only this address, only from this address. Raises `Forbidden` for another Host or Origin.

    A name that a stranger's DNS points at 127.0.0.1 is another Host; a page of another local
    server is another Origin.
    """
    port = port_of(incoming)
    own = {f"{name}:{port}" for name in _NAMES}
    host = incoming.headers.get("Host", "").lower()
    if host not in own:
        raise Forbidden(
            f"the studio does not answer for the host '{host[:80]}'", code="ForeignHost",
            where=f"Host: {host[:80]}", hint=f"Open http://127.0.0.1:{port}.",
        )  # fmt: skip
    origin = incoming.headers.get("Origin", "").lower()
    if origin and origin != f"http://{host}":
        raise Forbidden(
            f"a request from '{origin[:80]}' is refused", code="ForeignOrigin",
            where=f"Origin: {origin[:80]}", hint="Use the studio's own pages.",
        )  # fmt: skip


def cookie_name(port: int) -> str:
    """Cookies know no ports, so that servers beside each other need a name each."""
    return f"shipway-{port}"


def cookie(incoming: web.BaseRequest) -> str:
    """The session's token as the browser sent it; empty for none."""
    return incoming.cookies.get(cookie_name(port_of(incoming)), "")


def cookie_field(port: int, token: str, *, seconds: int) -> str:
    """The Set-Cookie field: unseen by scripts, never sent from another site."""
    return (
        f"{cookie_name(port)}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"
    )  # fmt: skip


def session(store: Store, token: str) -> BrowserSession:
    """The session of a cookie. Raises `Unauthenticated` that says how to sign in."""
    found = sign_ins.find_session(store, token)
    if found is None:
        raise Unauthenticated(
            "nobody is signed in here" if not token else "the session is over",
            code="SignInNeeded", where="the studio",
            hint="Print a link that signs you in: shipway open --as USER",
        )  # fmt: skip
    return found


def check_form(found: BrowserSession, form: Mapping[str, str]) -> None:
    """Raises `Forbidden` unless the form is one of this session's own."""
    if not sign_ins.is_own_form(found, form.get("csrf_token", "")):
        raise Forbidden(
            "the form does not belong to this session", code="ForeignForm", where="csrf_token",
            hint="Load the page again and send it from there.",
        )  # fmt: skip
