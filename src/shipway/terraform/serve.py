"""What a provider process consists of, put together: schema, tables, credentials, calls."""

import logging
import sys
import threading

from shipway.base import config
from shipway.base.home import Home
from shipway.terraform import credentials
from shipway.terraform.all_resources import Tables
from shipway.terraform.attempts import Attempts, scope_of
from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, Values
from shipway.terraform.schema import ProviderSchema
from shipway.terraform.servicer import ProviderServicer
from shipway.terraform.transport import Transport, find_door

_RESOURCES = {
    "azurerm": "https://management.azure.com",
    "azuread": "https://graph.microsoft.com",
    "azuredevops": "499b84ac-1321-427f-aa17-267ca6975798",
}


def servicer(schema: ProviderSchema) -> ProviderServicer:
    """What answers for a provider in this process."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    notes = Home(config.default_home()).root / "terraform" / "attempts"

    def configure(values: Values, version: str, stopping: threading.Event) -> Calls:
        return connected(schema, values, version, stopping)

    attempts = Attempts(notes, scope_of(config.environment()))
    return ProviderServicer(schema, Tables(schema.provider), configure, attempts)


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
