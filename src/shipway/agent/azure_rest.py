"""The few calls to Azure that agentless tasks make, over the front door like any client."""

import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from shipway.agent.service_connections import ConnectionLogin
from shipway.base import front_door
from shipway.base.errors import ShipwayError, Unavailable
from shipway.base.home import Home

_SECONDS = 60.0
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def opener(home: Home) -> OpenerDirector:
    """Sends requests for Azure's names to this home's front door, trusting its authority."""
    url = front_door.state(home).proxy_url
    context = ssl.create_default_context(cafile=str(front_door.bundle(home)))
    return build_opener(ProxyHandler({"https": url}), HTTPSHandler(context=context))


def token(home: Home, login: ConnectionLogin, *, scope: str) -> str:
    """An access token for the login. Raises `ShipwayError` with Entra's words."""
    form = {"grant_type": "client_credentials", "client_id": login.client_id, "scope": scope}
    if login.federated:
        form |= {"client_assertion_type": _ASSERTION, "client_assertion": login.secret}
    else:
        form["client_secret"] = login.secret
    url = f"https://login.microsoftonline.com/{login.tenant_id}/oauth2/v2.0/token"
    answer = send(home, "POST", url, body=urlencode(form).encode())
    return str(answer["access_token"])


def send(
    home: Home,
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A request with a JSON answer.

    Raises `ShipwayError` with the service's own code and message, `Unavailable` without answer.
    """
    request = Request(url, data=body, method=method, headers=dict(headers or {}))  # noqa: S310  # https only
    try:
        with opener(home).open(request, timeout=_SECONDS) as answer:
            content = answer.read()
    except HTTPError as error:
        raise _refused(error) from None
    except (URLError, OSError) as error:
        raise Unavailable(f"{url} did not answer: {error}", where=url) from None
    return dict(json.loads(content or b"{}"))


def _refused(error: HTTPError) -> ShipwayError:
    text = error.read().decode(errors="replace")
    try:
        said = json.loads(text)
    except ValueError:
        said = {}
    inner = said.get("error", said) if isinstance(said, dict) else {}
    if not isinstance(inner, dict):
        inner = {"code": str(inner), "message": said.get("error_description", text)}
    return ShipwayError(
        str(inner.get("message", text)),
        code=str(inner.get("code", error.code)),
        status=error.code,
        where=error.url or "",
    )
