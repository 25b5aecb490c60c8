"""What is sent as it happens: that something changed, and logs as they grow (Server-Sent Events).

A stream is a task of the loop that sleeps and looks; no thread waits with it.
"""

import asyncio
import json
from collections.abc import AsyncIterator

from aiohttp import web

from shipway.store.store import Store
from shipway.studio.exchange import LogStream
from shipway.studio.threads import Threads

_LOOK_SECONDS = 0.25
_ALIVE_SECONDS = 15.0


class Live:
    """The streams of one studio; `close` ends them all."""

    def __init__(self, store: Store, threads: Threads) -> None:
        self._store = store
        self._threads = threads
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every stream soon."""
        self._closing.set()

    async def changes(self) -> AsyncIterator[bytes]:
        """An event whenever somebody has committed something, and a word now and then."""
        seen = self._version()
        yield _event("changed", str(seen))
        silent = 0.0
        while not await self._pause():
            version = self._version()
            silent += _LOOK_SECONDS
            if version != seen:
                seen, silent = version, 0.0
                yield _event("changed", str(version))
            elif silent >= _ALIVE_SECONDS:
                silent = 0.0
                yield b": still here\n\n"

    async def log(self, stream: LogStream) -> AsyncIterator[bytes]:
        """The lines of a log as they come, then `ended`."""
        after, silent = stream.after, 0.0
        while True:
            piece = await self._threads.run(stream.read, after)
            if piece.lines:
                silent = 0.0
                yield _event("lines", json.dumps(piece.lines), number=piece.last)
            after = piece.last
            if piece.ended:
                yield _event("ended", "", number=after)
                return
            if not piece.lines:
                silent += _LOOK_SECONDS
                if silent >= _ALIVE_SECONDS:
                    silent = 0.0
                    yield b": still here\n\n"
                if await self._pause():
                    return

    async def send(
        self, incoming: web.BaseRequest, events: AsyncIterator[bytes], headers: dict[str, str]
    ) -> web.StreamResponse:
        """Send events until they end or the browser has gone."""
        answer = web.StreamResponse(headers={**headers, "Content-Type": "text/event-stream"})
        await answer.prepare(incoming)
        async for event in events:
            transport = incoming.transport
            if transport is None or transport.is_closing():
                break
            await answer.write(event)
        await answer.write_eof()
        return answer

    def _version(self) -> int:
        """Changes with every commit of another connection; costs microseconds and reads no row."""
        return int(self._store.database.read().execute("PRAGMA data_version").fetchone()[0])

    async def _pause(self) -> bool:
        """Sleep a little; whether the studio closes."""
        try:
            await asyncio.wait_for(self._closing.wait(), _LOOK_SECONDS)
        except TimeoutError:
            return False
        return True


def _event(name: str, data: str, *, number: int | None = None) -> bytes:
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {name}\ndata: {data}\n\n".encode()
