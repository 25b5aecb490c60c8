"""Who a provider is, from its block and the variables, in the real providers' order."""

from pathlib import Path
from typing import Any

import pytest

from shipway.terraform import credentials
from shipway.terraform.credentials import NoCredentials
from shipway.terraform.resource import AtAttribute

BASE = {"ARM_TENANT_ID": "t", "ARM_CLIENT_ID": "c"}


@pytest.mark.parametrize(
    ("config", "env_vars", "kind"),
    [
        ({}, {**BASE, "ARM_CLIENT_SECRET": "s"}, "secret"),
        ({"client_id": "c", "client_secret": "s", "tenant_id": "t"}, {}, "secret"),
        ({"use_oidc": True, "oidc_token": "j"}, BASE, "token"),
        ({}, {**BASE, "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "j"}, "token"),
        ({"use_oidc": True}, {**BASE, "SYSTEM_OIDCREQUESTURI": "https://x"}, "request"),
        ({"use_oidc": True}, {**BASE, "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x"}, "request"),
        ({"use_msi": True}, {"IDENTITY_ENDPOINT": "http://127.0.0.1/x"}, "identity"),
        ({}, {}, "cli"),
        ({"oidc_token": "j"}, BASE, "cli"),
        ({"use_oidc": True, "client_secret": "s", "oidc_token": "j"}, BASE, "secret"),
    ],
)
def test_the_first_that_is_configured_counts(
    config: dict[str, Any], env_vars: dict[str, str], kind: str
) -> None:
    assert credentials.read("azurerm", config, env_vars).kind == kind


def test_azuredevops_takes_a_personal_access_token_first() -> None:
    env_vars = {
        **BASE, "ARM_CLIENT_SECRET": "s", "AZDO_PERSONAL_ACCESS_TOKEN": "p",
        "AZDO_ORG_SERVICE_URL": "https://dev.azure.com/shipway/",
    }  # fmt: skip
    known = credentials.read("azuredevops", {}, env_vars)
    assert (known.kind, known.secret) == ("pat", "p")
    assert known.organization == "https://dev.azure.com/shipway"
    del env_vars["AZDO_PERSONAL_ACCESS_TOKEN"]
    assert credentials.read("azuredevops", {}, env_vars).kind == "secret"


def test_azuredevops_needs_its_organization() -> None:
    with pytest.raises(AtAttribute) as caught:
        credentials.read("azuredevops", {}, {"AZDO_PERSONAL_ACCESS_TOKEN": "p"})
    assert caught.value.path == "org_service_url"


def test_the_service_connection_of_a_pipeline_goes_with_the_request() -> None:
    env_vars = {
        **BASE, "ARM_USE_OIDC": "true", "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/x",
        "SYSTEM_ACCESSTOKEN": "bearer", "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": "sc",
    }  # fmt: skip
    known = credentials.read("azurerm", {}, env_vars)
    assert known.request_url == "https://dev.azure.com/x"
    assert (known.request_token, known.service_connection_id) == ("bearer", "sc")


def test_secrets_come_from_files_as_well(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    config = {"use_oidc": True, "oidc_token_file_path": str(tmp_path / "token")}
    assert credentials.read("azuread", config, BASE).secret == "from-file"
    with pytest.raises(AtAttribute) as caught:
        credentials.read("azuread", {"client_secret_file_path": str(tmp_path / "no")}, BASE)
    assert caught.value.path == "client_secret_file_path"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"client_certificate_path": "/x.pfx"}, "client_certificate_path"),
        ({"client_certificate": "AAAA"}, "client_certificate"),
        ({"use_aks_workload_identity": True}, "use_aks_workload_identity"),
        ({"environment": "china"}, "environment"),
        ({"use_msi": True}, "use_msi"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(config: dict[str, Any], path: str) -> None:
    with pytest.raises(AtAttribute) as caught:
        credentials.read("azurerm", config, BASE)
    assert caught.value.path == path


def test_nothing_at_all_is_said_with_what_to_do() -> None:
    with pytest.raises(NoCredentials, match="shipway tf"):
        credentials.read("azurerm", {"use_cli": False}, {})


def test_secrets_are_not_printed() -> None:
    known = credentials.read("azurerm", {"client_secret": "hush"}, BASE)
    assert "hush" not in repr(known)


def test_claims_of_what_is_no_token_are_none() -> None:
    assert credentials.claims("opaque") == {}
    assert credentials.claims("a.b.c") == {}
    assert credentials.claims("x.eyJvaWQiOiAibWUifQ.y") == {"oid": "me"}
