"""`az ml component|environment|data|model`: four kinds of versioned assets, one way of working."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from azure.ai.ml import load_component, load_data, load_environment, load_model

from shipway.az.command import Command, CommandParser, workspace_arguments
from shipway.az.failure import usage
from shipway.az.workspace_client import client_of, overrides, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetKind:
    """One noun: how it is read from YAML, and which operations of the client serve it."""

    noun: str
    operations: str
    load: Callable[..., Any]


KINDS = (
    AssetKind(noun="component", operations="components", load=load_component),
    AssetKind(noun="environment", operations="environments", load=load_environment),
    AssetKind(noun="data", operations="data", load=load_data),
    AssetKind(noun="model", operations="models", load=load_model),
)


def _create_arguments(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--file", "-f", default="")
    parser.add_argument("--name", "-n", default="")
    parser.add_argument("--version", "-v", default="")
    parser.add_argument("--path", "-p", default="")
    parser.add_argument("--type", "-t", default="")
    parser.add_argument("--set", nargs="+", action="extend", default=[])


def _one(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--name", "-n", required=True)
    parser.add_argument("--version", "-v", default=None)
    parser.add_argument("--label", "-l", default=None)


def _list_arguments(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--name", "-n", default=None)
    parser.add_argument("--max-results", "-r", type=int, default=None)


def _download_arguments(parser: CommandParser) -> None:
    _one(parser)
    parser.add_argument("--download-path", "-p", default=".")


def _create(kind: AssetKind, arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    changes = overrides(arguments.set)
    for name in ("name", "version", "path", "type"):
        if getattr(arguments, name):
            changes.append({name: getattr(arguments, name)})
    if not arguments.file and not (arguments.name and arguments.path):
        raise usage("the following arguments are required: --file/-f, or --name and --path")
    entity = kind.load(source=arguments.file or None, params_override=changes)
    return shown(_operations(kind, arguments).create_or_update(entity))


def _show(kind: AssetKind, arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    operations = _operations(kind, arguments)
    label = arguments.label or (None if arguments.version else "latest")
    return shown(operations.get(arguments.name, version=arguments.version, label=label))


def _list(kind: AssetKind, arguments: argparse.Namespace) -> list[Any]:
    found = [shown(one) for one in _operations(kind, arguments).list(name=arguments.name)]
    return found if arguments.max_results is None else found[: arguments.max_results]


def _archive(kind: AssetKind, arguments: argparse.Namespace) -> None:
    _operations(kind, arguments).archive(
        arguments.name, version=arguments.version, label=arguments.label
    )


def _download(kind: AssetKind, arguments: argparse.Namespace) -> None:
    _operations(kind, arguments).download(
        arguments.name, arguments.version, download_path=arguments.download_path
    )


def _operations(kind: AssetKind, arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    return getattr(client_of(arguments), kind.operations)


def _bound(
    verb: Callable[[AssetKind, argparse.Namespace], Any], kind: AssetKind
) -> Callable[[argparse.Namespace], Any]:
    return lambda arguments: verb(kind, arguments)


def _commands(kind: AssetKind) -> tuple[Command, ...]:
    noun = kind.noun
    return (
        Command(words=f"ml {noun} create", summary=f"Create a {noun}.", run=_bound(_create, kind),
                arguments=_create_arguments),
        Command(words=f"ml {noun} show", summary=f"Show a {noun}.", run=_bound(_show, kind),
                arguments=_one),
        Command(words=f"ml {noun} list", summary=f"List {noun}s.", run=_bound(_list, kind),
                arguments=_list_arguments),
        Command(words=f"ml {noun} archive", summary=f"Hide a {noun}.", run=_bound(_archive, kind),
                arguments=_one),
    )  # fmt: skip


_MODEL = KINDS[3]
COMMANDS = (
    *(command for kind in KINDS for command in _commands(kind)),
    Command(words="ml model download", summary="Download a model.", run=_bound(_download, _MODEL),
            arguments=_download_arguments),
)  # fmt: skip
