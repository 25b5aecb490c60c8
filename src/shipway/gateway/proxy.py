"""The front door's socket: a CONNECT proxy for this machine's owner.

Azure's names are answered here: the TLS handshake takes place on the caller's own connection, and
the HTTP server takes over. Everything else is tunnelled untouched, through the proxy that the user
already had. What passes through a tunnel is neither read nor logged.
"""

import asyncio
import socket
import ssl
from urllib.parse import SplitResult, parse_qsl, urlsplit

from shipway.base import ids
from shipway.base.errors import (
    BadInput,
    Forbidden,
    ShipwayError,
)
from shipway.base.front_door import is_azure_name, normal_name
from shipway.gateway import forbidden, reply, request_head, tunnel, upstream
from shipway.gateway.authority import Authority
from shipway.gateway.http_server import HttpServer
from shipway.gateway.listener import RefuseTarget
from shipway.gateway.request_head import Head
from shipway.gateway.upstream import Streams, Upstream, UpstreamProxy
from shipway.wire.http import Headers, Request

_HANDSHAKE_SECONDS = 30.0
_IDENTITY_HOST = "169.254.169.254"
_IDENTITY_PATH = "/metadata/identity/"
_HOP_BY_HOP = ("proxy-connection", "proxy-authorization", "connection", "keep-alive")


class TargetRefused(Forbidden):
    """The front door does not open what was asked for."""

    default_code = "TargetRefused"


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
            head = await request_head.read(connection)
            if head is None:
                await self._serve_tls(connection)
            elif head.method == "CONNECT":
                await self._connect(connection, head)
            else:
                await self._plain(connection, head)
        except TargetRefused as error:
            # written down first: who was refused may look for the reason at once
            method, _, place = error.where.partition(" ")
            await asyncio.to_thread(self._refuse, method, place, error.message)
            await reply.tell(connection, error)
        except ShipwayError as error:
            await reply.tell(connection, error)
        except (OSError, TimeoutError, ssl.SSLError):
            connection.close()

    async def _connect(self, connection: socket.socket, head: Head) -> None:
        host, port = _authority_of(head.target)
        self._check_target(head, host)
        if is_azure_name(host):
            if port != 443:
                raise _refused(
                    head,
                    f"port {port} of the Azure name {host} is not served here",
                    "The front door answers port 443 of Azure's names.",
                )
            # minted before the handshake, off the loop; the handshake finds it in memory
            await asyncio.to_thread(self._authority.context, host)
            await reply.send(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._serve_tls(connection)
            return
        far = await self._open(head, "https", host, port)
        await reply.send(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")
        await tunnel.splice(await tunnel.streams(connection), far)

    async def _serve_tls(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            self._http.protocol,
            connection,
            ssl=self._context,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS,
        )

    async def _plain(self, connection: socket.socket, head: Head) -> None:
        """`GET http://host/...`: the identity route here, everything else passed on."""
        parts = _parts(head)
        host = parts.hostname or ""
        if host == _IDENTITY_HOST and parts.path.startswith(_IDENTITY_PATH):
            await self._identity(connection, head)
            return
        self._check_target(head, host)
        if is_azure_name(host):
            raise _refused(
                head,
                f"the Azure name {host} is not served over plain http",
                "Use https.",
            )
        far = await self._open(head, "http", host, parts.port or 80)
        far[1].write(_rewritten(head, self._upstream.proxy_for("http", host)))
        await tunnel.splice(await tunnel.streams(connection), far)

    async def _identity(self, connection: socket.socket, head: Head) -> None:
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
        await reply.send(connection, reply.bytes_of(await self._http.answer_plain(request)))
        connection.close()

    def _check_target(self, head: Head, host: str) -> None:
        if forbidden.is_forbidden_name(host):
            raise _refused(
                head,
                f"{host} is a link-local or metadata address",
                "The front door does not open these; identities come from IDENTITY_ENDPOINT.",
            )

    async def _open(self, head: Head, scheme: str, host: str, port: int) -> Streams:
        addresses = await tunnel.resolve(host, port)
        if any(forbidden.is_forbidden_address(address) for address in addresses):
            raise _refused(
                head,
                f"{host} leads to a link-local or metadata address",
                "The front door does not open these.",
            )
        via = self._upstream.proxy_for(scheme, host)
        if via is not None and scheme == "https":
            return await upstream.connect_through(via, host, port)
        if via is not None:
            return await upstream.open_proxy(via)
        return await tunnel.dial(host, port, addresses)


def _refused(head: Head, message: str, hint: str) -> TargetRefused:
    return TargetRefused(message, where=f"{head.method} {head.place}", hint=hint)


def _authority_of(target: str) -> tuple[str, int]:
    host, colon, port = target.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536 or not host:
        raise BadInput(
            f"'{target[:200]}' is not host:port", code="MalformedRequest",
            where=f"CONNECT {target[:200]}", hint="CONNECT takes a host name and a port.",
        )  # fmt: skip
    return normal_name(host).strip("[]"), int(port)


def _parts(head: Head) -> SplitResult:
    try:
        parts = urlsplit(head.target)
        valid = parts.scheme == "http" and parts.hostname and parts.port != 0
    except ValueError:
        parts, valid = urlsplit(""), False
    if not valid:
        raise BadInput(
            f"this is a proxy: it takes CONNECT and http:// URLs, not '{head.target[:200]}'",
            code="NotAProxyRequest",
            where=f"{head.method} {head.target[:200]}",
            hint="`shipway env` prints the variables that send a program through here.",
        )
    return parts


def _rewritten(head: Head, via: UpstreamProxy | None) -> bytes:
    """The head for the next hop: one request per connection, nothing that was meant for us."""
    parts = urlsplit(head.target)
    target = head.target
    if via is None:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{head.method} {target} HTTP/1.1"]
    lines += [f"{n}: {v}" for n, v in head.fields if n.lower() not in _HOP_BY_HOP]
    lines.append("Connection: close")
    if via is not None and via.authorization:
        lines.append(f"Proxy-Authorization: {via.authorization}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
