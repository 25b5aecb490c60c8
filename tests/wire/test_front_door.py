"""The front door with real clients: trust, proxy, tunnels, the owner alone, variables, life."""

import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.running_server import (
    RunningServer,
    plain_environment,
    read_answer,
    running_server,
    shipway,
    wait_for_end,
)

from shipway.azure.entra import managed_identities
from shipway.base import front_door
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.store.store import open_store

ARM = "management.azure.com"
SUBSCRIPTIONS = f"https://{ARM}/subscriptions?api-version=2022-12-01"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("door") / "h") as running:
        yield running


def _client(
    server: RunningServer, *command: str, accept: tuple[int, ...] = (0,), **env_vars: str
) -> str:
    """A program under `shipway exec`; its output and errors."""
    done = server.run("exec", "--", *command, accept=accept, **env_vars)
    return done.stdout + done.stderr


# ---- trust ----------------------------------------------------------------------------------


def test_an_unchanged_default_azure_credential_and_requests_reach_arm(
    server: RunningServer,
) -> None:
    program = (
        "import os, requests\n"
        "from azure.identity import DefaultAzureCredential\n"
        "token = DefaultAzureCredential().get_token('https://management.azure.com/.default').token\n"
        "headers = {'Authorization': 'Bearer ' + token}\n"
        f"[found] = requests.get('{SUBSCRIPTIONS}', headers=headers).json()['value']\n"
        "assert found['subscriptionId'] == os.environ['AZURE_SUBSCRIPTION_ID']\n"
        "print('reached')\n"
    )
    assert _client(server, sys.executable, "-c", program).strip() == "reached"


def test_curl_trusts_the_door(server: RunningServer) -> None:
    said = _client(server, "curl", "-sS", "-w", "%{http_code} %{ssl_verify_result}", SUBSCRIPTIONS)
    assert said.endswith("401 0")
    assert json.loads(said.removesuffix("401 0"))["error"]["code"] == "AuthenticationFailed"


def test_git_trusts_the_door(server: RunningServer) -> None:
    said = _client(
        server, "git", "ls-remote", "https://dev.azure.com/shipway/p/_git/r",
        accept=(128,), GIT_TERMINAL_PROMPT="0",
    )  # fmt: skip
    # through proxy and TLS, signed in by the credential helper, and told what is not there
    assert "TF200016: The following project does not exist: p" in said


def test_openssl_verifies_name_and_chain(server: RunningServer) -> None:
    name = "acct1.blob.core.windows.net"
    said = subprocess.run(
        ["openssl", "s_client", "-proxy", f"127.0.0.1:{server.proxy_port}", "-connect",
         f"{name}:443", "-servername", name, "-verify_hostname", name, "-verify_return_error",
         "-CAfile", str(server.home / "ca" / "authority.pem")],
        input=b"", capture_output=True, check=False, timeout=30,
    ).stdout.decode()  # fmt: skip
    assert "Verify return code: 0 (ok)" in said, said


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_trusts_the_door(server: RunningServer) -> None:
    program = """
        const http = require("http"), tls = require("tls");
        const proxy = new URL(process.env.HTTPS_PROXY), name = "management.azure.com";
        http.request({host: proxy.hostname, port: proxy.port, method: "CONNECT",
                      path: name + ":443"})
            .on("connect", (_, socket) => {
                const secure = tls.connect({socket, servername: name}, () => {
                    console.log("authorized", secure.authorized); secure.end(); });
                secure.on("error", e => console.log("refused", e.message));
            }).end();
    """
    assert _client(server, "node", "-e", program).strip() == "authorized true"


@pytest.mark.terraform
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_go_trusts_the_door(server: RunningServer, tmp_path: Path) -> None:
    """Terraform is a Go program, and its http backend asks any address."""
    (tmp_path / "main.tf").write_text(
        f'terraform {{\n  backend "http" {{ address = "https://{ARM}/subscriptions" }}\n}}\n'
    )
    command = ("terraform", f"-chdir={tmp_path}", "init", "-no-color", "-input=false")
    said = _client(server, *command, accept=(1,), CHECKPOINT_DISABLE="1")
    assert "HTTP remote state endpoint requires auth" in said  # our 401: TLS was fine


