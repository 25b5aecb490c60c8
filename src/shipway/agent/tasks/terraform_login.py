"""How the Terraform tasks hand a service connection to Terraform: as the provider's variables, and
as settings of the state's backend.

A secret never stands in a command line: the backend's settings go to a file in memory.
Source: azure-terraform-command-handler.ts of microsoft/azure-pipelines-terraform.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shipway.agent.service_connections import ConnectionLogin, login_of
from shipway.agent.task import StepRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The variables by which a provider signs in."""

    env_vars: Mapping[str, str] = field(default_factory=dict)
    secret_env_vars: Mapping[str, str] = field(default_factory=dict)


NOBODY = Identity()


def sign_in(step: StepRun, connection: str, *, knows_federation: bool = True) -> ConnectionLogin:
    """The login of a connection, its secret masked.

    A task that does not know workload identity federation takes it here all the same, with a
    warning: on Azure it fails.
    """
    login = login_of(step.job, connection)
    step.job.masker.add(login.secret)
    if login.federated and not knows_federation:
        step.warning(
            f"The service connection '{connection}' signs in by workload identity federation, "
            "which this version of the task does not know on Azure: it fails there. "
            "TerraformTaskV4@4 knows it."
        )
    return login


def provider_identity(login: ConnectionLogin, *, subscription_id: str = "") -> Identity:
    """What the providers azurerm, azuread and their like read."""
    env_vars = {"ARM_TENANT_ID": login.tenant_id, "ARM_CLIENT_ID": login.client_id}
    subscription = subscription_id or login.subscription_id
    if subscription:
        env_vars["ARM_SUBSCRIPTION_ID"] = subscription
    return _with_secret(login, env_vars)


def backend_identity(login: ConnectionLogin) -> Identity:
    """The same for `backendAzureRmUseEnvironmentVariablesForAuthentication`."""
    return _with_secret(login, {"ARM_CLIENT_ID": login.client_id})


def backend_settings(
    login: ConnectionLogin, settings: Mapping[str, str], *, with_secret: bool = True
) -> dict[str, str]:
    """The settings of the azurerm backend, those of the login among them."""
    made = {
        **settings,
        "subscription_id": settings.get("subscription_id") or login.subscription_id,
        "tenant_id": settings.get("tenant_id") or login.tenant_id,
        "use_oidc": "true" if login.federated else "",
    }
    if with_secret:
        name = "oidc_token" if login.federated else "client_secret"
        made |= {"client_id": login.client_id, name: login.secret}
    return {name: value for name, value in made.items() if value}


def backend_file(step: StepRun, settings: Mapping[str, str]) -> tuple[str, Sequence[int]]:
    """The settings as `-backend-config` takes them, and the descriptor of the file in memory."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    for name, value in settings.items():
        shown = "***" if name in ("oidc_token", "client_secret") else value
        step.log(f"-backend-config={name}={shown}")
    path, descriptors = step.script("\n".join(lines) + "\n", suffix=".tfbackend", label="backend")
    return f"-backend-config={path}", descriptors


def _with_secret(login: ConnectionLogin, env_vars: dict[str, str]) -> Identity:
    if login.federated:
        return Identity(
            env_vars=env_vars | {"ARM_USE_OIDC": "true"},
            secret_env_vars={"ARM_OIDC_TOKEN": login.secret},
        )
    return Identity(env_vars=env_vars, secret_env_vars={"ARM_CLIENT_SECRET": login.secret})
