"""The head of a proxy request: read from the socket without taking a byte that follows it."""

import asyncio
import re
import socket
from dataclasses import dataclass

from shipway.base.errors import BadInput
from shipway.gateway.http_server import HeadersTooLarge

_LIMIT = 64 * 1024
_SECONDS = 30.0
_TLS_RECORD = 0x16  # the first byte of a TLS handshake
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Method, target and header fields as they were sent."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]

    @property
    def place(self) -> str:
        """Where it wants to go, without the path and query, which may hold secrets."""
        without_scheme = self.target.partition("://")[2] or self.target
        return re.split("[/?#]", without_scheme, maxsplit=1)[0].rpartition("@")[2][:200]


async def read(connection: socket.socket) -> Head | None:
    """The request's head and not a byte more; None when TLS begins instead.

    What follows the head is the tunnel's, so it is left in the socket: looked at, not taken.
    """
    head = bytearray()
    async with asyncio.timeout(_SECONDS):
        while True:
            await _readable(connection)
            piece = connection.recv(_LIMIT, socket.MSG_PEEK)
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
            if len(head) > _LIMIT:
                raise HeadersTooLarge(
                    f"the request head is larger than {_LIMIT} bytes",
                    where="request head", hint="Send large values in the body.",
                )  # fmt: skip


def _parse_head(head: bytes) -> Head:
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
    return Head(method=words[0], target=words[1], fields=tuple(fields))


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
