"""A real server on a home of its own, started and stopped by the `shipway` command."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class RunningServer:
    """A server; `env_vars` is what its command line was started with."""

    home: Path
    pid: int
    proxy_port: int
    studio_port: int
    env_vars: dict[str, str]
    client_env: dict[str, str] = field(default_factory=dict)

    @property
    def ca(self) -> ssl.SSLContext:
        """A context that trusts the server's authority and nothing else."""
        return ssl.create_default_context(cafile=self.home / "ca" / "authority.pem")

    def run(
        self, *command: str, accept: tuple[int, ...] = (0,), **env_vars: str
    ) -> subprocess.CompletedProcess[str]:
        """`shipway <command>` on this home."""
        return shipway(*command, env_vars={**self.env_vars, **env_vars}, accept=accept)

    def variables(self) -> dict[str, str]:
        """What `shipway env` gives, on top of the plain environment."""
        if not self.client_env:
            self.client_env = json.loads(self.run("env", "--json").stdout)
        return {**self.env_vars, **self.client_env}

    def connect(self, name: str) -> ssl.SSLSocket:
        """TLS to an Azure name through the proxy, for bytes that no HTTP client would send."""
        plain = self.connect_proxy()
        plain.sendall(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}:443\r\n\r\n".encode())
        head = plain.recv(65536)
        assert head.startswith(b"HTTP/1.1 200"), head
        return self.ca.wrap_socket(plain, server_hostname=name)

    def connect_proxy(self) -> socket.socket:
        """A plain connection to the proxy."""
        return socket.create_connection(("127.0.0.1", self.proxy_port), timeout=ANSWER_SECONDS)

    def azure(
        self,
        method: str,
        name: str,
        path: str,
        *,
        token: str | None = None,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request to an Azure name."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.proxy_port, context=self.ca, timeout=ANSWER_SECONDS
        )
        connection.set_tunnel(name, 443)
        fields = dict(headers or {})
        if token is not None:
            fields["Authorization"] = f"Bearer {token}"
        return _answer_of(connection, method, path, body, fields)

    def studio(
        self,
        method: str,
        path: str,
        *,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request to the plain port."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.studio_port, timeout=ANSWER_SECONDS
        )
        return _answer_of(connection, method, path, body, dict(headers or {}))

    def owner(self, method: str, path: str, body: object = None) -> Answer:
        """One request to the owner's API."""
        token = (self.home / "run" / "owner.token").read_text()
        return self.studio(
            method, f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"},
            body=None if body is None else json.dumps(body),
        )  # fmt: skip

    def token(self, scope: str = "https://management.azure.com/.default") -> str:
        """A token of the developer's application."""
        variables = self.variables()
        form = urlencode(
            {
                "grant_type": "client_credentials", "scope": scope,
                "client_id": variables["AZURE_CLIENT_ID"],
                "client_secret": variables["AZURE_CLIENT_SECRET"],
            }
        )  # fmt: skip
        answer = self.azure(
            "POST", "login.microsoftonline.com",
            f"/{variables['AZURE_TENANT_ID']}/oauth2/v2.0/token", body=form,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        assert answer.status == 200, answer.body
        return str(answer.json()["access_token"])

    def refusals(self) -> list[dict[str, str]]:
        """Newest first."""
        return list(self.owner("GET", "/refusals").json()["value"])

    def kill(self) -> None:
        """kill -9, as a power cut would; its workers see the end of their input."""
        os.kill(self.pid, signal.SIGKILL)
        wait_for_end(self.pid)


@contextmanager
def running_server(
    home: Path, *arguments: str, env_vars: Mapping[str, str] | None = None
) -> Iterator[RunningServer]:
    """`shipway up` on `home`; at the end of the block `shipway down --kill`."""
    variables = {**plain_environment(home), **(env_vars or {})}
    told = json.loads(shipway("up", "--json", *arguments, env_vars=variables).stdout)
    server = RunningServer(
        home=home, pid=told["pid"], proxy_port=told["proxy"], studio_port=told["studio"],
        env_vars=variables,
    )  # fmt: skip
    try:
        yield server
    finally:
        shipway("down", "--kill", env_vars=variables)
        wait_for_end(server.pid)


def plain_environment(home: Path) -> dict[str, str]:
    """A shell that knows nothing but where its programs and its home are."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "SHIPWAY_HOME": str(home),
        "SHIPWAY_SLOTS": "2",
    }


def shipway(
    *command: str, env_vars: Mapping[str, str], accept: tuple[int, ...] = (0,)
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would."""
    done = subprocess.run(
        [sys.executable, "-m", "shipway", *command], env=dict(env_vars), capture_output=True,
        text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode in accept, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def read_answer(connection: socket.socket) -> Answer:
    """Read one HTTP answer from a raw connection."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(status=response.status, headers=headers, body=body)


def _answer_of(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | str | None,
    headers: dict[str, str],
) -> Answer:
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=fields, body=content)
    finally:
        connection.close()


def wait_for_end(pid: int) -> None:
    """The server is not our child (its parent has gone), so its place in /proc is watched."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} has not ended")
