"""Calls that checks and agentless tasks make: what is sent, what the log says, what is hidden."""

import dataclasses
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.support.local_service import answering

from shipway.base import front_door
from shipway.base.errors import BadInput, Unavailable
from shipway.base.home import Home
from shipway.devops import rest_calls


class _Service(BaseHTTPRequestHandler):
    """Answers what the path says, and echoes what it was sent."""

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(size).decode()
        if self.path.startswith("/slow"):
            time.sleep(1.2)
        status = int(self.path.rpartition("/")[2] or 200)
        told = json.dumps({
            "method": self.command, "path": self.path, "sent": json.loads(body or "null"),
            "auth": self.headers.get("Authorization", ""), "x": self.headers.get("X-Run", ""),
        })  # fmt: skip
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told.encode())

    do_GET = do_HEAD = do_PUT = do_POST  # noqa: N815  # as the base names them

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with answering(_Service) as url:
        yield url


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_variables_are_put_into_url_headers_and_body(home: Home, service: str) -> None:
    call = rest_calls.prepare(
        method="post", url=f"{service}/", suffix="/$(code)", headers='{"X-Run": "$(Run.Id)"}',
        body='{"run": "$(run.id)", "left": "$(unknown)"}',
        variables={"Run.Id": "7", "code": "200"},
    )  # fmt: skip
    assert call.url == f"{service}/200"
    done = rest_calls.perform(home, call, criteria="eq(root['sent']['run'], '7')")
    assert done.passed, done.log
    assert done.answer is not None
    assert '"x": "7"' in done.answer.content
    assert '"left": "$(unknown)"' in done.answer.content
    assert done.log[0] == f"POST {service}/200"
    assert done.log[2] == "Response Code: OK"


def test_secrets_are_hidden_in_every_form(home: Home, service: str) -> None:
    call = rest_calls.prepare(
        method="POST", url=f"{service}/?key=a%20b%22c&at=/200", body='{"k": "a b\\"c"}',
        authorization="Basic dTpw", secrets=['a b"c'],
    )  # fmt: skip
    done = rest_calls.perform(home, call)
    assert done.passed, done.log
    shown = "\n".join(done.log)
    assert "dTpw" not in shown
    assert 'a b\\"c' not in shown
    assert "a%20b%22c" not in shown
    assert done.answer is not None
    assert "Basic dTpw" in done.answer.content, "it was sent all the same"


@pytest.mark.parametrize(
    ("status", "word"), [(404, "NotFound"), (500, "InternalServerError"), (302, "Found")]
)
def test_another_status_than_success_fails_whatever_the_criteria(
    home: Home, service: str, status: int, word: str
) -> None:
    call = rest_calls.prepare(method="PUT", url=service, suffix=f"/{status}", body="1")
    done = rest_calls.perform(home, call, criteria="eq(1, 1)")
    assert not done.passed
    assert f"Response Code: {word}" in done.log
    assert done.reason.startswith(f"The remote server returned an error: ({status})")


def test_an_answer_that_takes_too_long_is_none(home: Home, service: str) -> None:
    call = rest_calls.prepare(method="GET", url=service, suffix="/slow/200", seconds=0.2)
    with pytest.raises(Unavailable, match="did not answer"):
        rest_calls.send(home, call)
    done = rest_calls.perform(home, call)
    assert (done.passed, done.log[1]) == (False, "Response Code: 0")


def test_a_name_of_azure_goes_to_the_front_door_or_nowhere(home: Home) -> None:
    call = rest_calls.prepare(method="GET", url="https://management.azure.com/", suffix="/x")
    done = rest_calls.perform(home, call)
    assert not done.passed
    assert "no server has been started" in done.reason


def test_another_machine_is_called_through_the_front_door(home: Home, service: str) -> None:
    port = int(service.rpartition(":")[2])
    state = front_door.ServerState(
        pid=1, proxy_port=port, tls_port=port, studio_port=port, started_at=""
    )
    home.server_state.parent.mkdir(parents=True, exist_ok=True)
    home.server_state.write_text(json.dumps(dataclasses.asdict(state)))
    call = rest_calls.prepare(method="PUT", url="http://gate.example.test", suffix="/a/200")
    done = rest_calls.perform(
        home, call, criteria="eq(root['path'], 'http://gate.example.test/a/200')"
    )
    assert done.passed, done.log


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://somewhere/"), ("url", "not a url"), ("url", "http://host:0/"),
        ("url", "http://host:99999/"), ("url", "file:///etc/passwd"), ("method", "PURGE"),
        ("headers", "{X: 1}"), ("headers", '["a"]'), ("headers", '{"a": {"b": 1}}'),
    ],
)  # fmt: skip
def test_what_cannot_be_called_is_refused(field: str, value: str) -> None:
    asked = {"method": "GET", "url": "http://127.0.0.1/", field: value}
    with pytest.raises(BadInput):
        rest_calls.prepare(**asked)  # type: ignore[arg-type]  # texts all


@pytest.mark.parametrize(
    ("url", "suffix"),
    [
        ("https://gate", ".example.test/a"), ("https://gate", "@example.test/a"),
        ("https://gate:8", "1/a"), ("https://user", ":x@example.test/"),
        ("https://gate", "\\@example.test/"), ("https://gate", "$(place)"),
    ],
)  # fmt: skip
def test_a_suffix_leads_no_credentials_to_another_host(url: str, suffix: str) -> None:
    with pytest.raises(BadInput, match="another host than its connection's"):
        rest_calls.prepare(
            method="GET", url=url, suffix=suffix, authorization="Basic dTpw",
            variables={"place": ".example.test"},
        )  # fmt: skip
    for good in ("", "/a@b", "?a=b", "#a"):
        assert rest_calls.prepare(method="GET", url=url, suffix=good).url == url + good


def test_a_header_that_http_cannot_carry_is_refused(home: Home, service: str) -> None:
    call = rest_calls.prepare(
        method="GET", url=service, suffix="/200", headers='{"A": "one\\r\\nB: two"}'
    )
    done = rest_calls.perform(home, call)
    assert (done.passed, done.answer) == (False, None)
