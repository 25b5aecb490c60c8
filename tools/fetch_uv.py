"""Fetches uv, in the version and with the hash that uv.lock names, from the package index.

Runs before anything is installed, so it knows the standard library only. Prints `uv=`, `index=` and
`certificates=` lines for `shipway-setup`; all else goes to stderr. Must not import shipway.
"""

import argparse
import base64
import configparser
import hashlib
import html.parser
import io
import json
import os
import platform
import re
import ssl
import sys
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PYPI = "https://pypi.org/simple"
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
TRIES = 3
TIMEOUT_SECONDS = 60.0
OLD_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}


class SetupError(Exception):
    """What went wrong, where, and what to do about it."""

    def __init__(self, what: str, *, where: str, todo: str) -> None:
        super().__init__(what)
        self.text = f"shipway-setup: {what}\n  where: {where}\n  to do: {todo}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a wheel's platform tag is compared with; `libc` is glibc, musl or macos."""

    architecture: str
    libc: str
    version: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """One file that the index offers; `sha256` is None where the index names none."""

    name: str
    url: str
    sha256: str | None


def this_machine() -> Machine:
    """The machine that runs this."""
    architecture = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform == "darwin":
        return Machine(
            architecture=architecture, libc="macos", version=_pair(platform.mac_ver()[0])
        )
    name, version = platform.libc_ver()
    if name == "glibc":
        return Machine(architecture=architecture, libc="glibc", version=_pair(version))
    # musl names itself nowhere in Python; 1.2 is from 2020 and runs every musllinux wheel of uv
    return Machine(architecture=architecture, libc="musl", version=(1, 2))


def _pair(version: str) -> tuple[int, int]:
    numbers = [int(part) for part in re.findall(r"\d+", version)[:2]] or [0]
    return numbers[0], numbers[1] if len(numbers) > 1 else 0


def runs_on(wheel: str, machine: Machine) -> bool:
    """Whether one of the wheel's platform tags (PEP 425, 600, 656) fits the machine."""
    tags = wheel.removesuffix(".whl").rsplit("-", 1)[-1].split(".")
    return any(_tag_fits(tag, machine) for tag in tags)


def _tag_fits(tag: str, machine: Machine) -> bool:
    family = {"glibc": "manylinux", "musl": "musllinux", "macos": "macosx"}[machine.libc]
    match = re.fullmatch(rf"{family}_(\d+)_(\d+)_(\w+)", tag)
    if match:
        needs, architecture = (int(match[1]), int(match[2])), match[3]
    else:
        old, _, architecture = tag.partition("_")
        if machine.libc != "glibc" or old not in OLD_MANYLINUX:
            return False
        needs = OLD_MANYLINUX[old]
    fits = architecture == machine.architecture or (
        machine.libc == "macos" and architecture == "universal2"
    )
    return fits and needs <= machine.version


def locked_wheels(lock: Path) -> tuple[str, dict[str, str]]:
    """uv's version in the lock, and its wheels' names with their sha256."""
    for package in tomllib.loads(lock.read_text())["package"]:
        if package["name"] == "uv":
            return package["version"], {
                wheel["url"].rsplit("/", 1)[-1]: wheel["hash"].removeprefix("sha256:")
                for wheel in package["wheels"]
            }
    raise SetupError("the lock names no uv", where=str(lock), todo="git checkout uv.lock")


def pip_setting(name: str, env_vars: Mapping[str, str]) -> str | None:
    """A setting as pip would read it: PIP_* first, then its files, the nearest last."""
    if from_env := env_vars.get("PIP_" + name.upper().replace("-", "_")):
        return from_env
    home = Path(env_vars.get("HOME") or "/")
    config_home = Path(env_vars.get("XDG_CONFIG_HOME") or home / ".config")
    named = env_vars.get("PIP_CONFIG_FILE")
    files = [Path("/etc/pip.conf"), home / ".pip/pip.conf", config_home / "pip/pip.conf"]
    found = None
    for file in [*files, *([Path(named)] if named else [])]:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file)
        except (OSError, configparser.Error):
            continue  # pip itself says so; here the file is only a source of defaults
        found = parser.get("global", name, fallback=found)
    return found


