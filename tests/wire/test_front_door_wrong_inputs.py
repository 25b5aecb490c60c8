"""Wrong inputs at the front door: each is refused by name, in its protocol's words, and changes
nothing: neither a row nor a file."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.support.running_server import Answer, RunningServer, read_answer, running_server
from tests.support.state_hash import state_hash, unchanged

ARM = "management.azure.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("door") / "h") as running:
        running.token()  # the home's tenant, keys and credential are made at first use
        yield running


@dataclass(frozen=True, kw_only=True)
class Case:
    """`send` does the wrong thing; the rest is what must come back."""

    send: Callable[[RunningServer], Answer]
    status: int
    code: str
    names: str
    hint: str
    envelope: str


def _arm(method: str, path: str, **more: str) -> Callable[[RunningServer], Answer]:
    def send(server: RunningServer) -> Answer:
        subscription = server.variables()["AZURE_SUBSCRIPTION_ID"]
        return server.azure(
            method, ARM, path.replace("SUB", subscription), token=server.token(),
            body=more.get("body"), headers={"Content-Type": "application/json"},
        )  # fmt: skip

    return send


def _to(
    name: str, path: str, scope: str = "", method: str = "GET", **headers: str
) -> Callable[[RunningServer], Answer]:
    def send(server: RunningServer) -> Answer:
        token = server.token(scope) if scope else None
        return server.azure(method, name, path, token=token, headers=headers)

    return send


def _with_pat(path: str) -> Callable[[RunningServer], Answer]:
    def send(server: RunningServer) -> Answer:
        pat = server.owner("GET", "/credentials").json()["personal_access_token"]
        basic = base64.b64encode(f":{pat}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        return server.azure("GET", "dev.azure.com", path, headers=headers)

    return send


def _raw(content: bytes, name: str = ARM) -> Callable[[RunningServer], Answer]:
    def send(server: RunningServer) -> Answer:
        with server.connect(name) as connection:
            connection.sendall(content)
            return read_answer(connection)

    return send


def _proxy(content: bytes) -> Callable[[RunningServer], Answer]:
    def send(server: RunningServer) -> Answer:
        with server.connect_proxy() as connection:
            connection.sendall(content)
            return read_answer(connection)

    return send


def _studio(path: str, **headers: str) -> Callable[[RunningServer], Answer]:
    return lambda server: server.studio(
        "GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )


def _connect(target: str) -> bytes:
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()


_GRAPH = "https://graph.microsoft.com/.default"
_GET = b"GET /subscriptions?api-version=2022-12-01 HTTP/1.1\r\nHost: management.azure.com\r\n"

CASES: dict[str, Case] = {
    "unknown route": Case(
        send=_arm("GET", "/subscriptions/SUB/providers/Microsoft.Quantum/things/x"),
        status=501, code="RouteNotSupported", names="Microsoft.Quantum",
        hint="docs/reference/coverage.md", envelope="arm",
    ),
    "unknown api-version": Case(
        send=_arm("GET", "/subscriptions?api-version=1999-01-01"),
        status=400, code="InvalidApiVersionParameter", names="1999-01-01", hint="Supported:",
        envelope="arm",
    ),
    "unknown parameter": Case(
        send=_arm("GET", "/subscriptions/SUB/resourcegroups?api-version=2022-09-01&colour=red"),
        status=400, code="UnsupportedQueryParameter", names="colour", hint="Known:",
        envelope="arm",
    ),
    "unknown method": Case(
        send=_arm("DELETE", "/subscriptions?api-version=2022-12-01"),
        status=405, code="MethodNotSupported", names="/subscriptions", hint="Known methods",
        envelope="arm",
    ),
    "body that is no JSON": Case(
        send=_arm("PUT", "/subscriptions/SUB/resourcegroups/g?api-version=2022-09-01",
                  body='{"location": westeurope}'),
        status=400, code="InvalidRequestContent", names="column 14", hint="", envelope="arm",
    ),
    "another's subscription": Case(
        send=_arm("GET", "/subscriptions/11111111-1111-1111-1111-111111111111/resourcegroups"
                  "?api-version=2022-09-01"),
        status=404, code="SubscriptionNotFound", names="11111111-1111", hint="shipway env",
        envelope="arm",
    ),
    "no token": Case(
        send=_to(ARM, "/subscriptions?api-version=2022-12-01"),
        status=401, code="AuthenticationFailed", names="Authorization", hint="", envelope="arm",
    ),
    "forged token": Case(
        send=_to(ARM, "/subscriptions?api-version=2022-12-01", Authorization="Bearer e30.e30.x"),
        status=401, code="InvalidAuthenticationToken", names="token is invalid", hint="",
        envelope="arm",
    ),
    "token for another service": Case(
        send=_to(ARM, "/subscriptions?api-version=2022-12-01", scope=_GRAPH),
        status=401, code="InvalidAuthenticationTokenAudience", names="graph.microsoft.com",
        hint="management.azure.com", envelope="arm",
    ),
    "service that is not here": Case(
        send=_to("bus.servicebus.windows.net", "/queue/messages"),
        status=501, code="RouteNotSupported", names="bus.servicebus.windows.net", hint="docs/",
        envelope="arm",
    ),
    "unknown route of Graph": Case(
        send=_to("graph.microsoft.com", "/v1.0/planner/tasks", scope=_GRAPH),
        status=501, code="RouteNotSupported", names="/v1.0/planner/tasks", hint="docs/",
        envelope="graph",
    ),
    "unknown route of Azure DevOps": Case(
        send=_with_pat("/shipway/_apis/tfvc/items"),
        status=501, code="RouteNotSupported", names="/shipway/_apis/tfvc/items", hint="docs/",
        envelope="devops",
    ),
    "unknown tenant": Case(
        send=_to("login.microsoftonline.com", "/contoso/oauth2/v2.0/logout"),
        status=501, code="RouteNotSupported", names="/contoso/oauth2/v2.0/logout", hint="docs/",
        envelope="oauth",
    ),
    "huge header": Case(
        send=_raw(_GET + b"X-Load: " + b"a" * 70_000 + b"\r\n\r\n"),
        status=431, code="RequestHeaderFieldsTooLarge", names="65536", hint="in the body",
        envelope="arm",
    ),
    "many headers that are huge together": Case(
        send=_raw(_GET + b"".join(b"X-%d: " % n + b"a" * 8000 + b"\r\n" for n in range(9))
                  + b"\r\n"),
        status=431, code="RequestHeaderFieldsTooLarge", names="X-0", hint="in the body",
        envelope="arm",
    ),
    "huge header for Azure DevOps": Case(
        send=_raw(b"GET / HTTP/1.1\r\nHost: dev.azure.com\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
                  name="dev.azure.com"),
        status=431, code="RequestHeaderFieldsTooLarge", names="65536", hint="in the body",
        envelope="devops",
    ),
    "binary rubbish": Case(
        send=_raw(bytes(range(256)) * 4 + b"\r\n\r\n"),
        status=400, code="MalformedRequest", names="HTTP/1.1", hint="The front door speaks",
        envelope="arm",
    ),
    "broken chunks": Case(
        send=_raw(b"PUT /x HTTP/1.1\r\nHost: management.azure.com\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
        status=400, code="MalformedRequest", names="", hint="", envelope="arm",
    ),
    "host that the connection is not for": Case(
        send=_raw(b"GET / HTTP/1.1\r\nHost: graph.microsoft.com\r\n\r\n"),
        status=421, code="MisdirectedRequest", names="graph.microsoft.com",
        hint="Open a connection", envelope="graph",
    ),
    "owner's API without its token": Case(
        send=_studio("/api/v1/status"),
        status=401, code="OwnerTokenNeeded", names="Authorization", hint="SHIPWAY_HOME",
        envelope="owner",
    ),
    "owner's API with a wrong token": Case(
        send=_studio("/api/v1/credentials", Authorization="Bearer wrong\xe9"),
        status=401, code="OwnerTokenNeeded", names="Authorization", hint="SHIPWAY_HOME",
        envelope="owner",
    ),
    "foreign host on the owner's port": Case(
        send=_studio("/api/v1/status", Host="rebound.example.com"),
        status=421, code="MisdirectedRequest", names="rebound.example.com", hint="127.0.0.1",
        envelope="owner",
    ),
    "identity with a made-up header": Case(
        send=_studio("/msi/token?api-version=2019-08-01&resource=https://management.azure.com",
                     X_IDENTITY_HEADER="made-up"),
        status=401, code="", names="X-IDENTITY-HEADER", hint="", envelope="identity",
    ),
    "metadata address": Case(
        send=_proxy(_connect("169.254.169.254:443")),
        status=403, code="TargetRefused", names="169.254.169.254", hint="IDENTITY_ENDPOINT",
        envelope="text",
    ),
    "metadata address spelled as a number": Case(
        send=_proxy(_connect("2852039166:80")),
        status=403, code="TargetRefused", names="2852039166", hint="does not open",
        envelope="text",
    ),
    "metadata address inside IPv6": Case(
        send=_proxy(_connect("[::ffff:a9fe:a9fe]:80")),
        status=403, code="TargetRefused", names="::ffff:a9fe:a9fe", hint="does not open",
        envelope="text",
    ),
    "metadata over plain http": Case(
        send=_proxy(b"GET http://169.254.169.254/latest/meta-data/?key=hush HTTP/1.1\r\n"
                    b"Host: 169.254.169.254\r\n\r\n"),
        status=403, code="TargetRefused", names="169.254.169.254", hint="does not open",
        envelope="text",
    ),
    "Azure name over plain http": Case(
        send=_proxy(b"GET http://management.azure.com/x HTTP/1.1\r\nHost: x\r\n\r\n"),
        status=403, code="TargetRefused", names="management.azure.com", hint="Use https",
        envelope="text",
    ),
    "Azure name on another port": Case(
        send=_proxy(_connect("ssh.dev.azure.com:22")),
        status=403, code="TargetRefused", names="port 22", hint="port 443", envelope="text",
    ),
    "target without a port": Case(
        send=_proxy(_connect("example.com")),
        status=400, code="MalformedRequest", names="example.com", hint="host name and a port",
        envelope="text",
    ),
    "name that no host has": Case(
        send=_proxy(_connect("a!b.azure.com:443")),
        status=400, code="NameNotPermitted", names="a!b.azure.com", hint="letters, digits",
        envelope="text",
    ),
    "request that is for no proxy": Case(
        send=_proxy(b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n"),
        status=400, code="NotAProxyRequest", names="/index.html", hint="shipway env",
        envelope="text",
    ),
    "URL that is none": Case(
        send=_proxy(b"GET http://[nonsense/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        status=400, code="NotAProxyRequest", names="http://[nonsense/", hint="shipway env",
        envelope="text",
    ),
    "binary rubbish for the proxy": Case(
        send=_proxy(bytes(range(128, 256)) * 4),
        status=400, code="MalformedRequest", names="\\x80", hint="HTTP proxy", envelope="text",
    ),
    "huge header for the proxy": Case(
        send=_proxy(b"CONNECT example.com:443 HTTP/1.1\r\nX: " + b"a" * 140_000 + b"\r\n\r\n"),
        status=431, code="RequestHeaderFieldsTooLarge", names="65536", hint="in the body",
        envelope="text",
    ),
}  # fmt: skip


def _code_and_text(answer: Answer, envelope: str) -> tuple[str, str]:
    """Code and message, read from where the protocol has them; fails where it has not."""
    if envelope == "text":
        assert answer.headers["content-type"].startswith("text/plain")
        return answer.headers["x-shipway-error"], answer.body.decode()
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    if envelope == "oauth":
        return body["error"], body["error_description"]
    if envelope == "identity":
        return "", json.dumps(body)
    if envelope == "devops":
        assert body["typeName"].startswith("Microsoft.TeamFoundation")
        return body["typeKey"], body["message"]
    error = body["error"]
    if envelope == "owner":
        return error["code"], f"{error['message']} {error['target']} {error['hint']}"
    if envelope == "graph":
        assert error["innerError"]["request-id"]
    else:
        assert answer.headers["x-ms-failure-cause"] == "gateway"
    return error["code"], f"{error['message']} {error.get('target', '')}"


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_input_is_refused_by_name_and_changes_nothing(
    server: RunningServer, name: str
) -> None:
    case = CASES[name]
    before = state_hash(server.home)
    with unchanged(server.home):
        answer = case.send(server)
    code, text = _code_and_text(answer, case.envelope)
    assert (answer.status, code) == (case.status, case.code), text
    assert case.names in text
    assert case.hint in text
    assert "Traceback" not in text
    assert state_hash(server.home) == before


@pytest.mark.parametrize(
    ("case", "target", "reason"),
    [
        ("unknown route", "management.azure.com/subscriptions", "Microsoft.Quantum"),
        ("unknown parameter", "management.azure.com/subscriptions", "colour"),
        ("service that is not here", "bus.servicebus.windows.net/queue/messages", "/queue"),
        ("metadata over plain http", "169.254.169.254", "metadata address"),
    ],
)
def test_a_refusal_stands_where_status_shows_it(
    server: RunningServer, case: str, target: str, reason: str
) -> None:
    CASES[case].send(server)
    newest = server.refusals()[0]
    assert newest["target"].startswith(target)
    assert reason in newest["reason"]
    assert "hush" not in json.dumps(server.refusals())
    shown = server.run("status").stdout
    assert newest["reason"] in shown


def test_rubbish_leaves_no_traceback_in_the_log(server: RunningServer) -> None:
    for name in ("binary rubbish", "broken chunks", "binary rubbish for the proxy", "huge header"):
        CASES[name].send(server)
    assert "Traceback" not in (server.home / "logs" / "server.log").read_text()
