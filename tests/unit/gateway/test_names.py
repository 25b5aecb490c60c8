"""Which names are Azure's, who answers for them, and which addresses are never opened."""

import pytest

from shipway.base import front_door
from shipway.gateway import forbidden, hosts


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("management.azure.com", "arm"),
        ("MANAGEMENT.azure.com.:443", "arm"),
        ("login.microsoftonline.com", "entra"),
        ("graph.microsoft.com", "graph"),
        ("acct.blob.core.windows.net", "blob"),
        ("blob.core.windows.net", "unsupported"),
        ("acct.queue.core.windows.net", "storage"),
        ("acct.dfs.core.windows.net", "unsupported"),
        ("kv.vault.azure.net", "vault"),
        ("westeurope.api.azureml.ms", "ml"),
        ("flights.westeurope.inference.ml.azure.com", "inference"),
        ("dev.azure.com", "devops"),
        ("vssps.dev.azure.com", "devops"),
        ("vstoken.dev.azure.com", "assertions"),
        ("shipway.visualstudio.com", "devops"),
        ("registry.azurecr.io", "unsupported"),
        ("management.chinacloudapi.cn", "unsupported"),
        ("marketplace.visualstudio.com", ""),
        ("update.code.visualstudio.com", ""),
        ("mcr.microsoft.com", ""),
        ("pypi.org", ""),
        ("evilazure.com", ""),
        ("azure.com.evil.example", ""),
    ],
)
def test_each_host_has_its_family(host: str, family: str) -> None:
    assert hosts.family_of(host) == family
    assert front_door.is_azure_name(host.removesuffix(":443")) == bool(family)


@pytest.mark.parametrize(
    "name",
    [
        "169.254.169.254", "169.254.0.1", "168.63.129.16", "fe80::1", "[fe80::1]", "fe80::1%eth0",
        "fd00:ec2::254", "::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1", "metadata.google.internal", "METADATA.google.internal.", "metadata",
    ],
)  # fmt: skip
def test_metadata_is_forbidden_in_every_spelling(name: str) -> None:
    assert forbidden.is_forbidden_name(name)


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "10.0.0.1", "::1", "2606:4700::1", "pypi.org", "168.63.129.17", ""]
)
def test_other_addresses_are_not_forbidden(name: str) -> None:
    assert not forbidden.is_forbidden_name(name)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("*", ""),
        ("example.com,10.0.0.0/8", "example.com,10.0.0.0/8"),
        (".azure.com, .windows.net ,corp.example", "corp.example"),
        ("*.blob.core.windows.net,management.azure.com:443", ""),
        ("com,net,org", "org"),
        ("microsoft.com", ""),
        ("packages.microsoft.com", "packages.microsoft.com"),
        ("fd00::1,notazure.com", "fd00::1,notazure.com"),
        ("localhost,::1", ""),
    ],
)
def test_no_proxy_loses_azure_and_keeps_the_rest(before: str, after: str) -> None:
    expected = [*(after.split(",") if after else []), "127.0.0.1", "localhost", "::1"]
    assert sorted(front_door.without_azure(before).split(",")) == sorted(expected)


def test_both_letter_cases_of_no_proxy_count() -> None:
    values = {"NO_PROXY": "a.example,*", "no_proxy": "b.example"}
    assert front_door.without_azure(values) == "a.example,b.example,127.0.0.1,localhost,::1"
