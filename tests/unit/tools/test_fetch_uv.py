"""Fetching uv before anything is installed."""

import hashlib
import http.server
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tools import fetch_uv
from tools.fetch_uv import Machine, SetupError

LINUX = Machine(architecture="x86_64", libc="glibc", version=(2, 36))
OLD_LINUX = Machine(architecture="x86_64", libc="glibc", version=(2, 12))
ALPINE = Machine(architecture="aarch64", libc="musl", version=(1, 2))
MAC = Machine(architecture="arm64", libc="macos", version=(14, 1))
OLD_MAC = Machine(architecture="x86_64", libc="macos", version=(10, 9))
BOTH_LIBCS = (
    "uv-1.0-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl"
)
MANYLINUX = "uv-1.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


@pytest.mark.parametrize(
    ("wheel", "machine", "expected"),
    [
        (MANYLINUX, LINUX, True),
        (MANYLINUX, OLD_LINUX, False),
        (MANYLINUX, ALPINE, False),
        (BOTH_LIBCS, ALPINE, True),
        (BOTH_LIBCS, LINUX, False),
        ("uv-1.0-py3-none-manylinux2014_x86_64.whl", LINUX, True),
        ("uv-1.0-py3-none-manylinux2014_x86_64.whl", OLD_LINUX, False),
        ("uv-1.0-py3-none-linux_x86_64.whl", LINUX, False),
        ("uv-1.0-py3-none-macosx_11_0_arm64.whl", MAC, True),
        ("uv-1.0-py3-none-macosx_11_0_universal2.whl", MAC, True),
        ("uv-1.0-py3-none-macosx_10_12_x86_64.whl", MAC, False),
        ("uv-1.0-py3-none-macosx_10_12_x86_64.whl", OLD_MAC, False),
        ("uv-1.0-py3-none-win_amd64.whl", LINUX, False),
    ],
)
def test_a_wheel_runs_where_its_tags_say(wheel: str, machine: Machine, expected: bool) -> None:
    assert fetch_uv.runs_on(wheel, machine) is expected


@pytest.mark.parametrize(
    ("env_vars", "expected"),
    [
        ({}, "https://pypi.org/simple"),
        ({"PIP_INDEX_URL": "https://pip/simple/"}, "https://pip/simple"),
        (
            {"UV_INDEX_URL": "https://uv/simple", "PIP_INDEX_URL": "https://pip"},
            "https://uv/simple",
        ),
        ({"UV_DEFAULT_INDEX": "https://new", "UV_INDEX_URL": "https://old"}, "https://new"),
        ({"UV_DEFAULT_INDEX": "mirror=https://new/simple"}, "https://new/simple"),
        ({"UV_DEFAULT_INDEX": "https://new/?a=b"}, "https://new/?a=b"),
    ],
)
def test_the_index_is_uvs_then_pips_then_pypi(
    env_vars: dict[str, str], expected: str, tmp_path: Path
) -> None:
    env_vars = {**env_vars, "HOME": str(tmp_path)}
    assert fetch_uv.index_of(env_vars) == expected


def test_the_index_and_the_certificates_are_read_from_pips_file(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://mirror/simple\ncert = /some/bundle.pem\n")
    env_vars = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(file)}
    assert fetch_uv.index_of(env_vars) == "https://mirror/simple"
    assert fetch_uv.certificates_of(env_vars) == "/some/bundle.pem"
    assert fetch_uv.certificates_of({**env_vars, "SSL_CERT_FILE": "/mine"}) == "/mine"


def test_a_page_that_is_no_index_is_refused() -> None:
    with pytest.raises(SetupError) as caught:
        fetch_uv.files_of("https://me:pass@host/uv/", "application/json", b'{"message": "hi"}')
    assert "where: https://host/uv/" in caught.value.text


