"""Who a provider is: its `provider` block and the variables, as the real providers read them.

The order is theirs (go-azure-sdk, sdk/auth/auth.go): client certificate (refused by name), client
secret, OIDC token, OIDC by request, managed identity, Azure CLI. azuredevops takes a personal
access token before all of these.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shipway.base.config import default_home
from shipway.base.errors import ShipwayError
from shipway.terraform.failures import AtAttribute, Values

Kind = Literal["secret", "token", "request", "identity", "cli", "pat"]

# attribute -> variables, the first that is set counts
_SHARED: Mapping[str, tuple[str, ...]] = {
    "client_id": ("ARM_CLIENT_ID",),
    "client_id_file_path": ("ARM_CLIENT_ID_FILE_PATH",),
    "client_secret": ("ARM_CLIENT_SECRET",),
    "client_secret_file_path": ("ARM_CLIENT_SECRET_FILE_PATH",),
    "client_certificate": ("ARM_CLIENT_CERTIFICATE",),
    "client_certificate_path": ("ARM_CLIENT_CERTIFICATE_PATH",),
    "tenant_id": ("ARM_TENANT_ID",),
    "subscription_id": ("ARM_SUBSCRIPTION_ID",),
    "environment": ("ARM_ENVIRONMENT",),
    "metadata_host": ("ARM_METADATA_HOSTNAME", "ARM_METADATA_HOST"),
    "use_oidc": ("ARM_USE_OIDC",),
    "use_msi": ("ARM_USE_MSI",),
    "use_cli": ("ARM_USE_CLI",),
    "use_aks_workload_identity": ("ARM_USE_AKS_WORKLOAD_IDENTITY",),
    "msi_endpoint": ("ARM_MSI_ENDPOINT",),
    "oidc_token": ("ARM_OIDC_TOKEN",),
    "oidc_token_file_path": ("ARM_OIDC_TOKEN_FILE_PATH",),
    "oidc_request_url": (
        "ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI",
    ),
    "oidc_request_token": (
        "ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN",
    ),
    "ado_pipeline_service_connection_id": (
        "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    ),
}  # fmt: skip
_DEVOPS: Mapping[str, tuple[str, ...]] = {
    "org_service_url": ("AZDO_ORG_SERVICE_URL",),
    "personal_access_token": ("AZDO_PERSONAL_ACCESS_TOKEN",),
    "client_secret_path": ("ARM_CLIENT_SECRET_PATH",),
    "oidc_azure_service_connection_id": _SHARED["ado_pipeline_service_connection_id"],
}
_TRUE = ("1", "t", "true")


class NoCredentials(ShipwayError):
    """A provider that cannot tell who it is."""

    default_code, default_status = "NoCredentials", 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How tokens are had. Secrets stay out of its text."""

    kind: Kind
    tenant_id: str = ""
    subscription_id: str = ""
    client_id: str = ""
    organization: str = ""
    secret: str = field(default="", repr=False)
    request_url: str = ""
    request_token: str = field(default="", repr=False)
    service_connection_id: str = ""
    identity_endpoint: str = ""
    identity_header: str = field(default="", repr=False)


def read(provider: str, config: Values, env_vars: Mapping[str, str]) -> Credentials:
    """The credentials of a provider. Raises `AtAttribute` and `NoCredentials`."""
    told = _Settings(config, env_vars)
    _refuse(told)
    tenant = told.text("tenant_id")
    organization = told.text("org_service_url").rstrip("/") if provider == "azuredevops" else ""
    if provider == "azuredevops" and not organization:
        raise AtAttribute(
            "org_service_url", "the url of the Azure DevOps is required",
            "Set org_service_url, or run Terraform by `shipway tf -- ...`, which sets "
            "AZDO_ORG_SERVICE_URL.",
        )  # fmt: skip
    pat = told.text("personal_access_token") if provider == "azuredevops" else ""
    if pat:
        return Credentials(
            kind="pat", tenant_id=tenant, organization=organization, secret=pat,
            client_id=told.text("client_id"),
        )  # fmt: skip
    return _of_entra(told, tenant, organization, provider)


