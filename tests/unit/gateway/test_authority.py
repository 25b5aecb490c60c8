"""The local authority: what it signs, what it cannot sign, what lies on disk."""

import ipaddress
import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from shipway.base.clock import FrozenClock, SystemClock
from shipway.base.front_door import AZURE_SUFFIXES
from shipway.base.home import Home
from shipway.gateway import authority
from shipway.gateway.authority import Authority, AuthorityBroken, NameNotPermitted


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.create()
    return made


def _root(home: Home) -> x509.Certificate:
    return x509.load_pem_x509_certificate((home.authority / "authority.pem").read_bytes())


def _leaf(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def test_the_root_is_critically_constrained_to_azures_names(home: Home) -> None:
    Authority(home, FrozenClock())
    found = _root(home).extensions.get_extension_for_class(x509.NameConstraints)
    assert found.critical
    assert found.value.permitted_subtrees == [x509.DNSName(name) for name in AZURE_SUFFIXES]
    assert found.value.excluded_subtrees == [
        x509.IPAddress(ipaddress.ip_network(every)) for every in ("0.0.0.0/0", "::/0")
    ]
    basic = _root(home).extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)


def test_a_leaf_names_its_server_and_nothing_else(home: Home) -> None:
    leaf = _leaf(Authority(home, FrozenClock()).leaf("Management.Azure.com."))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName("management.azure.com")]
    assert leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME) == []
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=398)
    leaf.verify_directly_issued_by(_root(home))


@pytest.mark.parametrize(
    "name",
    [
        "localhost", "127.0.0.1", "::1", "example.com", "azure.com.example.com", "notazure.com",
        "*.azure.com", "a..azure.com", "../../x.azure.com", "a/b.azure.com", "-a.azure.com",
        "code.visualstudio.com", "", "x" * 64 + ".azure.com",
    ],
)  # fmt: skip
def test_no_other_name_is_signed_and_no_file_is_made(home: Home, name: str) -> None:
    made = Authority(home, FrozenClock())
    with pytest.raises(NameNotPermitted) as caught:
        made.context(name)
    assert caught.value.hint
    assert list((home.authority / "leaves").iterdir()) == []


def test_keys_are_private(home: Home) -> None:
    path = Authority(home, FrozenClock()).leaf("dev.azure.com")
    for private in (home.authority / "authority.key", path):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_leaf_is_kept_until_it_is_old_and_made_anew_for_a_new_root(home: Home) -> None:
    clock = FrozenClock()
    made = Authority(home, clock)
    first = made.leaf("dev.azure.com").read_bytes()
    assert Authority(home, clock).leaf("dev.azure.com").read_bytes() == first
    clock.advance(370 * 86400)
    second = made.leaf("dev.azure.com").read_bytes()
    assert second != first
    (home.authority / "authority.key").unlink()
    assert Authority(home, clock).leaf("dev.azure.com").read_bytes() != second


def test_the_same_context_serves_a_name_again(home: Home) -> None:
    made = Authority(home, FrozenClock())
    assert made.context("dev.azure.com") is made.context("DEV.azure.com")
    assert made.context("dev.azure.com").server_name == "dev.azure.com"


def test_openssl_refuses_a_leaf_whose_name_the_root_does_not_permit(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Authority(home, SystemClock())  # OpenSSL checks against the real time
    monkeypatch.setattr(authority, "is_azure_name", lambda _: True)
    assert _handshake(made, "bank.example", home) == "permitted subtree violation"
    assert _handshake(made, "dev.azure.com", home) == "ok"


def test_a_key_of_another_root_is_named(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    other.create()
    Authority(home, FrozenClock())
    Authority(other, FrozenClock())
    (home.authority / "authority.key").write_bytes((other.authority / "authority.key").read_bytes())
    with pytest.raises(AuthorityBroken, match="do not belong together") as caught:
        Authority(home, FrozenClock())
    assert caught.value.hint
    with pytest.raises(AuthorityBroken):
        authority.inspect(home)


def _handshake(made: Authority, name: str, home: Home) -> str:
    """Both ends in memory, the client trusting our root alone."""
    trusting = ssl.create_default_context(cafile=home.authority / "authority.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=name)
    server = made.context(name).wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return "ok"
