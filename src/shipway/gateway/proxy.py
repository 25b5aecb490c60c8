"""The front door's socket: a CONNECT proxy for this machine's owner.

Azure's names are answered here: the TLS handshake takes place on the caller's own connection, and
the HTTP server takes over. Everything else is tunnelled untouched, through the proxy that the user
already had. What passes through a tunnel is neither read nor logged.
"""

import asyncio
import contextlib
import logging
import os
import re
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shipway.base import ids
from shipway.base.errors import (
    BadInput,
    Forbidden,
    ShipwayError,
    Unavailable,
)
from shipway.base.front_door import is_azure_name, normal_name
from shipway.gateway import forbidden, peer, upstream
from shipway.gateway.authority import Authority
from shipway.gateway.http_server import HeadersTooLarge, HttpServer
from shipway.gateway.upstream import Streams, Upstream
from shipway.wire.http import Headers, Request, Response

_LOG = logging.getLogger(__name__)
_HEAD_LIMIT = 64 * 1024
_HEAD_SECONDS = 30.0
_CONNECT_SECONDS = 30.0
_HANDSHAKE_SECONDS = 30.0
_PIECE = 1 << 17
_TLS_RECORD = 0x16  # the first byte of a TLS handshake
_IDENTITY_HOST = "169.254.169.254"
_IDENTITY_PATH = "/metadata/identity/"
_HOP_BY_HOP = ("proxy-connection", "proxy-authorization", "connection", "keep-alive")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

