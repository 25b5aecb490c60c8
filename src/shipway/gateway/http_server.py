"""Turns what comes in on a socket into `wire.http.Request`, and `Response` into bytes.

One asyncio loop reads and writes; handlers run in a bounded pool of threads. A body past
`MEMORY_LIMIT` goes to a file that is removed afterwards. Which protocol answers is decided by the
Host of a TLS request and by the path of a plain one.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from aiohttp import hdrs, web
from aiohttp.http_exceptions import LineTooLong

from shipway.base import ids
from shipway.base.errors import BadInput, ShipwayError
from shipway.gateway import hosts
from shipway.gateway.authority import NamedContext
from shipway.gateway.http_answer import Pool, fields_of, send
from shipway.wire import chain
from shipway.wire.chain import Refuse, WireProtocol
from shipway.wire.http import (
    MEMORY_LIMIT,
    Body,
    Headers,
    Request,
    Response,
)

_LOG = logging.getLogger(__name__)
_HEADER_LIMIT = 64 * 1024
_CHUNK = 1 << 18
_GONE_CHECK_SECONDS = 1.0
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)

_Done = TypeVar("_Done")

AsyncHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class HeadersTooLarge(ShipwayError):
    """Header fields past 64 KiB."""

    default_code, default_status = "RequestHeaderFieldsTooLarge", 431


class Misdirected(ShipwayError):
    """A request whose Host is not what the connection was opened for."""

    default_code, default_status = "MisdirectedRequest", 421


class Unexpected(ShipwayError):
    """A fault of our own."""

    default_code, default_status = "InternalServerError", 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Who answers what.

    `protocols` by family of `hosts.HOSTS`, with `owner` for the studio port's `/api/` besides;
    `inference` and `studio` take the raw request, for they stream and wait without a thread.
    """

    protocols: Mapping[str, WireProtocol]
    inference: AsyncHandler | None = None
    studio: AsyncHandler | None = None


