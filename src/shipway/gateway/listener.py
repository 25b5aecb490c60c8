"""A listening port on loopback that turns away everybody but the owner."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from shipway.base.errors import Forbidden
from shipway.gateway import peer, reply
from shipway.gateway.http_server import HttpServer

_LOG = logging.getLogger(__name__)

RefuseTarget = Callable[[str, str, str], None]  # method, target, reason
Serve = Callable[[socket.socket], Coroutine[Any, Any, None]]


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
        await reply.tell(
            connection,
            Forbidden(message, code="NotTheOwner", hint="Start a server of your own: shipway up."),
        )


def serve_plain(http: HttpServer) -> Serve:
    """Plain http on an accepted connection: the studio, the owner's API, the identity endpoint."""

    async def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(http.protocol, connection)

    return serve
