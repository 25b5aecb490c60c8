"""`az version|extension|configure|group`."""

import argparse
import platform
from typing import Any

import requests

from shipway.az import account
from shipway.az.command import Command, CommandParser
from shipway.az.failure import CommandFailed, usage
from shipway.az.workspace_client import listed_defaults, set_defaults

CLI_VERSION, EXTENSION_VERSION = "2.75.0", "2.38.0"
_KNOWN_EXTENSIONS = ("ml",)


def _nothing(parser: CommandParser) -> None:
    del parser


def _version(arguments: argparse.Namespace) -> dict[str, Any]:
    del arguments
    return {
        "azure-cli": CLI_VERSION,
        "azure-cli-core": CLI_VERSION,
        "azure-cli-telemetry": "1.1.0",
        "extensions": {"ml": EXTENSION_VERSION},
    }


def _extension_arguments(parser: CommandParser) -> None:
    parser.add_argument("--name", "-n", default="")
    parser.add_argument("--source", "-s", default="")
    parser.add_argument("--version", default="")
    parser.add_argument("--yes", "-y", action="store_true")
    parser.add_argument("--upgrade", "-U", action="store_true")
    parser.add_argument("--allow-preview", nargs="?", const="true", default="")


def _extension_add(arguments: argparse.Namespace) -> None:
    if arguments.name not in _KNOWN_EXTENSIONS:
        raise CommandFailed(
            f"No extension found with name '{arguments.name}' here. Known: "
            f"{', '.join(_KNOWN_EXTENSIONS)}. Install the real Azure CLI for others."
        )


def _extension(name: str) -> dict[str, Any]:
    return {
        "experimental": False, "extensionType": "whl", "name": name, "path": "",
        "preview": False, "version": EXTENSION_VERSION,
    }  # fmt: skip


def _extension_show(arguments: argparse.Namespace) -> dict[str, Any]:
    _extension_add(arguments)
    return _extension(arguments.name)


def _extension_list(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    del arguments
    return [_extension(name) for name in _KNOWN_EXTENSIONS]


def _configure_arguments(parser: CommandParser) -> None:
    parser.add_argument("--defaults", "-d", nargs="*", default=[])
    parser.add_argument("--list-defaults", "-l", nargs="?", const="true", default="")


def _configure(arguments: argparse.Namespace) -> list[dict[str, Any]] | None:
    if arguments.defaults:
        set_defaults(arguments.defaults)
    return listed_defaults() if arguments.list_defaults else None


def _config_arguments(parser: CommandParser) -> None:
    parser.add_argument("key", nargs="*")
    parser.add_argument("--local", action="store_true")


def _config_get(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    """`config get`, `config get defaults`, `config get defaults.group`."""
    section, _, name = (arguments.key[0] if arguments.key else "").partition(".")
    found = listed_defaults() if section in ("", "defaults") else []
    if not section:
        return {"defaults": found}
    if not name:
        return found
    for one in found:
        if one["name"] == name:
            return one
    raise CommandFailed(f"Configuration '{arguments.key[0]}' is not set.")


def _config_set(arguments: argparse.Namespace) -> None:
    for pair in arguments.key:
        if not pair.startswith("defaults."):
            raise CommandFailed(f"'{pair}': this stand-in keeps defaults.<name>=<value> only.")
    set_defaults([pair.removeprefix("defaults.") for pair in arguments.key])


def _group_arguments(parser: CommandParser) -> None:
    parser.add_argument("--name", "-n", "--resource-group", "-g", default="")
    parser.add_argument("--location", "-l", default="westeurope")
    parser.add_argument("--subscription", default="")
    parser.add_argument("--yes", "-y", action="store_true")
    parser.add_argument("--no-wait", action="store_true")


def _arm(method: str, arguments: argparse.Namespace, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    subscription = account.current(arguments.subscription)["id"]
    bearer, _ = account.token(account.ARM)
    url = f"{account.ARM}/subscriptions/{subscription}/resourcegroups"
    if arguments.name:
        url += f"/{arguments.name}"
    answer = requests.request(
        method, f"{url}?api-version=2021-04-01", json=body, timeout=60,
        headers={"Authorization": f"Bearer {bearer}"},
    )  # fmt: skip
    if answer.status_code >= 400:
        error = answer.json().get("error", {})
        raise CommandFailed(f"({error.get('code')}) {error.get('message')}",
                            code=3 if answer.status_code == 404 else 1)  # fmt: skip
    return answer.json() if answer.content else None


def _group_create(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    if not arguments.name:
        raise usage("the following arguments are required: --name/--resource-group/-n/-g")
    return _arm("PUT", arguments, {"location": arguments.location})


def _group_show(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    return _arm("GET", arguments)


def _group_list(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    arguments.name = ""
    return _arm("GET", arguments)["value"]


COMMANDS = (
    Command(words="version", summary=f"Versions ({platform.system()}).", run=_version,
            arguments=_nothing),
    Command(words="extension add", summary="Add an extension.", run=_extension_add,
            arguments=_extension_arguments),
    Command(words="extension update", summary="Update an extension.", run=_extension_add,
            arguments=_extension_arguments),
    Command(words="extension show", summary="Show an extension.", run=_extension_show,
            arguments=_extension_arguments),
    Command(words="extension list", summary="List extensions.", run=_extension_list,
            arguments=_nothing),
    Command(words="configure", summary="Keep defaults.", run=_configure,
            arguments=_configure_arguments),
    Command(words="config get", summary="Show what is kept.", run=_config_get,
            arguments=_config_arguments),
    Command(words="config set", summary="Keep defaults.", run=_config_set,
            arguments=_config_arguments),
    Command(words="group create", summary="Create a resource group.", run=_group_create,
            arguments=_group_arguments),
    Command(words="group show", summary="Show a resource group.", run=_group_show,
            arguments=_group_arguments),
    Command(words="group list", summary="List resource groups.", run=_group_list,
            arguments=_group_arguments),
)  # fmt: skip
