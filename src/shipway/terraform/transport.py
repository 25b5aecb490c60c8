"""HTTP to Azure's names through this machine's front door: connections kept, answers read.

Goes nowhere else: the door's own authority is the only one trusted here, so that no credential
reaches Microsoft by accident.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shipway.base import front_door
from shipway.base.errors import Unavailable
from shipway.base.home import Home

_SECONDS = 120.0
_ATTEMPTS = 6
_BUSY = (429, 503)
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer: header fields in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:  # noqa: ANN401  # any JSON value
        """The body as JSON; None when it is empty or something else."""
        try:
            return json.loads(self.content) if self.content else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the front door is, and the certificate of its authority."""

    port: int
    authority: Path


def find_door(home: Home, env_vars: Mapping[str, str]) -> Door:
    """The door that the variables name, if it is this machine's; else that of the home.

    Raises `Unavailable` when no server has been started.
    """
    proxy = urlsplit(env_vars.get("HTTPS_PROXY") or env_vars.get("https_proxy") or "")
    bundle = env_vars.get("SSL_CERT_FILE", "")
    if bundle and proxy.hostname in front_door.LOOPBACK and proxy.port:
        # our bundles lie beside the authority's own certificate; any other bundle, with a proxy on
        # loopback, is somebody else's way to the real Azure
        authority = Path(bundle).with_name("authority.pem")
        if authority.exists():
            return Door(port=proxy.port, authority=authority)
    port = front_door.state(home).proxy_port
    return Door(port=port, authority=home.authority / "authority.pem")


class Transport:
    """Sends requests; safe to use from many threads. A connection serves one request at a time."""

    def __init__(self, door: Door, *, user_agent: str, pause: Callable[[float], object]) -> None:
        self._door = door
        self._user_agent = user_agent
        self._pause = pause
        self._idle: dict[str, list[http.client.HTTPConnection]] = {}
        self._lock = threading.Lock()
        try:
            self._context = ssl.create_default_context(cafile=str(door.authority))
        except (OSError, ssl.SSLError) as error:
            raise Unavailable(
                f"the authority's certificate cannot be read: {error}",
                where=str(door.authority), hint="Start the server with `shipway up`.",
            ) from None  # fmt: skip

    def send(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """One request; a busy service (429, 503) is asked again after the pause it names.

        Raises `Unavailable` when nobody answers.
        """
        for attempt in range(_ATTEMPTS):
            answer = self._once(method, url, content, headers)
            if answer.status not in _BUSY or attempt == _ATTEMPTS - 1:
                return answer
            told = answer.headers.get("retry-after", "")
            pause = float(told) if told.isdecimal() else 0.5 * 2**attempt
            self._pause(min(pause, _LONGEST_PAUSE))
        raise AssertionError  # the last attempt has returned

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            for idle in self._idle.values():
                for connection in idle:
                    connection.close()
            self._idle.clear()

    def _once(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        place = f"{parts.scheme}://{parts.netloc}"
        while True:
            connection, is_kept = self._take(place)
            try:
                connection.request(method, target, body=content, headers=self._fields(headers))
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # one that was kept may have been closed on the other side meanwhile
                if is_kept and isinstance(error, http.client.RemoteDisconnected | BrokenPipeError):
                    continue
                raise Unavailable(
                    f"{parts.netloc} does not answer: {error or type(error).__name__}",
                    where=url, hint="Start the server with `shipway up`, then run it again.",
                ) from None  # fmt: skip
            self._give_back(place, connection, answer)
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=fields, content=body)

    def _fields(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {"User-Agent": self._user_agent, "Accept": "application/json", **headers}

    def _take(self, place: str) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            idle = self._idle.get(place)
            if idle:
                return idle.pop(), True
        parts = urlsplit(place)
        if parts.scheme == "http":  # an identity endpoint on loopback
            return http.client.HTTPConnection(parts.netloc, timeout=_SECONDS), False
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._door.port, timeout=_SECONDS, context=self._context
        )
        connection.set_tunnel(parts.hostname or "", parts.port or 443)
        return connection, False

    def _give_back(
        self, place: str, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> None:
        if answer.will_close:
            connection.close()
            return
        with self._lock:
            self._idle.setdefault(place, []).append(connection)