def index_of(env_vars: Mapping[str, str]) -> str:
    """The package index to ask: uv's variables, then pip's, then pypi.org."""
    given = (
        env_vars.get("UV_DEFAULT_INDEX")
        or env_vars.get("UV_INDEX_URL")
        or pip_setting("index-url", env_vars)
        or PYPI
    )
    # uv allows "name=url"
    named = re.fullmatch(r"[A-Za-z0-9_.-]+=(.+)", given)
    return (named[1] if named else given).strip().rstrip("/")


def certificates_of(env_vars: Mapping[str, str]) -> str | None:
    """The file of certificates to trust, where one is named."""
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if env_vars.get(name):
            return env_vars[name]
    return pip_setting("cert", env_vars)


class Fetcher:
    """GET with the user's proxy (urllib reads the variables), certificates and credentials."""

    def __init__(self, certificates: str | None, *, pause_seconds: float = 1.0) -> None:
        """Raises `SetupError` when the named certificates cannot be read."""
        self._pause_seconds = pause_seconds
        self._context = ssl.create_default_context()
        if certificates:
            try:
                self._context.load_verify_locations(cafile=certificates)
            except OSError as error:
                raise SetupError(
                    f"the certificates cannot be read: {error}",
                    where=certificates,
                    todo="correct SSL_CERT_FILE, PIP_CERT or REQUESTS_CA_BUNDLE, or unset it",
                ) from error

    def get(self, url: str, *, accept: str = "*/*") -> tuple[str, str, bytes]:
        """The final address, the content type and the body. Raises `SetupError`."""
        request = _request(url, accept)
        for attempt in range(1, TRIES + 1):
            try:
                with urllib.request.urlopen(
                    request, timeout=TIMEOUT_SECONDS, context=self._context
                ) as answer:
                    return answer.geturl(), answer.headers.get_content_type(), answer.read()
            except urllib.error.HTTPError as error:
                if error.code < 500 or attempt == TRIES:
                    raise _unreachable(url, f"HTTP {error.code} {error.reason}") from error
            except (OSError, ValueError, ssl.SSLError) as error:
                reason = getattr(error, "reason", error)
                final = isinstance(reason, (ssl.SSLError, ConnectionRefusedError, ValueError))
                if final or attempt == TRIES:
                    raise _unreachable(url, str(reason)) from error
            time.sleep(self._pause_seconds * attempt)
        raise AssertionError("the last attempt returns or raises")


def _request(url: str, accept: str) -> urllib.request.Request:
    """urllib sends no credentials that stand in an address, so they become a header."""
    try:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https", "file"):
            raise ValueError("its scheme is none of https, http, file")
        clean = parts._replace(netloc=parts.netloc.rpartition("@")[2])
        request = urllib.request.Request(clean.geturl(), headers={"Accept": accept})
    except ValueError as error:
        raise _unreachable(url, str(error)) from error
    if parts.username:
        pair = (
            f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        )
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    return request


def _unreachable(url: str, reason: str) -> SetupError:
    return SetupError(
        f"the package index did not answer: {reason}",
        where=shown(url),
        todo=(
            "check UV_DEFAULT_INDEX, UV_INDEX_URL and PIP_INDEX_URL (which index), HTTPS_PROXY "
            "(the way there) and SSL_CERT_FILE (whom to trust)"
        ),
    )


def shown(url: str) -> str:
    """The address without the credentials in it."""
    return re.sub(r"//[^/@]*@", "//", url)