class Index:
    """A package index on loopback with one wheel of uv; what it answers can be bent."""

    def __init__(self) -> None:
        self.wheel = _wheel(b"#!the program")
        self.sha256 = hashlib.sha256(self.wheel).hexdigest()
        self.page_type = "application/vnd.pypi.simple.v1+json"
        self.claimed = self.sha256
        self.failures = 0
        self.name = "uv-1.0-py3-none-manylinux_2_17_x86_64.whl"
        self.authorization: list[str | None] = []
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.authorization.append(self.headers.get("Authorization"))
                if index.failures:
                    index.failures -= 1
                    self.send_error(503)
                    return
                kind, body = index.answer(self.path)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple"

    def answer(self, path: str) -> tuple[str, bytes]:
        if path != "/simple/uv/":
            return "application/octet-stream", self.wheel
        if self.page_type == "text/html":
            link = f'<a href="../../files/{self.name}#sha256={self.claimed}">uv</a>'
            return self.page_type, f"<html><body>{link}</body></html>".encode()
        row = {"filename": self.name, "url": f"/files/{self.name}"}
        return self.page_type, json.dumps(
            {"files": [{**row, "hashes": {"sha256": self.claimed}}]}
        ).encode()


def _wheel(program: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("uv/__init__.py", "")
        archive.writestr("uv-1.0.data/scripts/uv", program)
        archive.writestr("uv-1.0.data/scripts/uvx", b"another")
    return buffer.getvalue()


@pytest.fixture
def index() -> Iterator[Index]:
    served = Index()
    thread = threading.Thread(target=served.server.serve_forever)
    thread.start()
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


@pytest.fixture
def fetch(index: Index, tmp_path: Path) -> Callable[..., bytes]:
    """Downloads from the index with a lock that names its wheel's true hash."""
    lock = tmp_path / "uv.lock"
    lock.write_text(
        '[[package]]\nname = "uv"\nversion = "1.0"\n'
        f'wheels = [{{ url = "https://f/{MANYLINUX.replace(".manylinux2014_x86_64", "")}", '
        f'hash = "sha256:{index.sha256}" }}]\n'
    )

    def download(*, url: str = index.url, machine: Machine = LINUX) -> bytes:
        fetcher = fetch_uv.Fetcher(None, pause_seconds=0.01)
        return fetch_uv.download_wheel(fetcher, index=url, lock=lock, machine=machine)

    return download


@pytest.mark.parametrize("page_type", ["application/vnd.pypi.simple.v1+json", "text/html"])
def test_the_locked_wheel_is_fetched(
    index: Index, fetch: Callable[..., bytes], page_type: str, tmp_path: Path
) -> None:
    index.page_type = page_type
    target = tmp_path / "programs" / "uv"
    fetch_uv.unpack(fetch(), target)
    assert target.read_bytes() == b"#!the program"
    assert target.stat().st_mode & 0o111
    assert list(target.parent.iterdir()) == [target]


def test_another_try_follows_when_the_index_is_down_for_a_moment(
    index: Index, fetch: Callable[..., bytes]
) -> None:
    index.failures = 2
    assert fetch() == index.wheel


def test_a_changed_wheel_is_refused_whatever_the_index_claims(
    index: Index, fetch: Callable[..., bytes]
) -> None:
    index.wheel = _wheel(b"something else")
    index.claimed = hashlib.sha256(index.wheel).hexdigest()
    with pytest.raises(SetupError, match=r"not the file that uv\.lock names"):
        fetch()


def test_a_wheel_is_refused_when_the_index_claims_another_hash(
    index: Index, fetch: Callable[..., bytes]
) -> None:
    index.claimed = "0" * 64
    with pytest.raises(SetupError, match="not the file that the index names"):
        fetch()


def test_the_machine_is_named_when_there_is_no_wheel_for_it(fetch: Callable[..., bytes]) -> None:
    with pytest.raises(SetupError, match=r"no uv 1\.0 for aarch64 with musl 1\.2"):
        fetch(machine=ALPINE)


def test_credentials_go_to_the_index_as_a_header(index: Index, fetch: Callable[..., bytes]) -> None:
    fetch(url=index.url.replace("//", "//me:p%40ss@"))
    # both the page and the wheel are on the index's own host
    assert index.authorization == ["Basic bWU6cEBzcw=="] * 2
