"""Makes the certificate of our Terraform providers, once a year."""

import contextlib
from datetime import UTC, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shipway.base.clock import SystemClock
from shipway.base.home import write_private

_DAYS = 397


def make_and_keep(path: Path) -> bytes:
    """A fresh key with its certificate in PEM; written to `path` where that can be written."""
    made = make()
    with contextlib.suppress(OSError):  # a home that cannot be written: a new one each time
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, made)
    return made


def make() -> bytes:
    """A fresh key and a certificate of its own for `localhost`, the name that go-plugin expects."""
    key = ec.generate_private_key(ec.SECP256R1())  # P-521, as go-plugin takes, is refused by grpcio
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = SystemClock().now().astimezone(UTC)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
