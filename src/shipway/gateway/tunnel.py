"""Tunnels: a connection to what is not Azure's, and bytes both ways, neither read nor kept."""

import asyncio
import socket

from shipway.base.errors import Unavailable
from shipway.gateway.upstream import Streams

_CONNECT_SECONDS = 30.0
_PIECE = 1 << 17


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name; none when this machine cannot tell (its proxy then may)."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return []
    return list(dict.fromkeys(str(row[4][0]) for row in found))


async def dial(host: str, port: int, addresses: list[str]) -> Streams:
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


async def streams(connection: socket.socket) -> Streams:
    return await asyncio.open_connection(sock=connection)


async def splice(near: Streams, far: Streams) -> None:
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
