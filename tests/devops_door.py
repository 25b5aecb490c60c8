"""A plain loopback server around the Azure DevOps protocol, for real clients in tests."""

import hashlib
import io
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

from shipway.azure.entra import personal_access_tokens, tenant, users
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.clock import Clock, SystemClock
from shipway.base.home import Home
from shipway.devops import projects
from shipway.store.store import Store, open_store
from shipway.wire import chain
from shipway.wire.devops import table
from shipway.wire.http import Body, FileBody, Headers, Request, Response

_TABLES = ("documents", "journal", "queue", "timers", "secrets", "sequences", "edges")


@dataclass(kw_only=True)
class Door:
    """A running server: its store, address and tokens.

    `seen` lists status and path of every request, `packed` the paths whose bodies were gzip'd.
    """

    store: Store
    port: int
    owner_token: str
    user_token: str
    user: Principal
    seen: list[tuple[int, str]] = field(default_factory=list)
    packed: list[str] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{projects.ORGANIZATION}"

    def git_url(self, path: str, token: str | None = None) -> str:
        secret = token or self.owner_token
        return self.url.replace("http://", f"http://any:{secret}@") + f"/{path}"


def new_store(folder: Path, clock: Clock | None = None) -> Store:
    """A store in a home of its own."""
    return open_store(Home(folder / "home"), clock or SystemClock())


@contextmanager
def open_door(folder: Path) -> Iterator[Door]:
    """Serve until the block ends."""
    store = new_store(folder)
    owner = tenant.facts(store).owner_object_id
    dana, _ = users.ensure_demo_users(store)
    door = Door(
        store=store, port=0,
        owner_token=personal_access_tokens.create(store, user=owner).text,
        user_token=personal_access_tokens.create(store, user="dana").text,
        user=users.principal_of(store, dana),
    )  # fmt: skip
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(door))
    server.daemon_threads = False
    door.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        for connection in door.connections:  # kept alive by clients
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
        store.database.close()


def git(*arguments: str, cwd: Path, accept: tuple[int, ...] = (0,), **env_vars: str) -> str:
    """Run git as a user would, without this machine's settings; its output and errors."""
    variables = {
        "PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
        "GIT_AUTHOR_NAME": "Dana", "GIT_AUTHOR_EMAIL": "dana@shipway.local",
        "GIT_COMMITTER_NAME": "Dana", "GIT_COMMITTER_EMAIL": "dana@shipway.local", **env_vars,
    }  # fmt: skip
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, env=variables, capture_output=True, timeout=120, check=False
    )
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode in accept, f"git {arguments}: {done.returncode}\n{said}"
    return said


def commit(folder: Path, name: str, content: str, message: str = "change") -> str:
    """Write a file and commit it; the commit's id."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    git("add", "-A", cwd=folder)
    git("commit", "-qm", message, cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder).strip()


def state_of(store: Store) -> str:
    """A hash over every row and every file that is not a log of refusals."""
    digest = hashlib.sha256()
    for name in _TABLES:
        for row in store.database.read().execute(f"SELECT * FROM {name} ORDER BY 1, 2"):
            digest.update(repr(tuple(row)).encode())
    for folder in (store.home.repositories, store.home.files, store.home.temporary):
        for path in sorted(folder.rglob("*")):
            digest.update(str(path).encode())
            digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _handler(door: Door) -> type[BaseHTTPRequestHandler]:  # noqa: C901  # a class in a closure
    protocol = table.protocol(door.store)

    def refuse(name: str, request: Request, reason: str) -> None:
        door.store.growing.add_refusal(
            protocol=name, method=request.method, target=request.path, reason=reason
        )

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            door.connections.append(self.connection)

        def _any(self) -> None:
            body = self._body()
            if self.headers.get("Content-Encoding") == "gzip":
                door.packed.append(self.path)
            path, _, raw_query = self.path.partition("?")
            request = Request(
                method=self.command, host=self.headers.get("Host", ""), path=path,
                raw_query=raw_query, query=tuple(parse_qsl(raw_query, keep_blank_values=True)),
                headers=Headers(fields=tuple(self.headers.items())), body=body,
                request_id=ids.new_guid(),
                scheme="http",
            )  # fmt: skip
            try:
                answer = chain.answer(protocol, request, refuse)
                door.seen.append((answer.status, path))
                self._send(answer)
            finally:
                if body.file is not None:
                    body.file.unlink()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _any  # noqa: N815

        def _body(self) -> Body:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                path = door.store.home.temporary / f"body-{ids.new_guid()}"
                with path.open("wb") as file:
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        file.write(self.rfile.read(size))
                        self.rfile.readline()
                    self.rfile.readline()
                return Body(file=path)
            return Body(content=self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def _send(self, answer: Response) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            content = _whole(answer)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            if answer.cleanup is not None:
                answer.cleanup()

        def log_message(self, *details: object) -> None:
            del details

    return Handler


def _whole(answer: Response) -> bytes:
    body = answer.body
    if isinstance(body, bytes):
        return body
    if isinstance(body, FileBody):
        content = body.path.read_bytes()[body.offset :]
        return content if body.length is None else content[: body.length]
    buffer = io.BytesIO()
    for chunk in body:  # type: ignore[union-attr]  # no handler here answers asynchronously
        buffer.write(chunk)
    return buffer.getvalue()
