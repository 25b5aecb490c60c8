"""Calls to Azure's REST routes through the front door, as the developer of this home.

For seeding and for commands that need what the SDKs do not give; the same calls would work on
Azure. One connection per host is kept open.
"""

import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from shipway.base import clock, front_door
from shipway.base.errors import ShipwayError, Unavailable
from shipway.base.home import Home
from shipway.client.session import Session

ARM = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"
STORAGE = "https://storage.azure.com"
DEVOPS = "https://dev.azure.com/shipway"
_SECONDS = 120.0
_LONGEST_OPERATION = 600.0


class AzureSaid(ShipwayError):
    """An error that one of Azure's services answered with."""


class AzureClient:
    """Authenticated JSON calls. Raises `AzureSaid`, and `Unavailable` without a server."""

    def __init__(self, home: Home) -> None:
        self._state = front_door.state(home)
        self._context = ssl.create_default_context(
            # the machine's own certificates cost 25 ms to read and vouch for nobody here
            cafile=str(home.authority / "authority.pem")
        )
        self._credentials: Mapping[str, str] = Session(home).get("/credentials")
        self._tokens: dict[str, str] = {}
        self._connections: dict[str, http.client.HTTPSConnection] = {}

    def close(self) -> None:
        """Close what is kept open; a later call opens it again."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    @property
    def subscription_id(self) -> str:
        """The home's subscription."""
        return self._credentials["subscription_id"]

    @property
    def tenant_id(self) -> str:
        """The home's tenant."""
        return self._credentials["tenant_id"]

    def arm(
        self, method: str, path: str, *, api_version: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """An ARM call; a long-running one is waited for, its final resource is the answer."""
        joint = "&" if "?" in path else "?"
        url = f"{ARM}{path}{joint}api-version={api_version}"
        status, headers, answer = self.send(method, url, resource=ARM, body=body)
        polling = headers.get("azure-asyncoperation") or headers.get("location")
        if method in ("PUT", "POST", "DELETE") and status in (201, 202) and polling:
            self._await(polling)
            if method == "PUT":
                return self.send("GET", url, resource=ARM)[2]
        return answer

    def graph(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """A Microsoft Graph call below `/v1.0`."""
        return self.send(method, f"{GRAPH}/v1.0{path}", resource=GRAPH, body=body)[2]

    def devops(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401  # some calls take a list
        *,
        api_version: str = "7.1",
    ) -> dict[str, Any]:
        """An Azure DevOps call below the organization."""
        joint = "&" if "?" in path else "?"
        url = f"{DEVOPS}{path}{joint}api-version={api_version}"
        # Azure DevOps knows its members, not every application of the tenant: the owner's token
        pair = f":{self._credentials['personal_access_token']}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return self.send(method, url, resource="", body=body, headers=headers)[2]

    def put_blob(self, account: str, container: str, name: str, content: bytes) -> None:
        """Write a block blob."""
        url = f"https://{account}.blob.core.windows.net/{container}/{name}"
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2023-11-03"}
        self.send("PUT", url, resource=STORAGE, content=content, headers=headers)

    def send(
        self,
        method: str,
        url: str,
        *,
        resource: str,
        body: Any = None,  # noqa: ANN401  # any JSON value
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Mapping[str, str], dict[str, Any]]:
        """One call, with a token for `resource` if it names one.

        Status, header fields in lower case, JSON.
        """
        sent = dict(headers or {})
        if resource:
            sent["Authorization"] = f"Bearer {self.token(resource)}"
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        return self._call(method, url, content, sent)

    def token(self, resource: str) -> str:
        """An access token for a resource."""
        if resource not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": self._credentials["client_id"],
                "client_secret": self._credentials["client_secret"],
                "scope": f"{resource}/.default",
            }
            url = f"https://login.microsoftonline.com/{self.tenant_id}/oauth2/v2.0/token"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._call("POST", url, urlencode(form).encode(), headers)[2]
            self._tokens[resource] = str(answer["access_token"])
        return self._tokens[resource]

    def _await(self, url: str) -> None:
        end = clock.monotonic() + _LONGEST_OPERATION
        while clock.monotonic() < end:
            status, _, answer = self.send("GET", url, resource=ARM)
            state = str(answer.get("status", "Succeeded" if status == 200 else "InProgress"))
            if state in ("Failed", "Canceled"):
                error = answer.get("error") or {}
                raise AzureSaid(
                    str(error.get("message", state)), code=str(error.get("code", state)), where=url
                )
            if state == "Succeeded":
                return
            clock.sleep(0.05)
        raise Unavailable("a long-running operation did not end in ten minutes", where=url)

    def _call(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], dict[str, Any]]:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            answer, text = self._exchange(parts.netloc, method, target, content, headers)
        except (OSError, http.client.HTTPException):
            # a connection that was idle may be closed on the other side: once more on a new one
            self._connections.pop(parts.netloc).close()
            try:
                answer, text = self._exchange(parts.netloc, method, target, content, headers)
            except (OSError, http.client.HTTPException) as error:
                raise Unavailable(
                    f"{parts.netloc} does not answer: {error}",
                    where=url,
                    hint="Start the server with `shipway up`.",
                ) from None
        fields = {name.lower(): value for name, value in answer.getheaders()}
        if answer.status >= 400:
            raise _error(answer.status, text, f"{method} {url}")
        is_json = "json" in fields.get("content-type", "")
        value = json.loads(text) if text and is_json else {}
        return answer.status, fields, value if isinstance(value, dict) else {"value": value}

    def _exchange(
        self,
        host: str,
        method: str,
        target: str,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._connection(host)
        connection.request(method, target, body=content, headers=dict(headers))
        answer = connection.getresponse()
        return answer, answer.read()

    def _connection(self, host: str) -> http.client.HTTPSConnection:
        if host not in self._connections:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self._state.proxy_port, timeout=_SECONDS, context=self._context
            )
            connection.set_tunnel(host, 443)
            self._connections[host] = connection
        return self._connections[host]


def _error(status: int, text: bytes, place: str) -> AzureSaid:
    message, code = text.decode(errors="replace")[:1000] or f"HTTP {status}", str(status)
    try:
        said = json.loads(text)
        inner = said.get("error", said)
        if isinstance(inner, dict):
            message = str(inner.get("message", message))
            code = str(inner.get("code") or inner.get("typeKey") or code)
        else:
            message, code = str(said.get("error_description", message)), str(inner)
    except (ValueError, AttributeError):
        pass
    return AzureSaid(message, code=code, status=status, where=place)
