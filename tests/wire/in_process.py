"""The real SDKs against the wire without a socket: a `requests` adapter that calls the chain.

`session(store)` gives a session whose https calls to Azure's names are answered in this process;
`transport(store)` wraps it for azure-core clients. Every refusal is kept in `Wire.refusals`.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from shipway.base import ids
from shipway.store.store import Store
from shipway.wire.arm import table as arm
from shipway.wire.blob import table as blob
from shipway.wire.chain import WireProtocol, answer
from shipway.wire.entra import table as entra
from shipway.wire.graph import table as graph
from shipway.wire.http import Body, FileBody, Headers, Request, Response
from shipway.wire.storage import table as storage
from shipway.wire.vault import table as vault


@dataclass
class Wire:
    """The protocols of one store, by host."""

    store: Store
    refusals: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def protocol_of(self, scheme: str, host: str) -> WireProtocol:
        name = host.partition(":")[0]
        if scheme == "http":
            return entra.protocol_plain(self.store)
        if name.endswith(".blob.core.windows.net"):
            return blob.protocol(self.store)
        if name.endswith((".queue.core.windows.net", ".table.core.windows.net")):
            return storage.protocol(self.store)
        if name.endswith(".vault.azure.net"):
            return vault.protocol(self.store)
        return {
            "login.microsoftonline.com": entra.protocol,
            "management.azure.com": arm.protocol,
            "graph.microsoft.com": graph.protocol,
        }[name](self.store)

    def answer(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Response:
        parts = urlsplit(url)
        self.requests.append(f"{method} {parts.path}")
        request = Request(
            method=method,
            host=parts.netloc,
            path=parts.path or "/",
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=Headers(fields=tuple(headers)),
            body=Body(content=body),
            request_id=ids.new_guid(),
            scheme=parts.scheme,
            raw_query=parts.query,
        )

        def refuse(protocol: str, request: Request, reason: str) -> None:
            self.refusals.append(f"{protocol} {request.method} {request.path}: {reason}")

        return answer(self.protocol_of(parts.scheme, parts.netloc), request, refuse)


class _Adapter(BaseAdapter):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        del args, kwargs
        body: Any = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        elif not isinstance(body, bytes | str):
            body = b"".join(body)
        content = body.encode() if isinstance(body, str) else bytes(body)
        headers = [
            (k, v.decode() if isinstance(v, bytes) else v) for k, v in request.headers.items()
        ]
        got = self._wire.answer(
            request.method or "GET", request.url or "", headers=headers, body=content
        )
        return _requests_response(request, got)

    def close(self) -> None:
        pass


def content_of(response: Response) -> bytes:
    """The bytes that the server would send."""
    if isinstance(response.body, bytes):
        return response.body
    if isinstance(response.body, FileBody):
        with response.body.path.open("rb") as file:
            file.seek(response.body.offset)
            return file.read() if response.body.length is None else file.read(response.body.length)
    assert isinstance(response.body, Iterable)
    return b"".join(response.body)


def _requests_response(request: requests.PreparedRequest, got: Response) -> requests.Response:
    content = content_of(got)
    fields = HTTPHeaderDict(got.headers)
    if "Content-Length" not in fields:
        fields["Content-Length"] = str(len(content))
    if request.method == "HEAD":
        content = b""
    raw = HTTPResponse(
        body=io.BytesIO(content), headers=fields, status=got.status, preload_content=False,
        request_method=request.method,
    )  # fmt: skip
    response = requests.Response()
    response.status_code = got.status
    response.headers.update(dict(fields.items()))
    response.raw = raw
    response.url = request.url or ""
    response.request = request
    response.reason = str(got.status)
    return response


def session(wire: Wire) -> requests.Session:
    """A `requests` session that reaches nothing but the wire."""
    made = requests.Session()
    made.adapters.clear()
    made.mount("https://", _Adapter(wire))
    made.mount("http://", _Adapter(wire))
    made.trust_env = False
    return made


class _Transport(RequestsTransport):  # type: ignore[misc]
    def _init_session(self, session: requests.Session) -> None:
        # azure-core would mount adapters of its own over ours
        session.trust_env = False


def transport(wire: Wire) -> Any:
    """An azure-core transport over `session`."""
    return _Transport(session=session(wire), session_owner=False)
