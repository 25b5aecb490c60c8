"""The certificate with which our providers answer Terraform: kept in the home, 0600.

Imports next to nothing: it stands before the handshake of every launch.
"""

import importlib
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

_RENEW_AFTER = 300 * 86400.0  # of the 397 days that it is valid
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
#: cryptography costs more to import than the whole launch, and is needed once a year
_MAKER = "shipway.terraform.protocol.certificate_maker"


class Certificate(NamedTuple):
    """A key and its certificate, in PEM."""

    key: bytes
    chain: bytes

    @property
    def handshake_text(self) -> str:
        """The certificate in DER as go-plugin's handshake line carries it: base64, unpadded."""
        body = self.chain.split(_BEGIN)[1].split(_END)[0]
        return b"".join(body.split()).rstrip(b"=").decode()


def own(folder: Path) -> Certificate:
    """The one kept in `folder`, or a new one; kept if the folder can be written."""
    path = folder / "provider.pem"
    kept = _kept(path)
    if kept is not None:
        return kept
    made = _parsed(importlib.import_module(_MAKER).make_and_keep(path))
    if made is None:
        raise AssertionError("the maker makes whole certificates")
    return made


def _kept(path: Path) -> Certificate | None:
    """What lies there, unless somebody else could have put it there or read it, or it is old."""
    try:
        facts = path.stat(follow_symlinks=False)
        private = facts.st_uid == os.getuid() and not stat.S_IMODE(facts.st_mode) & 0o077
        age = time.time() - facts.st_mtime
        if not private or not stat.S_ISREG(facts.st_mode) or not -60 <= age < _RENEW_AFTER:
            return None
        return _parsed(path.read_bytes())
    except OSError:
        return None


def _parsed(content: bytes) -> Certificate | None:
    key, found, rest = content.partition(_BEGIN)
    if not found or _END not in rest or b"PRIVATE KEY" not in key:
        return None
    return Certificate(key=key, chain=_BEGIN + rest)
