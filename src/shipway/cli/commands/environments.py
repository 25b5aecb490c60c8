"""`shipway environments`: where deployment jobs go, and the machines that stand in them.

A machine is a virtual machine resource that this machine serves, with a folder of its own: rolling
deployments and `environment: ENVIRONMENT.MACHINE` run there.
"""

import argparse
from typing import Any
from urllib.parse import quote

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, `add-machine`, `remove-machine`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="environments, their machines, what came to them")
    adding = actions.add_parser("add-machine", help="register a machine, or give it other tags")
    removing = actions.add_parser("remove-machine", help="take a machine and its folder away")
    for one in (adding, removing):
        one.add_argument("environment", metavar="ENVIRONMENT")
        one.add_argument("machine", metavar="MACHINE")
    adding.add_argument("--tag", action="append", metavar="TAG", help="may be given several times")
    for one in (listing, adding, removing):
        one.add_argument("--project", metavar="NAME", default="", help="where names are not unique")
        one.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Do it. Raises what the server says."""
    session = Session(Home(config.default_home()))
    found = _ACTIONS[arguments.action](session, arguments)
    if arguments.json:
        output.show_json(found)
    elif arguments.action == "list":
        _show(found)
    else:
        names = ", ".join(one["name"] for one in found["machines"]) or "none"
        output.step(f"machines of {found['name']}: {names}")
    return 0


def _list(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    return session.get(f"/environments{_query(arguments)}")["value"]


def _add(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    body = {} if arguments.tag is None else {"tags": arguments.tag}
    return session.call("PUT", _path(arguments), body)


def _remove(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    return session.call("DELETE", _path(arguments))


def _show(found: Any) -> None:  # noqa: ANN401  # JSON
    output.show_table(
        ("project", "environment", "machines", "last deployment"),
        [(one["project"], one["name"], _machines(one), _last(one)) for one in found],
    )


def _machines(one: Any) -> str:  # noqa: ANN401  # JSON
    words = (
        machine["name"] + (f" ({', '.join(machine['tags'])})" if machine["tags"] else "")
        for machine in one["machines"]
    )
    return ", ".join(words) or "-"


def _last(one: Any) -> str:  # noqa: ANN401  # JSON
    if not one["deployments"]:
        return "-"
    last = one["deployments"][0]
    return f"run {last['run']}, {last['stage']}.{last['job']}: {last['result'] or 'under way'}"


def _path(arguments: argparse.Namespace) -> str:
    place = f"/environments/{quote(arguments.environment, safe='')}"
    return f"{place}/machines/{quote(arguments.machine, safe='')}{_query(arguments)}"


def _query(arguments: argparse.Namespace) -> str:
    return f"?project={quote(arguments.project, safe='')}" if arguments.project else ""


_ACTIONS = {"list": _list, "add-machine": _add, "remove-machine": _remove}
