"""A visitor of the studio without a browser: raw requests, a cookie jar of one."""

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.shipway_server import ShipwayServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An answer of the studio."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(kw_only=True)
class Visitor:
    """Somebody at 127.0.0.1:port; `cookie` once signed in."""

    port: int
    cookie: str = ""

    def ask(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Seen:
        """One request; `headers` win over what a browser would send."""
        sent = {"Host": f"127.0.0.1:{self.port}"}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = urlencode(form) if form is not None else None
            connection.request(method, path, body=body, headers={**sent, **(headers or {})})
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Seen(status=answer.status, headers=fields, text=answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str) -> Seen:
        return self.ask("GET", path)

    def csrf_token(self) -> str:
        """The word that this session's forms carry."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/runs").text)
        assert found
        return found[1]


def link_for(server: ShipwayServer, user: str, page: str = "/runs") -> str:
    """A one-time link, as `shipway open` prints it."""
    printed = server.command("open", "--as", user, page, "--json").stdout
    return str(json.loads(printed)["url"])


def signed_in(server: ShipwayServer, user: str) -> Visitor:
    """A visitor who has used a link."""
    place, _, path = link_for(server, user).removeprefix("http://").partition("/")
    visitor = Visitor(port=int(place.rpartition(":")[2]))
    seen = visitor.get(f"/{path}")
    assert seen.status == 200
    visitor.cookie = seen.headers["set-cookie"].partition(";")[0]
    return visitor
