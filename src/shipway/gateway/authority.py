"""The local certificate authority: created once per home, able to sign Azure's names only.

Name constraints (critical) permit Azure's DNS suffixes and exclude every address, so that the key,
were it ever stolen, signs for nothing else. Leaves are minted per server name and kept on disk.
"""

import ipaddress
import re
import ssl
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shipway.base.clock import Clock
from shipway.base.errors import BadInput, ShipwayError
from shipway.base.front_door import AZURE_SUFFIXES, is_azure_name, normal_name
from shipway.base.home import Home, write_private

_ROOT_DAYS = 3650
_LEAF_DAYS = 397  # Apple and Go's callers take no more than 398
_RENEW_BEFORE = timedelta(days=30)
_BACKDATE = timedelta(days=1)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_CONTEXT_LIMIT = 256


class NameNotPermitted(BadInput):
    """A server name that this authority does not sign."""

    default_code = "NameNotPermitted"


class AuthorityBroken(ShipwayError):
    """The authority's files do not belong together or cannot be read."""

    default_code = "AuthorityBroken"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityFacts:
    """What there is to know of an authority on disk without its key."""

    pem: bytes
    not_after: datetime


class NamedContext(ssl.SSLContext):
    """A TLS context that knows for which server name it answers."""

    server_name: str = ""


class Authority:
    """Signs leaves and makes TLS contexts of them. Safe to use from several threads."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._folder = home.authority
        self._clock = clock
        self._lock = threading.Lock()
        self._contexts: dict[str, NamedContext] = {}
        self.certificate_path = self._folder / "authority.pem"
        self._key_path = self._folder / "authority.key"
        self._leaves = self._folder / "leaves"
        self._leaves.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.certificate_path.exists() or not self._key_path.exists():
            self._create()
        self._key, self._certificate = _load(self._folder)

    def front_context(self) -> ssl.SSLContext:
        """The context that the door starts with: it changes to the name that the client asks for.

        A client that names no server, or one that is not Azure's, gets no handshake.
        """
        context = _context()

        def choose(connection: object, name: str | None, _: ssl.SSLContext) -> int | None:
            if not isinstance(connection, ssl.SSLObject | ssl.SSLSocket) or name is None:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            try:
                connection.context = self.context(name)
            except NameNotPermitted:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            return None

        context.sni_callback = choose
        return context

    def context(self, name: str) -> NamedContext:
        """A TLS context with a leaf for `name`. Raises `NameNotPermitted`."""
        name = normal_name(name)
        known = self._contexts.get(name)
        if known is not None:
            return known
        path = self.leaf(name)
        context = _context()
        context.server_name = name
        context.load_cert_chain(path)
        with self._lock:
            if len(self._contexts) >= _CONTEXT_LIMIT:
                self._contexts.clear()
            self._contexts[name] = context
        return context

    def leaf(self, name: str) -> Path:
        """Key, leaf and authority in one PEM (0600) for exactly `name`, minted where needed.

        Raises `NameNotPermitted`.
        """
        name = normal_name(name)
        labels = name.split(".")
        if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
            raise NameNotPermitted(
                f"'{name[:80]}' is not a host name", where=name[:80],
                hint="Labels of letters, digits and hyphens, at most 253 characters.",
            )  # fmt: skip
        if not is_azure_name(name):
            raise NameNotPermitted(
                f"'{name}' is not one of Azure's names", where=name,
                hint="The local authority signs for Azure's names only.",
            )  # fmt: skip
        path = self._leaves / f"{name}.pem"
        with self._lock:
            if not self._is_fresh(path):
                write_private(path, self._mint(name))
        return path

    def _is_fresh(self, path: Path) -> bool:
        try:
            leaf = x509.load_pem_x509_certificates(path.read_bytes())[0]
        except (OSError, ValueError, IndexError):
            return False
        return (
            leaf.issuer == self._certificate.subject
            and self._clock.now() + _RENEW_BEFORE < leaf.not_valid_after_utc
        )

    def _mint(self, name: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        now = self._clock.now()
        end = min(now + timedelta(days=_LEAF_DAYS), self._certificate.not_valid_after_utc)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        leaf = (
            # the name stands in the SAN alone: a common name holds 64 characters only
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "shipway")]))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATE)
            .not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        chain = (leaf, self._certificate)
        return _pem_of(key) + b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain)

    def _create(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        now = self._clock.now()
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        # two homes on one machine must not share a subject: clients pick an issuer by its name
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "shipway"),
                x509.NameAttribute(
                    NameOID.COMMON_NAME, f"shipway local authority {identifier.digest.hex()[:12]}"
                ),
            ]
        )
        root = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATE)
            .not_valid_after(now + timedelta(days=_ROOT_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(_constraints(), critical=True)
            .sign(key, hashes.SHA256())
        )
        write_private(self._key_path, _pem_of(key))
        write_private(self.certificate_path, root.public_bytes(serialization.Encoding.PEM))


def inspect(home: Home) -> AuthorityFacts:
    """Read an authority without making one. Raises `AuthorityBroken`."""
    _, certificate = _load(home.authority)
    return AuthorityFacts(
        pem=certificate.public_bytes(serialization.Encoding.PEM),
        not_after=certificate.not_valid_after_utc,
    )


def _load(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    try:
        key_text = (folder / "authority.key").read_bytes()
        key = serialization.load_pem_private_key(key_text, password=None)
        certificate = x509.load_pem_x509_certificate((folder / "authority.pem").read_bytes())
    except (OSError, ValueError) as error:
        raise _broken(folder, str(error)) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or (
        certificate.public_key() != key.public_key()
    ):
        raise _broken(folder, "key and certificate do not belong together")
    return key, certificate


def _broken(folder: Path, reason: str) -> AuthorityBroken:
    return AuthorityBroken(
        f"the local certificate authority cannot be used: {reason}",
        where=str(folder),
        hint="Remove that folder and start again: a new authority is made.",
    )


def _context() -> NamedContext:
    context = NamedContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _constraints() -> x509.NameConstraints:
    permitted = [x509.DNSName(suffix) for suffix in AZURE_SUFFIXES]
    excluded = [x509.IPAddress(ipaddress.ip_network(every)) for every in ("0.0.0.0/0", "::/0")]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=excluded)


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature, key_cert_sign=key_cert_sign, crl_sign=crl_sign,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
