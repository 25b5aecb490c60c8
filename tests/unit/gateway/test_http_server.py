"""The HTTP adapter: what a handler sees, and what goes over the wire."""

import asyncio
import gzip
import http.client
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from shipway.azure.entra.principals import ANONYMOUS
from shipway.gateway.http_answer import Pool
from shipway.gateway.http_server import Faces, HttpServer
from shipway.gateway.listener import Listener, serve_plain
from shipway.wire.chain import WireProtocol
from shipway.wire.errors import arm_error
from shipway.wire.http import (
    MEMORY_LIMIT,
    FileBody,
    Request,
    Response,
    Route,
    RouteTable,
    json_response,
)

Handler = Callable[[Request], Response]


@dataclass(kw_only=True)
class Served:
    """A server in a thread of its own with routes below /api/v1."""

    port: int
    temporary: Path
    seen: list[Request] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, f"/api/v1{path}", body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content


@contextmanager
def _serving(temporary: Path, handlers: Mapping[str, Handler]) -> Iterator[Served]:
    served = Served(port=0, temporary=temporary)

    def seen(handler: Handler) -> Handler:
        def handle(request: Request) -> Response:
            served.seen.append(request)
            return handler(request)

        return handle

    rows = tuple(
        Route(method=method, pattern=f"/api/v1{pattern}", handler=seen(handler))
        for pattern, handler in handlers.items()
        for method in ("GET", "HEAD", "PUT", "POST")
    )
    protocol = WireProtocol(
        name="test", table=RouteTable(rows), authenticate=lambda _: ANONYMOUS,
        authorize=lambda _request, _route: None, envelope=arm_error,
    )  # fmt: skip
    started, loop = threading.Event(), uvloop.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        pool = Pool(4)
        faces = Faces(protocols={"owner": protocol, "unsupported": protocol})
        http_server = HttpServer(faces, refuse=lambda *_: None, temporary=temporary, pool=pool)
        listener = Listener(0, serve_plain(http_server), lambda *_: None)
        served.port = listener.port
        listener.start()
        started.set()
        await stop.wait()
        await listener.stop()
        await http_server.close()
        assert await pool.close(seconds=10)

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    assert started.wait(10)
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def test_path_query_and_fields_arrive_as_they_were_sent(tmp_path: Path) -> None:
    with _serving(tmp_path, {"/{rest:path}": lambda _: Response()}) as served:
        served.call("GET", "/a%2Fb/%20?comp&x=1&x=%2B&y=a+b", headers={"x-ms-Meta": "é".encode()})  # type: ignore[dict-item]
    request = served.seen[0]
    assert request.path == "/api/v1/a%2Fb/%20"
    assert request.params == {"rest": "a/b/ "}
    assert request.query == (("comp", ""), ("x", "1"), ("x", "+"), ("y", "a b"))
    assert request.raw_query == "comp&x=1&x=%2B&y=a+b"
    assert request.headers.get("X-MS-META") == "é"
    assert request.scheme == "http"
    assert request.request_id


def test_a_compressed_body_is_passed_on_compressed(tmp_path: Path) -> None:
    packed = gzip.compress(b"pack " * 100)

    def handler(request: Request) -> Response:
        assert request.body.read() == packed
        assert request.headers.get("content-encoding") == "gzip"
        return Response(status=204)

    with _serving(tmp_path, {"/git": handler}) as served:
        answer, _ = served.call("POST", "/git", packed, {"Content-Encoding": "gzip"})
    assert answer.status == 204


