"""The owner's session: errors in the server's words, and what is said when there is no server."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from shipway.base.errors import Unavailable
from shipway.base.front_door import ServerState
from shipway.base.home import Home
from shipway.client.session import ServerSaid, Session


class _Handler(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, bytes]]
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(f"{self.command} {self.path} {self.headers['Authorization']}")
        status, body = self.answers[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the name that the base class calls

    def log_message(self, *arguments: object) -> None:
        del arguments


def _home(folder: Path, port: int) -> Home:
    home = Home(folder)
    home.create()
    state = ServerState(pid=1, proxy_port=1, tls_port=1, studio_port=port, started_at="")
    home.server_state.write_text(json.dumps(asdict(state)))
    (home.run / "owner.token").write_text("the-token")
    return home


@contextmanager
def _served(folder: Path, **answers: tuple[int, bytes]) -> Iterator[tuple[Session, list[str]]]:
    seen: list[str] = []
    handler = type("Handler", (_Handler,), {
        "answers": {f"/api/v1/{name}": answer for name, answer in answers.items()}, "seen": seen,
    })  # fmt: skip
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Session(_home(folder, server.server_port)), seen
        finally:
            server.shutdown()
            thread.join()


def test_calls_carry_the_owners_token_and_give_json(tmp_path: Path) -> None:
    with _served(tmp_path, status=(200, b'{"pid": 7}'), stop=(202, b"")) as (session, seen):
        assert session.get("/status") == {"pid": 7}
        assert session.post("/stop") is None
    assert seen == ["GET /api/v1/status Bearer the-token", "POST /api/v1/stop Bearer the-token"]


def test_an_error_keeps_the_servers_code_and_place(tmp_path: Path) -> None:
    body = b'{"error": {"code": "JobNotFound", "message": "no job x.", "target": "x"}}'
    with _served(tmp_path, job=(404, body)) as (session, _), pytest.raises(ServerSaid) as caught:
        session.get("/job")
    error = caught.value
    assert (error.code, error.status, error.message, error.where) == (
        "JobNotFound", 404, "no job x.", "x",
    )  # fmt: skip


def test_an_answer_that_is_no_envelope_is_shown(tmp_path: Path) -> None:
    with _served(tmp_path, x=(502, b"bad gateway")) as (session, _):
        with pytest.raises(ServerSaid, match="bad gateway") as caught:
            session.get("/x")
        assert caught.value.where == "GET /api/v1/x"


def test_lines_come_one_by_one(tmp_path: Path) -> None:
    with _served(tmp_path, log=(200, b"one\r\ntwo\nthree")) as (session, _):
        assert list(session.lines("/log")) == ["one", "two", "three"]


def test_no_server_is_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no server has been started") as never:
        Session(Home(tmp_path / "none"))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable, match="does not answer") as gone:
        Session(_home(tmp_path, port)).get("/status")
    assert never.value.hint == gone.value.hint == "Start it with `shipway up`."