class _Links(html.parser.HTMLParser):
    """The files of a PEP 503 page: an index that speaks HTML only."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]


def files_of(page_url: str, content_type: str, body: bytes) -> list[IndexFile]:
    """The files on an index page, JSON (PEP 691) or HTML (PEP 503). Raises `SetupError`."""
    try:
        if content_type.endswith("+json") or content_type == "application/json":
            return [
                IndexFile(
                    name=row["filename"],
                    url=urllib.parse.urljoin(page_url, row["url"]),
                    sha256=row["hashes"].get("sha256"),
                )
                for row in json.loads(body)["files"]
            ]
        links = _Links()
        links.feed(body.decode())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(
            "the answer is no package index's page",
            where=shown(page_url),
            todo="the index's address usually ends in /simple",
        ) from error
    return [_html_file(page_url, link) for link in links.links]


def _html_file(page_url: str, link: str) -> IndexFile:
    address, fragment = urllib.parse.urldefrag(urllib.parse.urljoin(page_url, link))
    name = urllib.parse.unquote(urllib.parse.urlsplit(address).path.rsplit("/", 1)[-1])
    sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None
    return IndexFile(name=name, url=address, sha256=sha256)


def download_wheel(fetcher: Fetcher, *, index: str, lock: Path, machine: Machine) -> bytes:
    """The wheel of the locked uv for the machine, its hash checked. Raises `SetupError`."""
    version, hashes = locked_wheels(lock)
    names = [name for name in hashes if runs_on(name, machine)]
    page = f"{index}/uv/"
    page_url, content_type, body = fetcher.get(page, accept=ACCEPT)
    credentials = urllib.parse.urlsplit(index).netloc.rpartition("@")[0]
    for file in files_of(page_url, content_type, body):
        if file.name not in names:
            continue
        url = _with_credentials(file.url, index=index, credentials=credentials)
        wheel = fetcher.get(url)[2]
        found = hashlib.sha256(wheel).hexdigest()
        for source, expected in (("uv.lock", hashes[file.name]), ("the index", file.sha256)):
            if expected not in (None, found):
                raise SetupError(
                    f"{file.name} is not the file that {source} names: sha256 {found}, "
                    f"expected {expected}",
                    where=shown(file.url),
                    todo="do not use it; try again, or another index",
                )
        return wheel
    raise SetupError(
        f"the index has no uv {version} for {machine.architecture} with "
        f"{machine.libc} {machine.version[0]}.{machine.version[1]}",
        where=shown(page),
        todo="use an index that carries it, for example UV_DEFAULT_INDEX=https://pypi.org/simple",
    )


def _with_credentials(url: str, *, index: str, credentials: str) -> str:
    """The index's credentials go to the index's own host and to no other."""
    parts, home = urllib.parse.urlsplit(url), urllib.parse.urlsplit(index)
    if not credentials or (parts.scheme, parts.hostname, parts.port) != (
        home.scheme,
        home.hostname,
        home.port,
    ):
        return url
    return parts._replace(netloc=f"{credentials}@{parts.netloc.rpartition('@')[2]}").geturl()


def unpack(wheel: bytes, target: Path) -> None:
    """Write the wheel's `uv` to `target`, whole or not at all."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        inside = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        program = archive.read(inside)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    partial.write_bytes(program)
    partial.chmod(0o755)
    partial.replace(target)


def main() -> int:
    """Fetch, unless the locked version is there already."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("lock", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--quiet", action="store_true")
    given = arguments.parse_args()
    index, certificates = index_of(os.environ), certificates_of(os.environ)
    try:
        version, _ = locked_wheels(given.lock)
        target = given.folder / f"uv-{version}"
        if not target.exists():
            if not given.quiet:
                print(f"setup: fetching uv {version} from {shown(index)}", file=sys.stderr)
            fetcher = Fetcher(certificates)
            wheel = download_wheel(fetcher, index=index, lock=given.lock, machine=this_machine())
            unpack(wheel, target)
    except SetupError as error:
        print(error.text, file=sys.stderr)
        return 1
    print(f"uv={target.absolute()}\nindex={index}\ncertificates={certificates or ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