@pytest.mark.parametrize("size", [0, 1, MEMORY_LIMIT, MEMORY_LIMIT + 1, 5 * MEMORY_LIMIT + 7])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_of_any_size_arrive_whole_large_ones_in_a_file(
    tmp_path: Path, size: int, chunked: bool
) -> None:
    content = bytes(n % 251 for n in range(min(size, 4096))) * (size // 4096 + 1)
    content = content[:size]
    files: list[bool] = []

    def handler(request: Request) -> Response:
        files.append(request.body.file is not None)
        assert b"".join(request.body.chunks()) == content
        return json_response({"size": request.body.size})

    with _serving(tmp_path, {"/x": handler}) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        body = (content[i : i + 70_000] for i in range(0, size, 70_000)) if chunked else content
        connection.request("PUT", "/api/v1/x", body=body, encode_chunked=chunked,
                           headers={"Transfer-Encoding": "chunked"} if chunked else {})  # fmt: skip
        answer = connection.getresponse()
        assert answer.read() == b'{"size":%d}' % size
        connection.close()
    assert files == [size > MEMORY_LIMIT]
    assert list(tmp_path.iterdir()) == []


def test_head_tells_the_length_without_the_body(tmp_path: Path) -> None:
    def blob(request: Request) -> Response:
        del request
        return Response(headers=(("Content-Length", "12345"), ("ETag", '"7"')))

    with _serving(tmp_path, {"/blob": blob, "/text": lambda _: Response(body=b"abc")}) as served:
        answer, content = served.call("HEAD", "/blob")
        assert (answer.status, answer.headers["Content-Length"], content) == (200, "12345", b"")
        answer, content = served.call("HEAD", "/text")
        assert (answer.headers["Content-Length"], content) == ("3", b"")


def test_part_of_a_file_is_sent_with_its_length(tmp_path: Path) -> None:
    file = tmp_path / "content"
    file.write_bytes(bytes(range(256)) * 4096)

    def part(request: Request) -> Response:
        del request
        return Response(status=206, body=FileBody(path=file, offset=256, length=700_000))

    def rest(request: Request) -> Response:
        del request
        return Response(body=FileBody(path=file, offset=1000))

    with _serving(tmp_path, {"/part": part, "/rest": rest}) as served:
        answer, content = served.call("GET", "/part")
        assert answer.status == 206
        assert answer.headers["Content-Length"] == "700000"
        assert content == file.read_bytes()[256:700_256]
        assert served.call("GET", "/rest")[1] == file.read_bytes()[1000:]
        answer, content = served.call("HEAD", "/part")
        assert (answer.headers["Content-Length"], content) == ("700000", b"")


def test_pieces_are_sent_as_they_come_and_cleaned_up_behind(tmp_path: Path) -> None:
    done: list[str] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"one "
            yield b""
            yield b"two"
        finally:
            done.append("closed")

    def handler(request: Request) -> Response:
        del request
        return Response(body=pieces(), cleanup=lambda: done.append("cleaned"))

    with _serving(tmp_path, {"/log": handler}) as served:
        answer, content = served.call("GET", "/log")
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert content == b"one two"
    assert done == ["closed", "cleaned"]


def test_an_async_stream_ends_when_its_reader_goes_away(tmp_path: Path) -> None:
    ended = threading.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"first\n"
            await asyncio.Event().wait()
        finally:
            ended.set()

    def handler(request: Request) -> Response:
        del request
        return Response(body=endless())

    with _serving(tmp_path, {"/watch": handler}) as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
            connection.sendall(b"GET /api/v1/watch HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            received = b""
            while b"first" not in received:
                received += connection.recv(65536)
        assert ended.wait(10)


def test_more_streams_than_threads_leave_the_threads_free(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"."
        await asyncio.Event().wait()

    handlers: dict[str, Handler] = {
        "/watch": lambda _: Response(body=endless()),
        "/quick": lambda _: Response(body=b"here"),
    }
    with _serving(tmp_path, handlers) as served:
        watchers = []
        for _ in range(12):
            connection = socket.create_connection(("127.0.0.1", served.port), timeout=20)
            connection.sendall(b"GET /api/v1/watch HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert connection.recv(10)
            watchers.append(connection)
        assert served.call("GET", "/quick")[1] == b"here"
        for connection in watchers:
            connection.close()


def test_pushes_that_last_leave_the_other_requests_their_threads(tmp_path: Path) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def push(_: Request) -> Response:
        begun.release()
        assert go_on.wait(30)
        return Response(status=204)

    def quick(_: Request) -> Response:
        return Response(status=204)

    with _serving(tmp_path, {"/_git/r": push, "/quick": quick}) as served:
        pushes = [
            threading.Thread(target=served.call, args=("POST", "/_git/r", b"x")) for _ in range(12)
        ]
        for one in pushes:
            one.start()
        for _ in range(8):
            assert begun.acquire(timeout=30)
        try:
            assert served.call("POST", "/quick", b"x")[0].status == 204
        finally:
            go_on.set()
            for one in pushes:
                one.join()


def test_a_fault_of_ours_is_an_envelope_with_the_requests_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: Request) -> Response:
        del request
        raise ZeroDivisionError("secret detail")

    with _serving(tmp_path, {"/broken": broken}) as served:
        answer, content = served.call("GET", "/broken")
    assert answer.status == 500
    assert b"InternalServerError" in content
    assert served.seen[0].request_id.encode() in content
    assert b"secret detail" not in content
    assert "ZeroDivisionError: secret detail" in caplog.text


def test_a_caller_that_leaves_during_its_body_leaves_no_file(tmp_path: Path) -> None:
    with _serving(tmp_path, {"/x": lambda _: Response()}) as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
            connection.sendall(
                b"PUT /api/v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000000\r\n\r\n"
            )
            connection.sendall(b"x" * (3 * MEMORY_LIMIT))
        served.call("GET", "/x")
        for _ in range(200):
            if not list(tmp_path.iterdir()):
                break
            threading.Event().wait(0.02)
        assert list(tmp_path.iterdir()) == []
    assert [request.method for request in served.seen] == ["GET"]
