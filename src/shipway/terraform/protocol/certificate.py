"""The certificate with which our providers answer Terraform: kept in the home, 0600."""

import base64
import contextlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from shipway.base import process
from shipway.base.clock import SystemClock
from shipway.base.errors import Unavailable
from shipway.base.home import write_private

_RENEW_AFTER = 300 * 86400.0  # of the 397 days that it is valid
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A key and its certificate, in PEM."""

    key: bytes
    chain: bytes

    @property
    def handshake_text(self) -> str:
        """The certificate in DER as go-plugin's handshake line carries it: base64, unpadded."""
        body = self.chain.split(_BEGIN)[1].split(_END)[0]
        return b"".join(body.split()).rstrip(b"=").decode()


def own(folder: Path) -> Certificate:
    """The one kept in `folder`, or a new one; kept if the folder can be written.

    Raises `Unavailable` when none can be made.
    """
    path = folder / "provider.pem"
    kept = _kept(path)
    if kept is not None:
        return kept
    made = process.run(
        [sys.executable, "-I", "-m", "shipway.terraform.protocol.certificate_maker"], seconds=60
    )
    parsed = _parsed(made.stdout)
    if made.returncode or parsed is None:
        raise Unavailable(
            "a certificate for the provider could not be made: "
            + made.stderr.decode(errors="replace")[-500:],
            code="NoCertificate",
        )
    with contextlib.suppress(OSError):  # a home that cannot be written: a new one each time
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, made.stdout)
    return parsed


def _kept(path: Path) -> Certificate | None:
    """What lies there, unless somebody else could have put it there or read it, or it is old."""
    try:
        facts = path.stat(follow_symlinks=False)
        age = SystemClock().now().timestamp() - facts.st_mtime
        private = facts.st_uid == os.getuid() and not stat.S_IMODE(facts.st_mode) & 0o077
        if not private or not stat.S_ISREG(facts.st_mode) or not -60 <= age < _RENEW_AFTER:
            return None
        return _parsed(path.read_bytes())
    except OSError:
        return None


def _parsed(content: bytes) -> Certificate | None:
    key, found, rest = content.partition(_BEGIN)
    if not found or _END not in rest or b"PRIVATE KEY" not in key:
        return None
    try:
        base64.b64decode(b"".join(rest.split(_END)[0].split()), validate=True)
    except ValueError:
        return None
    return Certificate(key=key, chain=_BEGIN + rest)
