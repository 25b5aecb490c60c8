"""Calls of Microsoft Graph that are answered in this process by the real routes."""

import json
from typing import Any
from urllib.parse import quote

from tests.wire.azure_home import AzureHome
from tests.wire.in_process import content_of

from shipway.azure.entra import audiences, users
from shipway.terraform.calls import ApiError, Calls


class WireCalls(Calls):
    """Acts as the owner; `object_id` is the developer's application."""

    def __init__(self, home: AzureHome) -> None:
        self._home = home
        self._auth = home.bearer(users.owner(home.store), audiences.GRAPH)
        self.object_id = home.developer.object_id
        self.client_id = home.developer.client_id
        self.tenant_id = home.developer.tenant_id

    def graph(self, method: str, path: str, **options: Any) -> dict[str, Any] | None:
        version = "beta" if options.get("beta") else "v1.0"
        body = options.get("body")
        url = quote(f"https://graph.microsoft.com/{version}{path}", safe=":/?&=$%',()-_.@ ")
        got = self._home.wire.answer(
            method, url, headers=[self._auth],
            body=b"" if body is None else json.dumps(body).encode(),
        )  # fmt: skip
        if got.status == 404 and options.get("missing_ok"):
            return None
        text = content_of(got)
        told = json.loads(text) if text else None
        if got.status not in options.get("accept", range(200, 300)):
            assert told is not None
            raise ApiError(got.status, told["error"]["code"], told["error"]["message"])
        return dict(told) if told is not None else None
