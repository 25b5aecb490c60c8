"""A provider process: `python -I -m shipway.terraform azurerm`, started by Terraform."""

import logging
import os
import sys
import threading
from collections.abc import Mapping, Sequence

from shipway.base import config
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.terraform import credentials
from shipway.terraform.all_resources import Tables
from shipway.terraform.attempts import Attempts, scope_of
from shipway.terraform.calls import Calls
from shipway.terraform.protocol import certificate
from shipway.terraform.protocol.plugin import Plugin, check_caller
from shipway.terraform.resource import AtAttribute, Values
from shipway.terraform.schema import PROVIDERS, ProviderSchema
from shipway.terraform.servicer import ProviderServicer
from shipway.terraform.transport import Transport, find_door

_RESOURCES = {
    "azurerm": "https://management.azure.com",
    "azuread": "https://graph.microsoft.com",
    "azuredevops": "499b84ac-1321-427f-aa17-267ca6975798",
}


def main(arguments: Sequence[str]) -> int:
    """Serve the provider that is named until Terraform ends it."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    if len(arguments) != 1 or arguments[0] not in PROVIDERS:
        sys.stderr.write(f"usage: python -m shipway.terraform {'|'.join(PROVIDERS)}\n")
        return 2
    provider = arguments[0]
    env_vars = config.environment()
    try:
        _serve(provider, env_vars)
    except ShipwayError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 1
    except Exception as error:
        # Terraform shows the first line of what a provider prints when it is not a handshake
        sys.stdout.write(f"shipway's {provider} provider could not start: {error!r}\n")
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    # grpcio's threads would be waited for; Terraform waits for this process
    os._exit(0)


def _serve(provider: str, env_vars: Mapping[str, str]) -> None:
    check_caller(env_vars)
    folder = Home(config.default_home()).root / "terraform"
    schema = ProviderSchema(provider)

    def configure(values: Values, version: str, stopping: threading.Event) -> Calls:
        return connected(schema, values, version, stopping)

    attempts = Attempts(folder / "attempts", scope_of(env_vars))
    servicer = ProviderServicer(schema, Tables(provider), configure, attempts)
    Plugin(servicer, env_vars).run(lambda: certificate.own(folder))


def connected(
    schema: ProviderSchema, values: Values, version: str, stopping: threading.Event
) -> Calls:
    """The calls of a configured provider, logged in.

    Raises `AtAttribute`, `NoCredentials`, and `Unavailable` when the server is not there.
    """
    env_vars = config.environment()
    provider = schema.provider
    known = credentials.read(provider, values, env_vars)
    transport = Transport(
        find_door(Home(config.default_home()), env_vars),
        user_agent=f"HashiCorp Terraform/{version} (+https://www.terraform.io) "
        f"terraform-provider-{provider}/{schema.version} shipway",
        pause=stopping.wait,
    )
    features = (values.get("features") or [{}])[0] if provider == "azurerm" else {}
    calls = Calls(known, transport, env_vars=env_vars, features=features, stopping=stopping)
    if provider == "azurerm" and not calls.subscription_id:
        raise AtAttribute(
            "subscription_id", "subscription ID could not be determined and was not specified",
            "Set subscription_id in the provider block or ARM_SUBSCRIPTION_ID; "
            "`shipway tf -- ...` does the latter.",
        )  # fmt: skip
    if known.kind != "pat":
        calls.log_in(_RESOURCES[provider])
    return calls
