"""The proxy that the user already had, read from the environment."""

import pytest

from shipway.base.errors import NotSupported
from shipway.gateway import upstream
from shipway.gateway.upstream import UpstreamProxy


def _read(**env_vars: str) -> upstream.Upstream:
    return upstream.from_environment(env_vars, own_ports=frozenset({4000}))


def test_each_scheme_has_its_variable_and_all_proxy_is_the_rest() -> None:
    found = _read(https_proxy="http://a.example:3128", ALL_PROXY="https://b.example")
    assert found.https == UpstreamProxy(host="a.example", port=3128, tls=False, authorization="")
    assert found.http == UpstreamProxy(host="b.example", port=443, tls=True, authorization="")


def test_name_and_password_become_a_basic_authorization() -> None:
    found = _read(HTTPS_PROXY="http://us%40er:p%3Aw@a.example:80")
    assert found.https is not None
    assert found.https.authorization == "Basic dXNAZXI6cDp3"


def test_our_own_front_door_is_no_upstream() -> None:
    assert _read(HTTPS_PROXY="http://127.0.0.1:4000", http_proxy="localhost:4000").https is None
    assert _read(HTTPS_PROXY="http://127.0.0.1:4001").https is not None


def test_a_socks_proxy_is_refused_by_name_without_its_password() -> None:
    with pytest.raises(NotSupported) as caught:
        _read(ALL_PROXY="socks5h://me:secret@a.example:1080")
    assert "socks5h" in caught.value.message
    assert caught.value.hint
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("no_proxy", "host", "direct"),
    [
        ("example.com", "www.example.com", True),
        (".example.com", "example.com", True),
        ("*.example.com", "a.example.com", True),
        ("example.com", "notexample.com", False),
        ("*", "anything", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("fd00::/8", "[fd00::7]", True),
        ("example.com:8080", "example.com", True),
        ("", "localhost", True),
        ("", "127.0.0.5", True),
        ("", "10.0.0.1", False),
    ],
)
def test_no_proxy_is_honoured(no_proxy: str, host: str, direct: bool) -> None:
    found = _read(HTTPS_PROXY="http://a.example:3128", NO_PROXY=no_proxy)
    assert (found.proxy_for("https", host) is None) == direct
