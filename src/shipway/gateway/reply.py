"""Answers that are written straight to a socket: the proxy's own, in plain text."""

import asyncio
import contextlib
import socket

from shipway.base.errors import ShipwayError
from shipway.wire.http import Response

_PIECE = 1 << 16

_REASONS = {
    200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 431: "Headers Too Large",
    502: "Bad Gateway", 501: "Not Implemented",
}  # fmt: skip


async def send(connection: socket.socket, content: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(connection, content)


async def tell(connection: socket.socket, error: ShipwayError) -> None:
    """A proxy's refusal: what, where and what to do, as plain text."""
    lines = [f"shipway: {error.message}"]
    lines += [line for line in (error.where and f"at: {error.where}", error.hint) if line]
    response = Response(
        status=error.status,
        headers=(("Content-Type", "text/plain; charset=utf-8"), ("X-Shipway-Error", error.code)),
        body=("\n".join(lines) + "\n").encode(),
    )
    with contextlib.suppress(OSError):
        await send(connection, bytes_of(response))
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


def bytes_of(response: Response) -> bytes:
    body = response.body if isinstance(response.body, bytes) else b""
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines += [f"Content-Length: {len(body)}", "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
