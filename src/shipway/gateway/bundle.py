"""Certificate bundles: what the machine or the user trusts, plus our own authority."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import certifi

from shipway.base import front_door, ids
from shipway.base.home import Home, write_private

_SYSTEM = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
)
_BEGIN = b"-----BEGIN CERTIFICATE-----"


def write_default(home: Home, env_vars: Mapping[str, str]) -> Path:
    """The bundle for processes that the server starts, from the server's own variables."""
    content = _joined(_source_of("", home, env_vars), home)
    path = front_door.bundle(home)
    if not path.exists() or path.read_bytes() != content:
        write_private(path, content)
    return path


def for_variable(name: str, home: Home, env_vars: Mapping[str, str]) -> Path:
    """The bundle that a variable such as SSL_CERT_FILE shall name: what it named, plus ours.

    Bundles are kept by content, so equal ones are one file.
    """
    content = _joined(_source_of(name, home, env_vars), home)
    default = front_door.bundle(home)
    if default.exists() and default.read_bytes() == content:
        return default
    path = home.authority / f"bundle-{ids.digest(content)[:16]}.pem"
    if not path.exists():
        write_private(path, content)
    return path


def _source_of(name: str, home: Home, env_vars: Mapping[str, str]) -> bytes:
    """The user's bundle for one variable, else for any of them, else the system's, else certifi's.

    Bundles that we wrote ourselves do not count as the user's.
    """
    named = [name, *front_door.BUNDLE_VARIABLES]
    candidates = [Path(env_vars[n]) for n in named if env_vars.get(n)]
    default = ssl.get_default_verify_paths().cafile
    candidates += [Path(default)] if default else []
    for path in (*candidates, *_SYSTEM, Path(certifi.where())):
        if path.is_relative_to(home.authority):
            continue
        content = _content_of(path)
        if _BEGIN in content:
            return content
    return b""


def _content_of(path: Path) -> bytes:
    """A bundle file; or a folder of certificates, as REQUESTS_CA_BUNDLE may name one."""
    try:
        if path.is_dir():
            files = [p for p in sorted(path.iterdir()) if p.suffix in (".pem", ".crt")]
            return b"\n".join(p.read_bytes() for p in files if p.is_file())
        return path.read_bytes()
    except OSError:
        return b""


def _joined(trusted: bytes, home: Home) -> bytes:
    ours = (home.authority / "authority.pem").read_bytes()
    return trusted if ours in trusted else trusted.rstrip(b"\n") + b"\n" + ours
