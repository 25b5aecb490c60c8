"""Somebody who calls one of the services in this process, by method, path, api-version and body."""

import json
from typing import Any

from tests.wire.azure_home import AzureHome
from tests.wire.in_process import content_of

from shipway.azure.entra import audiences
from shipway.azure.entra.principals import Principal

Answer = tuple[int, Any]


class Caller:
    """Calls a host as `principal`; answers are (status, JSON)."""

    def __init__(self, home: AzureHome, principal: Principal, host: str, audience: str) -> None:
        self._home = home
        self._auth = home.bearer(principal, audience)
        self._host = host

    def __call__(self, method: str, path: str, version: str = "", body: object = None) -> Answer:
        glue = "&" if "?" in path else "?"
        asked = f"{glue}api-version={version}" if version else ""
        got = self._home.wire.answer(
            method, f"https://{self._host}{path}{asked}", headers=[self._auth],
            body=json.dumps(body).encode() if body is not None else b"",
        )  # fmt: skip
        text = content_of(got)
        return got.status, json.loads(text) if text else None


def arm(home: AzureHome, principal: Principal) -> Caller:
    return Caller(home, principal, "management.azure.com", audiences.ARM)


def graph(home: AzureHome, principal: Principal) -> Caller:
    return Caller(home, principal, "graph.microsoft.com", audiences.GRAPH)


def vault(home: AzureHome, principal: Principal, name: str) -> Caller:
    return Caller(home, principal, f"{name}.vault.azure.net", audiences.VAULT)