RefuseTarget = Callable[[str, str, str], None]  # method, target, reason
Serve = Callable[[socket.socket], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    method: str
    target: str
    fields: tuple[tuple[str, str], ...]


class Proxy:
    """One listening socket on loopback; serves the user id that runs the server, and no other."""

    def __init__(
        self,
        *,
        http: HttpServer,
        authority: Authority,
        passing_on: Upstream,
        refuse: RefuseTarget,
    ) -> None:
        self._http = http
        self._authority = authority
        self._context = authority.front_context()
        self._upstream = passing_on
        self._refuse = refuse

    async def serve(self, connection: socket.socket) -> None:
        """Handle one accepted connection to its end, or hand it over to the HTTP server."""
        try:
            head = await _read_head(connection)
            if head is None:
                await self._serve_tls(connection)
            elif head.method == "CONNECT":
                await self._connect(connection, head)
            else:
                await self._plain(connection, head)
        except ShipwayError as error:
            await _tell(connection, error)
        except (OSError, TimeoutError, ssl.SSLError):
            connection.close()

    async def _connect(self, connection: socket.socket, head: _Head) -> None:
        host, port = _authority_of(head.target)
        self._check_target(head, host)
        if is_azure_name(host):
            if port != 443:
                raise self._refused(
                    head,
                    f"port {port} of the Azure name {host} is not served here",
                    "The front door answers port 443 of Azure's names.",
                )
            # minted before the handshake, off the loop; the handshake finds it in memory
            await asyncio.to_thread(self._authority.context, host)
            await _send(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._serve_tls(connection)
            return
        far = await self._open(head, "https", host, port)
        await _send(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _splice(await _streams(connection), far)

    async def _serve_tls(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            self._http.protocol,
            connection,
            ssl=self._context,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS,
        )

    async def _plain(self, connection: socket.socket, head: _Head) -> None:
        """`GET http://host/...`: the identity route here, everything else passed on."""
        parts = urlsplit(head.target)
        if parts.scheme != "http" or not parts.hostname:
            raise BadInput(
                f"this is a proxy: it takes CONNECT and http:// URLs, not '{head.target[:200]}'",
                code="NotAProxyRequest",
                where=f"{head.method} {head.target[:200]}",
                hint="`shipway env` prints the variables that send a program through here.",
            )
        if parts.hostname == _IDENTITY_HOST and parts.path.startswith(_IDENTITY_PATH):
            await self._identity(connection, head)
            return
        self._check_target(head, parts.hostname)
        if is_azure_name(parts.hostname):
            raise self._refused(
                head,
                f"the Azure name {parts.hostname} is not served over plain http",
                "Use https.",
            )
        port = parts.port or 80
        far = await self._open(head, "http", parts.hostname, port)
        whole = self._upstream.proxy_for("http", parts.hostname) is not None
        far[1].write(_rewritten(head, self._upstream, whole=whole))
        await _splice(await _streams(connection), far)

    async def _identity(self, connection: socket.socket, head: _Head) -> None:
        parts = urlsplit(head.target)
        request = Request(
            method=head.method,
            host=_IDENTITY_HOST,
            path=parts.path,
            raw_query=parts.query,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=Headers(fields=head.fields),
            request_id=ids.new_guid(),
            scheme="http",
        )
        await _send(connection, _bytes_of(await self._http.answer_plain(request)))
        connection.close()

    def _check_target(self, head: _Head, host: str) -> None:
        if forbidden.is_forbidden_name(host):
            raise self._refused(
                head,
                f"{host} is a link-local or metadata address",
                "The front door does not open these; identities come from IDENTITY_ENDPOINT.",
            )

    def _refused(self, head: _Head, message: str, hint: str) -> Forbidden:
        asyncio.get_running_loop().run_in_executor(
            None, self._refuse, head.method, _place(head), message
        )
        return Forbidden(
            message, code="TargetRefused", where=f"{head.method} {_place(head)}", hint=hint
        )

    async def _open(self, head: _Head, scheme: str, host: str, port: int) -> Streams:
        addresses = await _resolve(host, port)
        if any(forbidden.is_forbidden_address(address) for address in addresses):
            raise self._refused(
                head,
                f"{host} leads to a link-local or metadata address",
                "The front door does not open these.",
            )
        via = self._upstream.proxy_for(scheme, host)
        if via is not None and scheme == "https":
            return await upstream.connect_through(via, host, port)
        if via is not None:
            return await upstream.open_proxy(via)
        return await _dial(host, port, addresses)


class Listener:
    """Accepts on one loopback port and turns away everybody but the owner."""

    def __init__(
        self,
        port: int,
        serve: Serve,
        refuse: RefuseTarget,
    ) -> None:
        self._serve = serve
        self._refuse = refuse
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(256)
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        self._accepting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to accept, on the running loop."""
        self._accepting = asyncio.ensure_future(self._accept())

    async def stop(self) -> None:
        """Accept no more and end what is still being handled."""
        tasks = [task for task in (self._accepting, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._socket.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(self._socket)
            except OSError:
                _LOG.exception("accept failed")
                await asyncio.sleep(0.1)
                continue
            connection.setblocking(False)
            # without it, a small answer waits 40 ms for the caller's delayed acknowledgement
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.ensure_future(self._handle(connection, address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _handle(self, connection: socket.socket, address: tuple[str, int]) -> None:
        try:
            user_id = peer.user_id_of(address, connection.getsockname())
            if user_id != os.getuid():
                await self._turn_away(connection, user_id)
                return
            await self._serve(connection)
        except asyncio.CancelledError:
            connection.close()
            raise
        except Exception:
            _LOG.exception("a connection failed")
            connection.close()

    async def _turn_away(self, connection: socket.socket, user_id: int | None) -> None:
        who = "an unknown user" if user_id is None else f"user id {user_id}"
        message = f"{who} is not the owner of this front door"
        await asyncio.to_thread(self._refuse, "CONNECT", f"port {self.port}", message)
        await _tell(
            connection,
            Forbidden(message, code="NotTheOwner", hint="Start a server of your own: shipway up."),
        )


def serve_plain(http: HttpServer) -> Serve:
    """Plain http on an accepted connection: the studio, the owner's API, the identity endpoint."""

    async def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(http.protocol, connection)

    return serve


async def _read_head(connection: socket.socket) -> _Head | None:
    """The request's head and not a byte more; None when TLS begins instead.

    What follows the head is the tunnel's, so it is left in the socket: looked at, not taken.
    """
    head = bytearray()
    async with asyncio.timeout(_HEAD_SECONDS):
        while True:
            await _readable(connection)
            piece = connection.recv(_HEAD_LIMIT, socket.MSG_PEEK)
            if not piece:
                raise ConnectionResetError
            if not head and piece[0] == _TLS_RECORD:
                return None
            before = len(head)
            end = bytes(head[-3:] + piece).find(b"\r\n\r\n")
            take = len(piece) if end < 0 else end + 4 - min(3, before)
            head += connection.recv(take)
            if not _TOKEN.match(head):
                raise BadInput(
                    "this is not an HTTP request",
                    code="MalformedRequest", where=repr(bytes(head[:16])),
                    hint="The front door is an HTTP proxy.",
                )  # fmt: skip
            if end >= 0:
                return _parse_head(bytes(head))
            if len(head) > _HEAD_LIMIT:
                raise HeadersTooLarge(f"the request head is larger than {_HEAD_LIMIT} bytes")


def _parse_head(head: bytes) -> _Head:
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadInput(
            f"'{lines[0][:100]}' is not an HTTP/1.1 request line", code="MalformedRequest",
            where="request line", hint="The front door is an HTTP proxy.",
        )  # fmt: skip
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if line and (not colon or not _TOKEN.fullmatch(name.encode("latin-1"))):
            raise BadInput(
                f"'{line[:100]}' is not a header field", code="MalformedRequest",
                where="request head", hint="A field is 'Name: value'.",
            )  # fmt: skip
        if line:
            fields.append((name, value.strip()))
    return _Head(method=words[0], target=words[1], fields=tuple(fields))


def _place(head: _Head) -> str:
    """Where a request wanted to go, without the path and query, which may hold secrets."""
    return urlsplit(head.target).netloc.rpartition("@")[2] if "://" in head.target else head.target


def _authority_of(target: str) -> tuple[str, int]:
    host, colon, port = target.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536 or not host:
        raise BadInput(
            f"'{target[:200]}' is not host:port", code="MalformedRequest",
            where=f"CONNECT {target[:200]}", hint="CONNECT takes a host name and a port.",
        )  # fmt: skip
    return normal_name(host).strip("[]"), int(port)


def _rewritten(head: _Head, passing_on: Upstream, *, whole: bool) -> bytes:
    """The head for the next hop: one request per connection, nothing that was meant for us."""
    parts = urlsplit(head.target)
    target = head.target
    if not whole:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{head.method} {target} HTTP/1.1"]
    lines += [f"{n}: {v}" for n, v in head.fields if n.lower() not in _HOP_BY_HOP]
    lines.append("Connection: close")
    via = passing_on.proxy_for("http", parts.hostname or "") if whole else None
    if via is not None and via.authorization:
        lines.append(f"Proxy-Authorization: {via.authorization}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _resolve(host: str, port: int) -> list[str]:
    """The addresses of a name; none when this machine cannot tell (its proxy then may)."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return []
    return list(dict.fromkeys(str(row[4][0]) for row in found))


async def _dial(host: str, port: int, addresses: list[str]) -> Streams:
    """A connection to one of the addresses that were looked at, never a second resolution."""
    reason = "the name is not known"
    for address in addresses:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await asyncio.open_connection(address, port)
        except (OSError, TimeoutError) as error:
            reason = str(error) or "no answer"
    raise Unavailable(
        f"{host}:{port} cannot be reached: {reason}",
        code="TargetUnreachable", status=502, where=f"{host}:{port}",
    )  # fmt: skip


async def _streams(connection: socket.socket) -> Streams:
    return await asyncio.open_connection(sock=connection)


async def _splice(near: Streams, far: Streams) -> None:
    """Copy both ways until both are done, or one breaks."""
    copies = [
        asyncio.ensure_future(_copy(near[0], far[1])),
        asyncio.ensure_future(_copy(far[0], near[1])),
    ]
    try:
        await asyncio.gather(*copies)
    except OSError:
        pass
    finally:
        for copy in copies:
            copy.cancel()
        near[1].close()
        far[1].close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while piece := await source.read(_PIECE):
        target.write(piece)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()
    else:
        target.close()


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(connection)


def _settle(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


async def _send(connection: socket.socket, content: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(connection, content)


async def _tell(connection: socket.socket, error: ShipwayError) -> None:
    """A proxy's refusal: what, where and what to do, as plain text."""
    lines = [f"shipway: {error.message}"]
    lines += [line for line in (error.where and f"at: {error.where}", error.hint) if line]
    response = Response(
        status=error.status,
        headers=(("Content-Type", "text/plain; charset=utf-8"), ("X-Shipway-Error", error.code)),
        body=("\n".join(lines) + "\n").encode(),
    )
    with contextlib.suppress(OSError):
        await _send(connection, _bytes_of(response))
        connection.shutdown(socket.SHUT_WR)
        await _drain(connection)
    connection.close()


async def _drain(connection: socket.socket) -> None:
    """Take what the caller still sends: closing over unread bytes would destroy our answer."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            while await loop.sock_recv(connection, _PIECE):
                pass


def _bytes_of(response: Response) -> bytes:
    body = response.body if isinstance(response.body, bytes) else b""
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines += [f"Content-Length: {len(body)}", "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


_REASONS = {
    200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 431: "Headers Too Large",
    502: "Bad Gateway", 501: "Not Implemented",
}  # fmt: skip