class HttpServer:
    """Makes the protocol objects that serve connections, TLS or plain."""

    def __init__(self, faces: Faces, *, refuse: Refuse, temporary: Path, pool: Pool) -> None:
        self._faces = faces
        self._refuse = refuse
        self._temporary = temporary
        self._pool = pool
        self._server = _Connections(
            self._serve,
            access_log=None,
            auto_decompress=False,  # git and blob storage need the bytes as they were sent
            max_line_size=_HEADER_LIMIT,
            max_field_size=_HEADER_LIMIT,
            keepalive_timeout=300.0,
            lingering_time=2.0,
        )
        self._server.error_answer = self._error_answer

    def protocol(self) -> asyncio.Protocol:
        """The protocol object for one accepted connection."""
        return self._server()

    async def close(self) -> None:
        """End all connections; requests under way get two seconds."""
        self._server.pre_shutdown()
        await self._server.shutdown(2.0)

    async def answer_plain(self, request: Request) -> Response:
        """The answer of the identity endpoint to a request that came through the proxy."""
        return await self._pool.run(
            lambda: self._answer(self._faces.protocols["identity"], request)
        )

    async def _serve(self, incoming: web.BaseRequest) -> web.StreamResponse:
        family = self._family(incoming)
        protocol = self._faces.protocols.get(family) or self._faces.protocols[hosts.UNSUPPORTED]
        try:
            _check_host(incoming)
            _check_headers(incoming)
            if family == "inference" and self._faces.inference is not None:
                return await self._faces.inference(incoming)
            if family == "studio" and self._faces.studio is not None:
                return await self._faces.studio(incoming)
            if incoming.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
                await self._pool.run(partial(protocol.authenticate, _request(incoming, Body())))
                await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            async with self._body(incoming) as body:
                request = _request(incoming, body)
                # git's own process reads the body and writes the answer, at the caller's pace
                pool = self._pool.aside if "/_git/" in incoming.path else self._pool
                response = await pool.run(lambda: self._answer(protocol, request))
                return await send(pool, incoming, response)
        except ShipwayError as error:
            # nothing of the body has been read; whoever waits for a 100 sends none
            refusal = protocol.envelope(error, _request(incoming, Body()))
            return await send(self._pool, incoming, refusal)

    def _family(self, incoming: web.BaseRequest) -> str:
        if _server_name(incoming.transport):
            return hosts.family_of(_host(incoming)) or hosts.UNSUPPORTED
        path = incoming.raw_path
        if path.startswith("/api/v1/"):
            return "owner"
        if path.startswith(("/msi/", "/metadata/identity/")):
            return "identity"
        return "studio"

    def _answer(self, protocol: WireProtocol, request: Request) -> Response:
        """Runs in the pool."""
        try:
            return chain.answer(protocol, request, self._refuse)
        except Exception:
            _LOG.exception("request %s: %s %s", request.request_id, request.method, request.path)
            fault = Unexpected(
                f"shipway failed on {request.method} {request.path}",
                where=f"request {request.request_id}",
                hint="The cause stands in logs/server.log of the home, under this request id.",
            )
            return protocol.envelope(fault, request)

    def _error_answer(
        self, incoming: web.BaseRequest, error: ShipwayError, server_name: str
    ) -> web.Response:
        """The answer to what is not HTTP, in the envelope of the protocol it was sent to."""
        family = hosts.family_of(server_name) if server_name else "owner"
        protocols = self._faces.protocols
        protocol = protocols.get(family) or protocols[hosts.UNSUPPORTED]
        request = Request(method="GET", host=server_name, path="/", request_id=ids.new_guid())
        response = protocol.envelope(error, request)
        body = response.body if isinstance(response.body, bytes) else b""
        return web.Response(status=response.status, headers=fields_of(response), body=body)

    @contextlib.asynccontextmanager
    async def _body(self, incoming: web.BaseRequest) -> AsyncIterator[Body]:
        if not incoming.can_read_body:
            yield Body()
            return
        content = await _read(incoming, MEMORY_LIMIT + 1)
        if len(content) <= MEMORY_LIMIT:
            yield Body(content=content)
            return
        path = self._temporary / f"body-{ids.new_guid()}"
        try:
            await self._spool(path, content, incoming)
            yield Body(file=path)
        finally:
            await self._pool.run(lambda: path.unlink(missing_ok=True))

    async def _spool(self, path: Path, head: bytes, incoming: web.BaseRequest) -> None:
        file = await self._pool.run(lambda: path.open("wb"))
        try:
            pending = head
            while pending:
                await self._pool.run(partial(file.write, pending))
                pending = await _read(incoming, MEMORY_LIMIT)
        finally:
            await self._pool.run(file.close)


