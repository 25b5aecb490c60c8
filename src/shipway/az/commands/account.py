"""`az login`, `az logout`, `az account`."""

import argparse
from datetime import UTC, datetime
from typing import Any

from shipway.az import account
from shipway.az.command import Command, CommandParser
from shipway.az.failure import usage


def _login_arguments(parser: CommandParser) -> None:
    parser.add_argument("--service-principal", action="store_true")
    parser.add_argument("--username", "-u", default="")
    parser.add_argument("--password", "-p", default="")
    parser.add_argument("--federated-token", default="")
    parser.add_argument("--tenant", "-t", default="")
    parser.add_argument("--identity", "-i", action="store_true")
    parser.add_argument("--client-id", default="")
    parser.add_argument("--allow-no-subscriptions", action="store_true")


def _login(arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # what is printed
    if arguments.identity:
        client_id = arguments.client_id or arguments.username
        return account.sign_in(client_id=client_id, tenant="", kind="identity", secret="")
    if not arguments.service_principal:
        raise usage(
            "interactive sign-in is not available here. Use --service-principal or --identity."
        )
    secret = arguments.federated_token or arguments.password
    for flag, value in (("--username/-u", arguments.username), ("--tenant", arguments.tenant),
                        ("--password/-p or --federated-token", secret)):  # fmt: skip
        if not value:
            raise usage(f"the following arguments are required: {flag}")
    return account.sign_in(
        client_id=arguments.username,
        tenant=arguments.tenant,
        kind="assertion" if arguments.federated_token else "secret",
        secret=secret,
    )


def _nothing(parser: CommandParser) -> None:
    del parser


def _logout(arguments: argparse.Namespace) -> None:
    del arguments
    account.subscriptions()
    account.sign_out()


def _clear(arguments: argparse.Namespace) -> None:
    del arguments
    account.sign_out()


def _subscription(parser: CommandParser) -> None:
    parser.add_argument("--subscription", "--name", "-s", "-n", default="")


def _show(arguments: argparse.Namespace) -> dict[str, Any]:
    shown = dict(account.current(arguments.subscription))
    shown.pop("cloudName")
    return {"environmentName": "AzureCloud", **shown}


def _set(arguments: argparse.Namespace) -> None:
    if not arguments.subscription:
        raise usage("the following arguments are required: --name/--subscription/-n/-s")
    account.choose(arguments.subscription)


def _list_arguments(parser: CommandParser) -> None:
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--refresh", action="store_true")


def _list(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    del arguments
    return account.subscriptions()


def _token_arguments(parser: CommandParser) -> None:
    _subscription(parser)
    parser.add_argument("--resource", default="")
    parser.add_argument("--resource-type", default="")
    parser.add_argument("--scope", nargs="*", default=[])
    parser.add_argument("--tenant", "-t", default="")


_KINDS = {
    "arm": account.ARM, "ms-graph": "https://graph.microsoft.com",
    "oss-rdbms": "https://ossrdbms-aad.database.windows.net",
}  # fmt: skip


def _token(arguments: argparse.Namespace) -> dict[str, Any]:
    resource = arguments.resource or _KINDS.get(arguments.resource_type, "")
    if arguments.scope:
        resource = arguments.scope[0].removesuffix("/.default")
    text, until = account.token(resource or account.ARM)
    now = account.current(arguments.subscription)
    local = datetime.fromtimestamp(until, UTC).astimezone()
    return {
        "accessToken": text,
        "expiresOn": local.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "expires_on": until,
        "subscription": now["id"],
        "tenant": now["tenantId"],
        "tokenType": "Bearer",
    }


COMMANDS = (
    Command(words="login", summary="Log in to Azure.", run=_login, arguments=_login_arguments),
    Command(words="logout", summary="Log out.", run=_logout, arguments=_nothing),
    Command(words="account show", summary="The current subscription.", run=_show,
            arguments=_subscription),
    Command(words="account list", summary="All subscriptions.", run=_list,
            arguments=_list_arguments),
    Command(words="account set", summary="Choose the current subscription.", run=_set,
            arguments=_subscription),
    Command(words="account clear", summary="Forget all subscriptions.", run=_clear,
            arguments=_nothing),
    Command(words="account get-access-token", summary="A token for trusted utilities.", run=_token,
            arguments=_token_arguments),
)  # fmt: skip