def test_direct_tls_on_the_proxy_port_is_served_too(server: RunningServer) -> None:
    told = json.loads((server.home / "run" / "server.json").read_text())
    name = "graph.microsoft.com"
    with (
        socket.create_connection(("127.0.0.1", told["tls_port"]), timeout=30) as plain,
        server.ca.wrap_socket(plain, server_hostname=name) as connection,
    ):
        connection.sendall(f"GET /v1.0/me HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        assert read_answer(connection).status == 401


@pytest.mark.parametrize("name", ["example.com", "localhost", "packages.microsoft.com"])
def test_no_certificate_is_given_for_a_name_that_is_not_azures(
    server: RunningServer, name: str
) -> None:
    with server.connect_proxy() as plain, pytest.raises(ssl.SSLError, match=r"EOF|UNRECOGNIZED"):
        server.ca.wrap_socket(plain, server_hostname=name)
    assert not (server.home / "ca" / "leaves" / f"{name}.pem").exists()


def test_keys_and_tokens_are_the_owners_alone(server: RunningServer) -> None:
    server.azure("GET", ARM, "/")
    private = [
        "ca/authority.key", f"ca/leaves/{ARM}.pem", "secrets.key", "run/owner.token",
        "run/server.json", "shipway.sqlite",
    ]  # fmt: skip
    modes = {name: stat.S_IMODE((server.home / name).stat().st_mode) for name in private}
    assert modes == dict.fromkeys(private, 0o600)
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700


def test_an_unchanged_managed_identity_credential_gets_its_own_token(
    server: RunningServer,
) -> None:
    store = open_store(Home(server.home), SystemClock())
    identity = managed_identities.create_for(store, "/subscriptions/s/resourceGroups/g/x/y/z/c")
    header = managed_identities.header_for(store, identity.object_id)
    store.database.close()
    program = (
        "import base64, json\n"
        "from azure.identity import DefaultAzureCredential\n"
        "token = DefaultAzureCredential().get_token('https://management.azure.com/.default').token\n"
        "claims = token.split('.')[1]\n"
        "print(json.loads(base64.urlsafe_b64decode(claims + '=='))['oid'])\n"
    )
    env_vars = {
        "PATH": server.env_vars["PATH"],
        **front_door.variables(Home(server.home)),
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{server.studio_port}/msi/token",
        "IDENTITY_HEADER": header,
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=env_vars, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == identity.object_id, done.stderr


# ---- HTTP -----------------------------------------------------------------------------------


def test_a_connection_serves_many_requests_without_the_delayed_ack_pause(
    server: RunningServer,
) -> None:
    token = server.token()
    request = (
        f"GET /subscriptions?api-version=2022-12-01 HTTP/1.1\r\nHost: {ARM}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()
    with server.connect(ARM) as connection:
        times = []
        for _ in range(25):
            began = time.perf_counter()
            connection.sendall(request)
            assert read_answer(connection).status == 200
            times.append(time.perf_counter() - began)
    assert sorted(times)[12] < 0.03  # a delayed ACK would cost 0.04 each


def test_a_caller_that_waits_for_100_is_refused_before_its_body(server: RunningServer) -> None:
    head = (
        f"PUT /subscriptions/x/resourcegroups/g HTTP/1.1\r\nHost: {ARM}\r\n"
        "Content-Length: 1000000000\r\nExpect: 100-continue\r\n"
    )
    with server.connect(ARM) as connection:
        connection.sendall(f"{head}\r\n".encode())
        assert read_answer(connection).status == 401


def test_a_caller_that_waits_for_100_gets_it_and_then_its_answer(server: RunningServer) -> None:
    subscription = server.variables()["AZURE_SUBSCRIPTION_ID"]
    content = b'{"location": "westeurope"}'
    head = (
        f"PUT /subscriptions/{subscription}/resourcegroups/hundred?api-version=2022-09-01 "
        f"HTTP/1.1\r\nHost: {ARM}\r\nAuthorization: Bearer {server.token()}\r\n"
        f"Content-Length: {len(content)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with server.connect(ARM) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(content)
        assert read_answer(connection).status == 201


def test_a_body_past_the_memory_limit_leaves_no_file_behind(server: RunningServer) -> None:
    subscription = server.variables()["AZURE_SUBSCRIPTION_ID"]
    body = json.dumps({"location": "westeurope", "padding": "x" * (3 << 20)})
    path = f"/subscriptions/{subscription}/resourcegroups/large?api-version=2022-09-01"
    answer = server.azure("PUT", ARM, path, token=server.token(), body=body)
    assert answer.status in (201, 400), answer.body
    deadline = time.monotonic() + 10  # the file goes after the answer, which may still need it
    while list((server.home / "tmp").glob("body-*")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


# ---- what is not Azure's --------------------------------------------------------------------


class Far:
    """A plain TCP server: answers every connection with what it was sent, in capitals."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                content = b""
                while piece := connection.recv(65536):
                    content += piece
                    if content.endswith(b"\r\n\r\n"):
                        break
                self.received.append(content)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nfar")
                connection.sendall(content.upper())


@pytest.fixture
def far() -> Iterator[Far]:
    made = Far()
    yield made
    made.close()


def test_a_tunnel_carries_bytes_unchanged_and_unlogged(server: RunningServer, far: Far) -> None:
    secret = b"\x00\xff secret of the tunnel " + os.urandom(2000).replace(b"\r", b"") * 50
    with server.connect_proxy() as connection:
        # the first bytes come in one packet with the head: they belong to the tunnel
        connection.sendall(f"CONNECT localhost:{far.port} HTTP/1.1\r\n\r\n".encode() + secret)
        assert connection.recv(65536) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        connection.shutdown(socket.SHUT_WR)  # a half-closed tunnel still answers
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert far.received == [secret]
    assert received.endswith(secret.upper())
    kept = b"".join(p.read_bytes() for p in server.home.rglob("*") if p.is_file())
    assert b"secret of the tunnel" not in kept
    assert str(far.port) not in (server.home / "logs" / "server.log").read_text()
    assert all(str(far.port) not in r["target"] for r in server.refusals())


def test_plain_http_passes_through_without_the_proxys_own_fields(
    server: RunningServer, far: Far
) -> None:
    with server.connect_proxy() as connection:
        connection.sendall(
            f"GET http://localhost:{far.port}/a%2Fb?c=%20 HTTP/1.1\r\nHost: localhost\r\n"
            "Proxy-Authorization: Basic aHVzaA==\r\nProxy-Connection: keep-alive\r\n\r\n".encode()
        )
        assert read_answer(connection).body == b"far"
    assert far.received[0].split(b"\r\n")[0] == b"GET /a%2Fb?c=%20 HTTP/1.1"
    assert b"proxy" not in far.received[0].lower()


def test_an_unreachable_target_is_named(server: RunningServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with server.connect_proxy() as connection:
        connection.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
        answer = read_answer(connection)
    assert answer.status == 502
    assert f"127.0.0.1:{port} cannot be reached".encode() in answer.body


class ParentProxy:
    """The proxy that a user already had: remembers what it was asked, leads all to one place."""

    def __init__(self, far: Far) -> None:
        self.heads: list[str] = []
        self._far = far
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                head = connection.recv(65536)
                self.heads.append(head.decode())
                if not head.startswith(b"CONNECT"):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nparent")
                    continue
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                with socket.create_connection(("127.0.0.1", self._far.port)) as onward:
                    onward.sendall(connection.recv(65536))
                    while piece := onward.recv(65536):
                        connection.sendall(piece)


@contextmanager
def _behind(parent: ParentProxy, home: Path, **more: str) -> Iterator[RunningServer]:
    url = f"http://me:p%40ss@127.0.0.1:{parent.port}"
    with running_server(home, env_vars={"HTTPS_PROXY": url, "http_proxy": url, **more}) as running:
        yield running


def test_what_is_not_azures_goes_through_the_proxy_that_the_user_had(
    tmp_path: Path, far: Far
) -> None:
    parent = ParentProxy(far)
    with _behind(parent, tmp_path / "h", NO_PROXY="direct.test,localhost") as server:
        with server.connect_proxy() as connection:
            connection.sendall(b"CONNECT far.example:443 HTTP/1.1\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            connection.sendall(b"hello\r\n\r\n")
            assert read_answer(connection).body == b"far"
        with server.connect_proxy() as connection:
            connection.sendall(b"GET http://far.example/x HTTP/1.1\r\nHost: far.example\r\n\r\n")
            assert read_answer(connection).body == b"parent"
        with server.connect_proxy() as connection:  # excepted by NO_PROXY: not through it
            connection.sendall(f"CONNECT localhost:{far.port} HTTP/1.1\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        assert server.azure("GET", ARM, "/").status in (401, 404, 501)  # never through it
        variables = server.variables()
    parent.close()
    basic = "Proxy-Authorization: Basic bWU6cEBzcw=="
    assert [head.split("\r\n")[0] for head in parent.heads] == [
        "CONNECT far.example:443 HTTP/1.1", "GET http://far.example/x HTTP/1.1",
    ]  # fmt: skip
    assert all(basic in head for head in parent.heads)
    assert far.received[0] == b"hello\r\n\r\n"
    assert (
        variables["HTTPS_PROXY"]
        == variables["https_proxy"]
        == (f"http://127.0.0.1:{server.proxy_port}")
    )
    assert variables["NO_PROXY"].split(",") == ["direct.test", "localhost", "127.0.0.1", "::1"]


def test_a_proxy_of_a_kind_that_is_not_spoken_is_named_at_the_start(tmp_path: Path) -> None:
    env_vars = {
        **plain_environment(tmp_path / "h"),
        "ALL_PROXY": "socks5://me:secret@10.0.0.1:1080",
    }
    done = shipway("up", env_vars=env_vars, accept=(1,))
    assert "socks5 proxy" in done.stderr
    assert "to do: Set HTTPS_PROXY" in done.stderr
    assert "secret" not in done.stderr + (tmp_path / "h/logs/server.log").read_text()


# ---- the owner alone ------------------------------------------------------------------------


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a process as somebody else")
@pytest.mark.parametrize("port", ["proxy_port", "studio_port"])
def test_another_user_of_the_machine_is_turned_away(server: RunningServer, port: str) -> None:
    program = (
        "import os, socket, sys\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "s = socket.socket(); s.connect((b'127.0.0.1', int(sys.argv[1])))\n"
        "s.sendall(b'CONNECT management.azure.com:443 HTTP/1.1\\r\\n\\r\\n')\n"
        "while piece := s.recv(65536): os.write(1, piece)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(getattr(server, port))],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("HTTP/1.1 403")
    assert "user id 65534 is not the owner" in done.stdout
    assert "user id 65534" in server.refusals()[0]["reason"]


# ---- variables ------------------------------------------------------------------------------


def test_env_gives_exactly_the_variables_that_clients_need(server: RunningServer) -> None:
    values = json.loads(server.run("env", "--json").stdout)
    assert set(values) == {
        "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE", "SSL_CERT_FILE", "GIT_SSL_CAINFO", "PIP_CERT", "NODE_EXTRA_CA_CERTS",
        "AZURE_CONFIG_DIR", "AZURE_DEVOPS_CACHE_DIR", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID",
        "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET",
        "AZURE_DEVOPS_EXT_PAT", "AZDO_PERSONAL_ACCESS_TOKEN", "AZDO_ORG_SERVICE_URL",
        "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0",
    }  # fmt: skip
    assert values["NO_PROXY"] == values["no_proxy"] == "127.0.0.1,localhost,::1"
    for name in ("AZURE_CONFIG_DIR", "AZURE_DEVOPS_CACHE_DIR"):
        assert Path(values[name]).is_relative_to(server.home)
        assert stat.S_IMODE(Path(values[name]).stat().st_mode) == 0o700


def test_the_bundle_is_the_users_own_plus_our_authority(
    server: RunningServer, tmp_path: Path
) -> None:
    system = Path(json.loads(server.run("env", "--json").stdout)["SSL_CERT_FILE"]).read_text()
    own = tmp_path / "company.pem"
    certificate = system[: system.index("-----END CERTIFICATE-----")] + (
        "-----END CERTIFICATE-----\n# the company's\n"
    )
    own.write_text(certificate)
    ours = (server.home / "ca" / "authority.pem").read_text()
    values = json.loads(server.run("env", "--json", REQUESTS_CA_BUNDLE=str(own)).stdout)
    bundle = Path(values["REQUESTS_CA_BUNDLE"]).read_text()
    assert bundle == certificate + ours
    again = json.loads(server.run("env", "--json", **values).stdout)
    assert Path(again["REQUESTS_CA_BUNDLE"]).read_text().count(ours) == 1


def test_every_shells_form_of_the_variables_can_be_read_back(server: RunningServer) -> None:
    values = json.loads(server.run("env", "--json").stdout)
    lines = server.run("env", "--shell", "sh").stdout
    taken = subprocess.run(
        ["sh", "-c", f"{lines}\nenv"], capture_output=True, text=True, check=True, env={}
    )
    got = dict(line.split("=", 1) for line in taken.stdout.splitlines() if "=" in line)
    assert {name: got[name] for name in values} == values
    dotenv = server.run("env", "--shell", "dotenv").stdout
    assert f"AZURE_TENANT_ID={values['AZURE_TENANT_ID']}\n" in dotenv
    fish = server.run("env", "--shell", "fish").stdout
    assert f"set -gx AZURE_TENANT_ID '{values['AZURE_TENANT_ID']}'\n" in fish
    powershell = server.run("env", "--shell", "powershell").stdout
    assert f"${{env:AZURE_TENANT_ID}} = '{values['AZURE_TENANT_ID']}'\n" in powershell


def test_exec_returns_the_commands_exit_code_and_forwards_signals(server: RunningServer) -> None:
    server.run("exec", "--", "sh", "-c", "exit 7", accept=(7,))
    done = server.run("exec", "--", "no-such-program", accept=(1,))
    assert "no-such-program" in done.stderr
    child = subprocess.Popen(
        [sys.executable, "-m", "shipway", "exec", "--", "sh", "-c",
         "trap 'exit 42' TERM; echo ready; while :; do sleep 0.05; done"],
        env=server.env_vars, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 42
    child.stdout.close()


# ---- life -----------------------------------------------------------------------------------


def test_a_second_up_says_who_holds_the_home(server: RunningServer) -> None:
    done = server.run("up", accept=(1,))
    assert f"held by process {server.pid}" in done.stderr
    assert "to do:" in done.stderr
    assert server.owner("GET", "/status").json()["pid"] == server.pid


def test_ports_stay_the_same_after_a_restart_and_after_kill_9(tmp_path: Path) -> None:
    with running_server(tmp_path / "h") as first:
        ports = (first.proxy_port, first.studio_port)
        tenant = first.variables()["AZURE_TENANT_ID"]
        first.run("down")
        second = json.loads(first.run("up", "--json").stdout)
        assert (second["proxy"], second["studio"]) == ports
        first.pid = second["pid"]
        first.kill()
        third = json.loads(first.run("up", "--json").stdout)
        assert (third["proxy"], third["studio"]) == ports
        first.pid, first.client_env = third["pid"], {}
        assert first.variables()["AZURE_TENANT_ID"] == tenant
        assert first.token()


def test_workers_end_with_their_server_however_it_ends(tmp_path: Path) -> None:
    with running_server(tmp_path / "h") as server:
        pids = _worker_pids(server)
        server.kill()
        for pid in pids:
            wait_for_end(pid)
        server.pid = json.loads(server.run("up", "--json").stdout)["pid"]
        again = _worker_pids(server)
        assert not set(again) & set(pids)
        server.run("down")
        for pid in again:
            wait_for_end(pid)


def _worker_pids(server: RunningServer) -> list[int]:
    """All of them, once they have started."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        workers = server.owner("GET", "/status").json()["workers"]
        if workers and all(worker["pid"] for worker in workers):
            return [worker["pid"] for worker in workers]
        time.sleep(0.05)
    raise AssertionError("the workers have not started")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = shipway(
            "up", "--proxy-port", str(port), env_vars=plain_environment(tmp_path / "h"),
            accept=(1,),
        )  # fmt: skip
    assert f"port {port} cannot be used" in done.stderr
    assert "to do:" in done.stderr


def test_down_twice_is_no_error_and_status_then_says_what_to_do(tmp_path: Path) -> None:
    with running_server(tmp_path / "h") as server:
        assert str(server.pid) in server.run("down").stdout
        assert "no server holds" in server.run("down").stdout
        done = server.run("status", accept=(1,))
        assert "to do: Start it with `shipway up`." in done.stderr
        assert server.run("doctor", "--json").returncode == 0


def test_the_foreground_server_ends_at_ctrl_c(tmp_path: Path) -> None:
    env_vars = plain_environment(tmp_path / "h")
    child = subprocess.Popen(
        [sys.executable, "-m", "shipway", "up", "--foreground"], env=env_vars,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stderr is not None
    for line in child.stderr:
        if "serving: proxy" in line:
            break
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 0
    child.stderr.close()
    assert not (tmp_path / "h" / "run" / "owner.token").exists()


def test_the_server_is_small_and_never_imports_the_azure_sdks() -> None:
    program = (
        "import sys, shipway.server\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('azure', 'msrest', 'mlflow')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_server_stays_small(server: RunningServer) -> None:
    for _ in range(50):
        server.azure("GET", ARM, "/subscriptions")
    assert server.owner("GET", "/status").json()["memory_bytes"] < 150 << 20


def test_nothing_listens_off_loopback(server: RunningServer) -> None:
    inodes = set()
    for descriptor in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = []
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == "0A" and fields[9] in inodes:
                listening.append(fields[1].split(":")[0])
    assert listening == ["0100007F", "0100007F"]
