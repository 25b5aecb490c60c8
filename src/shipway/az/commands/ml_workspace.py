"""`az ml workspace|compute|schedule`."""

import argparse
from typing import Any

from azure.ai.ml import load_compute, load_workspace
from azure.ai.ml.entities._load_functions import load_schedule  # the public package lacks it

from shipway.az import account
from shipway.az.command import Command, CommandParser, workspace_arguments
from shipway.az.failure import usage
from shipway.az.workspace_client import (
    SignedInCredential,
    change,
    client_of,
    default,
    make,
    overrides,
    shown,
)


def _named(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--name", "-n", required=True)
    parser.add_argument("--yes", "-y", action="store_true")
    parser.add_argument("--no-wait", action="store_true")


def _file(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--file", "-f", default="")
    parser.add_argument("--name", "-n", default="")
    parser.add_argument("--set", nargs="+", action="extend", default=[])
    parser.add_argument("--no-wait", action="store_true")


def _compute_file(parser: CommandParser) -> None:
    _file(parser)
    parser.add_argument("--type", "-t", default="")
    parser.add_argument("--size", default="")
    parser.add_argument("--min-instances", type=int, default=None)
    parser.add_argument("--max-instances", type=int, default=None)
    parser.add_argument("--identity-type", "-i", default="")


def _changes(arguments: argparse.Namespace, *names: str) -> list[dict[str, Any]]:
    changes = overrides(arguments.set)
    changes += [
        {n: getattr(arguments, n)} for n in names if getattr(arguments, n) not in ("", None)
    ]
    return changes


def _compute_create(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    changes = _changes(arguments, "name", "type", "size", "min_instances", "max_instances")
    if arguments.identity_type:
        changes.append({"identity": {"type": arguments.identity_type}})
    compute = load_compute(source=arguments.file or None, params_override=changes)
    poller = client_of(arguments).compute.begin_create_or_update(compute)
    return None if arguments.no_wait else shown(poller.result())


def _compute_show(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    return shown(client_of(arguments).compute.get(arguments.name))


def _compute_list(arguments: argparse.Namespace) -> list[Any]:
    return [shown(one) for one in client_of(arguments).compute.list()]


def _compute_delete(arguments: argparse.Namespace) -> None:
    client_of(arguments).compute.begin_delete(arguments.name).result()


def _schedule_create(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    schedule = load_schedule(
        source=arguments.file or None, params_override=_changes(arguments, "name")
    )
    poller = client_of(arguments).schedules.begin_create_or_update(schedule)
    return None if arguments.no_wait else shown(poller.result())


def _schedule_update(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    if arguments.file:
        return _schedule_create(arguments)
    if not arguments.name:
        raise usage("the following arguments are required: --name/-n")
    operations = client_of(arguments).schedules
    schedule = operations.get(arguments.name)
    change(schedule, arguments.set)
    poller = operations.begin_create_or_update(schedule)
    return None if arguments.no_wait else shown(poller.result())


def _schedule_show(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    return shown(client_of(arguments).schedules.get(arguments.name))


def _schedule_list(arguments: argparse.Namespace) -> list[Any]:
    return [shown(one) for one in client_of(arguments).schedules.list()]


def _schedule_enable(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    return shown(client_of(arguments).schedules.begin_enable(arguments.name).result())


def _schedule_disable(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    return shown(client_of(arguments).schedules.begin_disable(arguments.name).result())


def _schedule_delete(arguments: argparse.Namespace) -> None:
    client_of(arguments).schedules.begin_delete(arguments.name).result()


def _workspace_named(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--name", "-n", default="")


def _workspace_show(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    arguments.workspace_name = arguments.name or arguments.workspace_name
    client = client_of(arguments)
    return shown(client.workspaces.get(client.workspace_name))


def _workspace_list(arguments: argparse.Namespace) -> list[Any]:
    group = arguments.resource_group or default("group")
    if not group:
        raise usage("the following arguments are required: --resource-group/-g")
    subscription = account.current(arguments.subscription)["id"]
    client = make(SignedInCredential(), subscription, group, "")
    return [shown(one) for one in client.workspaces.list()]


def _workspace_create(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    workspace = load_workspace(
        source=arguments.file or None, params_override=_changes(arguments, "name")
    )
    arguments.workspace_name = arguments.workspace_name or workspace.name
    poller = client_of(arguments).workspaces.begin_create(workspace)
    return None if arguments.no_wait else shown(poller.result())


def _row(words: str, summary: str, run: Any, arguments: Any) -> Command:  # noqa: ANN401
    return Command(words=f"ml {words}", summary=summary, run=run, arguments=arguments)


COMMANDS = (
    _row("workspace show", "Show a workspace.", _workspace_show, _workspace_named),
    _row("workspace list", "List workspaces.", _workspace_list, workspace_arguments),
    _row("workspace create", "Create a workspace.", _workspace_create, _file),
    _row("compute create", "Create a compute.", _compute_create, _compute_file),
    _row("compute show", "Show a compute.", _compute_show, _named),
    _row("compute list", "List computes.", _compute_list, workspace_arguments),
    _row("compute delete", "Delete a compute.", _compute_delete, _named),
    _row("schedule create", "Create a schedule.", _schedule_create, _file),
    _row("schedule update", "Change a schedule.", _schedule_update, _file),
    _row("schedule show", "Show a schedule.", _schedule_show, _named),
    _row("schedule list", "List schedules.", _schedule_list, workspace_arguments),
    _row("schedule enable", "Enable a schedule.", _schedule_enable, _named),
    _row("schedule disable", "Disable a schedule.", _schedule_disable, _named),
    _row("schedule delete", "Delete a schedule.", _schedule_delete, _named),
)
