"""`shipway env`: the variables that send Azure's clients here, for a shell to take over."""

import argparse

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session
from shipway.gateway import environment
from shipway.gateway.environment import Credentials
from shipway.terraform import mirror


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--shell`, `--json`, `--terraform`."""
    parser.add_argument(
        "--shell", choices=list(environment.SHELLS), help="default: the one you seem to use"
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.add_argument(
        "--terraform", action="store_true", help="with what Terraform needs to find us"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print them. Raises `Unavailable` when no server runs."""
    env_vars = config.environment()
    home = Home(config.default_home())
    values = terraform_variables(home) if arguments.terraform else variables(home)
    if arguments.json:
        output.show_json(values)
        return 0
    shell = arguments.shell or environment.shell_of(env_vars)
    print(environment.printed(values, shell), end="")
    return 0


def terraform_variables(home: Home) -> dict[str, str]:
    """These variables and those by which Terraform's providers and backend come here.

    Writes the folder that Terraform installs our providers from.
    """
    values = variables(home)
    return {
        **values,
        "SHIPWAY_HOME": str(home.root),
        "ARM_TENANT_ID": values["AZURE_TENANT_ID"],
        "ARM_SUBSCRIPTION_ID": values["AZURE_SUBSCRIPTION_ID"],
        "ARM_CLIENT_ID": values["AZURE_CLIENT_ID"],
        "ARM_CLIENT_SECRET": values["AZURE_CLIENT_SECRET"],
        **mirror.variables(home, config.environment()),
    }


def variables(home: Home) -> dict[str, str]:
    """The variables for this process's own environment, with the server's credentials."""
    told = Session(home).get("/credentials")
    credentials = Credentials(
        tenant_id=told["tenant_id"],
        subscription_id=told["subscription_id"],
        client_id=told["client_id"],
        client_secret=told["client_secret"],
        personal_access_token=told["personal_access_token"],
    )
    return environment.variables(home, credentials, config.environment())
