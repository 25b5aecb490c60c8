"""Retries and kept connections, against a small server on loopback."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shipway.base.clock import SystemClock
from shipway.base.errors import Unavailable
from shipway.base.home import Home
from shipway.gateway.authority import Authority
from shipway.terraform.transport import Door, Transport, find_door


class Handler(BaseHTTPRequestHandler):
    """Says what the server was told to say next."""

    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        self.server.seen.append(self.client_address[1])
        status, headers = self.server.plan.pop(0) if self.server.plan else (200, {})
        if status == 0:  # goes away after the answer, without having said so
            self.close_connection = True
            status = 200
        self.send_response(status)
        for name, value in {"Content-Length": "2", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.plan, made.seen = [], []
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "h")
    home.create()
    Authority(home, SystemClock())
    return home


@pytest.fixture
def pauses() -> list[float]:
    """What the transport has waited."""
    return []


@pytest.fixture
def transport(home: Home, pauses: list[float]) -> Iterator[Transport]:
    door = Door(port=9, authority=home.authority / "authority.pem")
    made = Transport(door, user_agent="test", pause=pauses.append)
    yield made
    made.close()


def test_a_busy_service_is_asked_again_after_the_pause_it_names(
    server: Any, transport: Transport, pauses: list[float]
) -> None:
    server.plan = [(429, {"Retry-After": "7"}), (503, {}), (200, {})]
    url = f"http://127.0.0.1:{server.server_port}/x"
    assert transport.send("GET", url, None, {}).status == 200
    assert pauses == [7.0, 1.0]


def test_one_that_stays_busy_is_given_up(
    server: Any, transport: Transport, pauses: list[float]
) -> None:
    server.plan = [(503, {"Retry-After": "900"})] * 20
    url = f"http://127.0.0.1:{server.server_port}/x"
    assert transport.send("GET", url, None, {}).status == 503
    assert pauses == [30.0] * 5


def test_a_connection_is_kept_and_one_that_was_closed_is_opened_anew(
    server: Any, transport: Transport
) -> None:
    url = f"http://127.0.0.1:{server.server_port}/x"
    transport.send("GET", url, None, {})
    transport.send("GET", url, None, {})
    assert len(set(server.seen)) == 1
    server.plan = [(0, {})]
    transport.send("GET", url, None, {})
    assert transport.send("GET", url, None, {}).status == 200
    assert len(set(server.seen)) == 2


def test_nobody_there_says_what_to_do(transport: Transport) -> None:
    with pytest.raises(Unavailable) as caught:
        transport.send("GET", "https://management.azure.com/x", None, {})
    assert "shipway up" in caught.value.hint


def test_the_door_is_that_of_the_variables_if_it_is_this_machines(home: Home) -> None:
    bundle = str(home.authority / "bundle.pem")
    here = {"HTTPS_PROXY": "http://127.0.0.1:4711", "SSL_CERT_FILE": bundle}
    assert find_door(home, here) == Door(port=4711, authority=home.authority / "authority.pem")
    away = {"HTTPS_PROXY": "http://proxy.corp:8080", "SSL_CERT_FILE": bundle}
    own = {"HTTPS_PROXY": "http://127.0.0.1:3128", "SSL_CERT_FILE": "/etc/ssl/cert.pem"}
    for variables in (away, own, {}):
        with pytest.raises(Unavailable, match="no server has been started"):
            find_door(home, variables)
