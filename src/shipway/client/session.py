"""HTTP to the running server's owner API: base url, token, errors as `ShipwayError`."""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any

from shipway.base import front_door
from shipway.base.errors import ShipwayError, Unavailable
from shipway.base.home import Home

_SECONDS = 60.0
_PREFIX = "/api/v1"


class ServerSaid(ShipwayError):
    """An error that the server answered with."""


class Session:
    """Calls to one home's server. Raises `Unavailable` (ServerNotRunning) when there is none."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._state = front_door.state(home)
        try:
            self._token = (home.run / "owner.token").read_text()
        except OSError:
            raise self._down("its token is not there") from None

    @property
    def state(self) -> front_door.ServerState:
        """Ports and process of the server."""
        return self._state

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON of any shape
        """The JSON at `/api/v1<path>`. Raises `ServerSaid` with the server's own words."""
        return self.call("GET", path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401  # JSON
        """POST a JSON object."""
        return self.call("POST", path, body or {})

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401  # JSON
        """One call. Raises `ServerSaid` and `Unavailable`."""
        connection, answer = self._send(method, path, body, _SECONDS)
        try:
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._down(str(error)) from None
        finally:
            connection.close()
        if answer.status >= 400:
            raise _error_of(answer.status, content, f"{method} {_PREFIX}{path}")
        return json.loads(content) if content else None

    def lines(self, path: str) -> Iterator[str]:
        """The lines of an answer as they come, for logs and progress."""
        connection, answer = self._send("GET", path, None, None)
        try:
            if answer.status >= 400:
                raise _error_of(answer.status, answer.read(), f"GET {_PREFIX}{path}")
            for line in answer:
                yield line.decode(errors="replace").rstrip("\r\n")
        except (OSError, http.client.HTTPException) as error:
            raise self._down(str(error)) from None
        finally:
            connection.close()

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, seconds: float | None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._state.studio_port, timeout=seconds
        )
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        content = None
        if body is not None:
            content = json.dumps(dict(body)).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, _PREFIX + path, body=content, headers=headers)
            return connection, connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._down(str(error) or type(error).__name__) from None

    def _down(self, reason: str) -> Unavailable:
        return Unavailable(
            f"the server of {self._home.root} does not answer: {reason}",
            code="ServerNotRunning",
            where=f"127.0.0.1:{self._state.studio_port}",
            hint="Start it with `shipway up`.",
        )


def _error_of(status: int, content: bytes, place: str) -> ServerSaid:
    try:
        error = json.loads(content)["error"]
        code, message = str(error["code"]), str(error["message"])
        place = str(error.get("target") or place)
        hint = str(error.get("hint") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        code, message = (
            "UnexpectedAnswer",
            content.decode(errors="replace")[:500] or f"HTTP {status}",
        )
        hint = ""
    return ServerSaid(message, code=code, status=status, where=place, hint=hint)