class _Connections(web.Server):
    """aiohttp's server with our own answer to what is not HTTP."""

    error_answer: Callable[[web.BaseRequest, ShipwayError, str], web.Response]

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    __slots__ = ("_connections",)

    def __init__(self, manager: _Connections, **arguments: Any) -> None:  # noqa: ANN401  # aiohttp's
        super().__init__(manager, **arguments)
        self._connections = manager

    def data_received(self, data: bytes) -> None:
        """Acknowledge at once: clients behind a proxy (urllib3) hold a request's body back until
        its head is acknowledged, which would cost every write 40 ms. Linux forgets the wish with
        each answer, so it is said each time."""
        if _QUICKACK is not None and self.transport is not None:
            connection = self.transport.get_extra_info("socket")
            if connection is not None:
                with contextlib.suppress(OSError):
                    connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        super().data_received(data)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """No traceback for a client's rubbish, and never text/plain: the protocol's envelope."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer was under way")
        if status >= 500 and not isinstance(exc, ConnectionError):
            _LOG.error("a connection failed", exc_info=exc)
        answer = self._connections.error_answer(
            request, _not_http(exc, message or ""), _server_name(self.transport)
        )
        answer.force_close()
        return answer


async def _read(incoming: web.BaseRequest, limit: int) -> bytes:
    """Up to about `limit` bytes of the body; less only at its end. Raises `BadInput`."""
    content = bytearray()
    try:
        while len(content) < limit and (chunk := await incoming.content.read(_CHUNK)):
            content += chunk
    except web.RequestPayloadError as error:
        raise BadInput(
            f"the request's body is broken: {error}", code="MalformedRequest",
            where=f"{incoming.method} {incoming.raw_path}",
            hint="Its chunks or its Content-Length do not hold what they announce.",
        ) from None  # fmt: skip
    return bytes(content)


def _not_http(exc: BaseException | None, message: str) -> ShipwayError:
    if isinstance(exc, LineTooLong):
        return HeadersTooLarge(
            f"a header field or the request line is larger than {_HEADER_LIMIT} bytes",
            where="request head", hint="Send large values in the body.",
        )  # fmt: skip
    if exc is not None and not isinstance(exc, web.HTTPException) and not message:
        return Unexpected("the connection failed", hint="See logs/server.log of the home.")
    cause = (message or str(exc)).splitlines()[0].strip(" :")
    return BadInput(
        f"this is not an HTTP/1.1 request: {cause}",
        code="MalformedRequest", where="request head",
        hint="The front door speaks HTTP/1.1.",
    )  # fmt: skip


def _server_name(transport: asyncio.BaseTransport | None) -> str:
    """The SNI name of a TLS connection; empty for a plain one."""
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    context = getattr(tls, "context", None)
    return context.server_name if isinstance(context, NamedContext) else ""


def _host(incoming: web.BaseRequest) -> str:
    """The Host field without TLS's own port; without a field (HTTP/1.0) the connection's name."""
    # never incoming.host: it asks DNS for this machine's name where the field is missing
    name = incoming.headers.get(hdrs.HOST) or _server_name(incoming.transport)
    return name.lower().removesuffix(":443")


def _check_host(incoming: web.BaseRequest) -> None:
    """One connection, one protocol: no Host of another name behind a certificate for this one."""
    server_name, asked = _server_name(incoming.transport), _host(incoming)
    if server_name:
        if hosts.family_of(asked) != hosts.family_of(server_name):
            raise Misdirected(
                f"the connection is for {server_name}, the request for {asked}",
                where=f"Host: {asked}", hint="Open a connection for that name.",
            )  # fmt: skip
        return
    name = asked.rpartition(":")[0] or asked
    if name not in ("127.0.0.1", "localhost", "[::1]"):
        # a name that a stranger's DNS points at 127.0.0.1 must not reach the owner's interface
        raise Misdirected(
            f"this address does not answer for the host '{asked}'",
            where=f"Host: {asked}", hint="Use 127.0.0.1 or localhost.",
        )  # fmt: skip


def _check_headers(incoming: web.BaseRequest) -> None:
    size = sum(len(name) + len(value) + 4 for name, value in incoming.raw_headers)
    if size > _HEADER_LIMIT:
        largest = max(incoming.raw_headers, key=lambda field: len(field[1]))[0]
        raise HeadersTooLarge(
            f"the header fields are {size} bytes together, {_HEADER_LIMIT} are taken",
            where=largest.decode("latin-1"), hint="Send large values in the body.",
        )  # fmt: skip


def _request(incoming: web.BaseRequest, body: Body) -> Request:
    target = incoming.raw_path
    if not target.startswith("/"):  # absolute form
        parts = urlsplit(target)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
    path, _, raw_query = target.partition("?")
    fields = tuple(
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
        for name, value in incoming.raw_headers
    )
    return Request(
        method=incoming.method,
        host=_host(incoming),
        path=path,
        query=tuple(_query(raw_query)),
        raw_query=raw_query,
        headers=Headers(fields=fields),
        body=body,
        request_id=ids.new_guid(),
        scheme="https" if _server_name(incoming.transport) else "http",
    )


def _query(raw: str) -> Iterator[tuple[str, str]]:
    """Pairs in order; a parameter without a value (`?comp`) counts, with an empty one."""
    if raw.count("&") < 1000:
        yield from parse_qsl(raw, keep_blank_values=True)
        return
    for part in raw.split("&"):
        name, _, value = part.partition("=")
        yield unquote_plus(name), unquote_plus(value)