def claims(token: str) -> Mapping[str, str]:
    """What a token says of its bearer; empty for one that is not a JWT. Nothing is verified."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        content = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


class _Settings:
    """Attributes of the provider block, else their variables."""

    def __init__(self, config: Values, env_vars: Mapping[str, str]) -> None:
        self._config = config
        self._env_vars = env_vars

    def text(self, name: str) -> str:
        value = self._config.get(name)
        if value not in (None, ""):
            return str(value)
        names = {**_SHARED, **_DEVOPS}.get(name, ())
        return next((self._env_vars[one] for one in names if self._env_vars.get(one)), "")

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._config.get(name)
        if value is not None:
            return bool(value)
        text = self.text(name)
        return text.lower() in _TRUE if text else default

    def or_file(self, name: str, *files: str) -> str:
        """An attribute's text, else that of the file that another one names."""
        value = self.text(name)
        for file in files:
            path = self.text(file)
            if not value and path:
                try:
                    value = Path(path).read_text().strip()
                except OSError as error:
                    raise AtAttribute(file, f"reading {file} {path!r}: {error.strerror}") from None
        return value

    def variable(self, name: str) -> str:
        return self._env_vars.get(name, "")


def _refuse(told: _Settings) -> None:
    for name in ("client_certificate", "client_certificate_path"):
        if told.text(name):
            raise AtAttribute(
                name, "client certificates are not supported by shipway",
                "Use a client secret, OIDC, or the variables that `shipway tf` sets.",
            )  # fmt: skip
    if told.flag("use_aks_workload_identity"):
        raise AtAttribute(
            "use_aks_workload_identity",
            "the workload identity of Kubernetes is not supported by shipway",
            "There is no Kubernetes here. Use use_oidc with oidc_token_file_path.",
        )  # fmt: skip
    environment = told.text("environment").lower() or "public"
    if environment not in ("public", "global", "azurecloud"):
        raise AtAttribute(
            "environment", f"the environment '{environment}' is not supported by shipway",
            "Only the public cloud's names are answered here.",
        )  # fmt: skip


def _of_entra(told: _Settings, tenant: str, organization: str, provider: str) -> Credentials:
    client = told.or_file("client_id", "client_id_file_path")
    secret = told.or_file("client_secret", "client_secret_file_path", "client_secret_path")
    token = told.or_file("oidc_token", "oidc_token_file_path")
    common = {
        "tenant_id": tenant,
        "subscription_id": told.text("subscription_id"),
        "client_id": client,
        "organization": organization,
    }
    if tenant and client and secret:
        return Credentials(kind="secret", secret=secret, **common)
    if told.flag("use_oidc") and tenant and client:
        if token:
            return Credentials(kind="token", secret=token, **common)
        connection = told.text("ado_pipeline_service_connection_id") or told.text(
            "oidc_azure_service_connection_id"
        )
        if told.text("oidc_request_url"):
            return Credentials(
                kind="request", request_url=told.text("oidc_request_url"),
                request_token=told.text("oidc_request_token"),
                service_connection_id=connection, **common,
            )  # fmt: skip
    if told.flag("use_msi"):
        return _of_identity(told, common)
    if told.flag("use_cli", default=True):
        return Credentials(kind="cli", **common)
    raise NoCredentials(
        f"the {provider} provider has no credentials: none of client secret, OIDC, managed "
        "identity and Azure CLI is configured",
        hint="Run Terraform by `shipway tf -- ...`, which sets ARM_CLIENT_ID and the like, or "
        f"write them into the provider block (home: {default_home()}).",
    )


def _of_identity(told: _Settings, common: Mapping[str, str]) -> Credentials:
    header = told.variable("IDENTITY_HEADER")
    endpoint = told.text("msi_endpoint") or told.variable("IDENTITY_ENDPOINT")
    if not endpoint:
        raise AtAttribute(
            "use_msi", "there is no managed identity here",
            "use_msi needs the endpoint of one: msi_endpoint, ARM_MSI_ENDPOINT or "
            "IDENTITY_ENDPOINT, as jobs on a compute with an identity have it.",
        )  # fmt: skip
    return Credentials(
        kind="identity", identity_endpoint=endpoint, identity_header=header, **common
    )
