"""`shipway repos`: GitHub repositories that pipelines name, and the git repositories behind them.

github.com is not served here: a GitHub repository is bound to a folder or a URL, and a mirror of
it stands in. A push to the folder (or to the mirror itself) starts pipelines as GitHub's would.
"""

import argparse
from pathlib import Path
from typing import Any

from shipway.base import config
from shipway.base.errors import BadInput
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, `map`, `unmap`, `sync`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="what is mapped, and what is named without")
    mapping = actions.add_parser("map", help="bind a GitHub repository to a folder or URL")
    mapping.add_argument("name", metavar="OWNER/NAME")
    mapping.add_argument("source", metavar="PATH|URL")
    unmapping = actions.add_parser("unmap", help="forget the binding and its mirror")
    unmapping.add_argument("name", metavar="OWNER/NAME")
    syncing = actions.add_parser("sync", help="look at a source now instead of in a moment")
    syncing.add_argument("name", metavar="OWNER/NAME")
    for one in (listing, mapping, unmapping, syncing):
        one.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Do it. Raises what the server says."""
    session = Session(Home(config.default_home()))
    found = _ACTIONS[arguments.action](session, arguments)
    if arguments.json:
        output.show_json(found)
    else:
        _SHOWN[arguments.action](found, arguments)
    return 0


def _list(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    del arguments
    return session.get("/repos")["value"]


def _map(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    return session.call("PUT", _path(arguments.name), {"source": _source(arguments.source)})


def _unmap(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    return session.call("DELETE", _path(arguments.name))


def _sync(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    return session.post(f"{_path(arguments.name)}/sync")


def _show_list(found: Any, arguments: argparse.Namespace) -> None:  # noqa: ANN401  # JSON
    del arguments
    output.show_table(
        ("repository", "source", "pipelines", "push to", "note"),
        [
            (one["name"], one["source"] or "-", ", ".join(one["pipelines"]) or "-",
             one["push_url"] or "-", one["error"])
            for one in found
        ],
    )  # fmt: skip


def _show_map(found: Any, arguments: argparse.Namespace) -> None:  # noqa: ANN401  # JSON
    del arguments
    output.step(f"{found['name']} is mapped to {found['source']}")
    print(f"  branches        {', '.join(found['branches']) or 'none yet'}")
    print(f"  pipelines       {', '.join(found['pipelines']) or 'none names it yet'}")
    print(f"  push            to {found['source']}, or to {found['push_url']}")


def _show_unmap(found: Any, arguments: argparse.Namespace) -> None:  # noqa: ANN401  # JSON
    del found
    output.step(f"{arguments.name} is not mapped any more")


def _show_sync(found: Any, arguments: argparse.Namespace) -> None:  # noqa: ANN401  # JSON
    output.step(f"{arguments.name}: {len(found['moved'])} refs moved")
    for one in found["runs"]:
        print(f"  run {one['run_id']} of {one['pipeline']} is queued")


_ACTIONS = {"list": _list, "map": _map, "unmap": _unmap, "sync": _sync}
_SHOWN = {"list": _show_list, "map": _show_map, "unmap": _show_unmap, "sync": _show_sync}


def _path(name: str) -> str:
    owner, slash, rest = name.partition("/")
    if not owner or not slash or not rest or "/" in rest:
        raise BadInput(
            f"'{name}' is not the name of a GitHub repository", where="OWNER/NAME",
            code="GitHubRepositoryNameInvalid", hint="Give it as OWNER/NAME.",
        )  # fmt: skip
    return f"/repos/{owner}/{rest}"


def _source(given: str) -> str:
    """A folder by its full path, for the server stands elsewhere; anything else as it is."""
    return str(Path(given).absolute()) if Path(given).is_dir() else given
