"""Sends a `Response`: bytes, part of a file, pieces from a thread, or an async iterator."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiohttp import hdrs, web
from multidict import CIMultiDict

from shipway.wire.http import FileBody, Response

_CHUNK = 1 << 18
_GONE_CHECK_SECONDS = 1.0

_Done = TypeVar("_Done")


class Pool:
    """The bounded pool of threads in which handlers run and files are read.

    `aside` is a pool of its own for requests that last as long as their caller likes, a push over
    a slow line above all: they wait for each other and hold up nothing else.
    """

    def __init__(self, threads: int, *, aside: int = 8) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="handler")
        self.aside: Pool = Pool(aside, aside=0) if aside else self

    async def run(self, work: Callable[[], _Done]) -> _Done:
        """Do `work` in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def close(self, *, seconds: float) -> bool:
        """Wait for what is being done, what has not begun is dropped; False when time is up."""
        executors = {self._executor, self.aside._executor}
        for executor in executors:
            executor.shutdown(wait=False, cancel_futures=True)
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait() -> None:
            for executor in executors:
                executor.shutdown()
            loop.call_soon_threadsafe(ended.set)

        # a thread of our own: the loop's executor would be waited for at the end of the process
        threading.Thread(target=wait, daemon=True).start()
        try:
            async with asyncio.timeout(seconds):
                await ended.wait()
        except TimeoutError:
            return False
        return True


async def send(pool: Pool, incoming: web.BaseRequest, response: Response) -> web.StreamResponse:
    """Send an answer to its end, then clean up behind it, also when the caller went away."""
    try:
        return await _send_body(pool, incoming, response)
    finally:
        await _close(response.body)
        if response.cleanup is not None:
            await pool.run(response.cleanup)


async def _send_body(
    pool: Pool, incoming: web.BaseRequest, response: Response
) -> web.StreamResponse:
    headers = fields_of(response)
    body = response.body
    if isinstance(body, bytes):
        plain = web.Response(status=response.status, headers=headers, body=body)
        await plain.prepare(incoming)
        await plain.write_eof()
        return plain
    stream = web.StreamResponse(status=response.status, headers=headers)
    if isinstance(body, FileBody):
        size = await pool.run(lambda: body.path.stat().st_size)
        left = size - body.offset if body.length is None else body.length
        stream.content_length = left
    await stream.prepare(incoming)
    if incoming.method != hdrs.METH_HEAD:
        async for chunk in _pieces(pool, incoming, body):
            await stream.write(chunk)
    await stream.write_eof()
    return stream


async def _pieces(
    pool: Pool, incoming: web.BaseRequest, body: FileBody | Iterable[bytes] | AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    if isinstance(body, AsyncIterator):
        async for chunk in _while_connected(incoming, body):
            yield chunk
        return
    pieces = iter(_file_pieces(body) if isinstance(body, FileBody) else body)

    def following() -> bytes | None:
        return next(pieces, None)

    while (piece := await pool.run(following)) is not None:
        if piece:
            yield piece


def fields_of(response: Response) -> CIMultiDict[str]:
    """The header fields of an answer, and our name."""
    fields = CIMultiDict(response.headers)
    fields.setdefault("Server", "shipway")
    return fields


def _file_pieces(body: FileBody) -> Iterator[bytes]:
    left = body.length
    with body.path.open("rb") as file:
        file.seek(body.offset)
        while left is None or left > 0:
            piece = file.read(_CHUNK if left is None else min(_CHUNK, left))
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            yield piece


async def _while_connected(
    incoming: web.BaseRequest, body: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The chunks of `body` until the caller goes away, also while there is nothing to send."""
    source = aiter(body)
    while True:
        following = asyncio.ensure_future(anext(source, None))
        try:
            while not (await asyncio.wait({following}, timeout=_GONE_CHECK_SECONDS))[0]:
                transport = incoming.transport
                if transport is None or transport.is_closing():
                    return
        finally:
            if not following.done():
                following.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await following
        chunk = following.result()
        if chunk is None:
            return
        if chunk:
            yield chunk


async def _close(body: object) -> None:
    """Let a generator's `finally` run now, not when memory is collected."""
    if isinstance(body, AsyncIterator) and hasattr(body, "aclose"):
        await body.aclose()
    elif not isinstance(body, bytes) and hasattr(body, "close"):
        body.close()
