"""`shipway runs`: list, show, watch, start pipeline runs, and what changes one."""

import argparse
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlencode

from shipway.base import config
from shipway.base.clock import SystemClock
from shipway.base.errors import BadInput, NotFound
from shipway.base.home import Home
from shipway.cli import output, run_changes, run_tree
from shipway.cli.run_watch import exit_code, watch
from shipway.client.azure import AzureClient
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs of a run."""
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = verbs.add_parser("list", help="the newest runs")
    listed.add_argument("--limit", type=int, default=20, help="how many (default: 20)")
    listed.add_argument("--state", help="pending, inProgress, canceling or completed")
    listed.add_argument("--pipeline", help="of this pipeline only")
    listed.add_argument("--tag", help="with this tag only")
    shown = verbs.add_parser("show", help="one run: stages, jobs, steps, what it waits for")
    watched = verbs.add_parser("watch", help="follow a run to its end; the exit code is its result")
    watched.add_argument(
        "--until-waiting", action="store_true", help="return when it waits for an approval too"
    )
    started = verbs.add_parser("start", help="run a pipeline by hand")
    started.add_argument("pipeline", help="its name")
    started.add_argument("--branch", default="", help="default: the pipeline's own")
    started.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE", help="may be repeated"
    )
    for child in (shown, watched):
        child.add_argument("run", nargs="?", type=int, help="its number (default: the newest)")
    for child in (listed, shown, watched, started):
        child.add_argument("--json", action="store_true", help="print it as JSON")
    run_changes.add_arguments(verbs)


def run(arguments: argparse.Namespace) -> int:
    """Do it. Raises `ServerSaid` with the server's own words, `Unavailable` without a server."""
    session = Session(Home(config.default_home()))
    if arguments.action == "list":
        return _list(session, arguments)
    if arguments.action == "start":
        return _start(session, arguments)
    if arguments.action in run_changes.ACTIONS:
        return run_changes.run(session, arguments)
    number = arguments.run or newest(session)
    if arguments.action == "watch":
        return watch(session, number, as_json=arguments.json, until_waiting=arguments.until_waiting)
    found = session.get(f"/runs/{number}")
    if arguments.json:
        output.show_json(found)
    else:
        _show(session, found)
    return 0


def newest(session: Session) -> int:
    """The number of the newest run. Raises `NotFound` when there is none."""
    listed = session.get("/runs?limit=1")["value"]
    if not listed:
        raise run_tree.no_runs()
    return int(listed[0]["run_id"])


def _start(session: Session, arguments: argparse.Namespace) -> int:
    """Queue a run as the owner, by the same REST call as everybody."""
    known = session.get("/pipelines")["value"]
    found = [one for one in known if one["name"].lower() == arguments.pipeline.lower()]
    if len(found) != 1:
        raise NotFound(
            f"{len(found)} pipelines are called '{arguments.pipeline}'", where=arguments.pipeline,
            hint=f"Pipelines: {', '.join(one['name'] for one in known) or 'none'}.",
        )  # fmt: skip
    place = f"/{quote(found[0]['project'])}/_apis/pipelines/{found[0]['definition_id']}/runs"
    body = {
        "templateParameters": dict(_pair(one) for one in arguments.parameter),
        "resources": {"repositories": {"self": {"refName": _ref(arguments.branch)}}},
    }
    with closing(AzureClient(Home(config.default_home()))) as client:
        made = client.devops("POST", place, body)
    run_id = int(made["id"])
    if arguments.json:
        output.show_json(session.get(f"/runs/{run_id}"))
    else:
        print(f"run {run_id} ({found[0]['name']}) is queued")
    return 0


def _ref(branch: str) -> str:
    return branch if not branch or branch.startswith("refs/") else f"refs/heads/{branch}"


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise BadInput(f"'{text}' is not NAME=VALUE", where="--parameter")
    return name, value


def _list(session: Session, arguments: argparse.Namespace) -> int:
    given = {
        "limit": arguments.limit, "state": arguments.state, "pipeline": arguments.pipeline,
        "tag": arguments.tag,
    }  # fmt: skip
    query = urlencode({name: value for name, value in given.items() if value})
    listed = session.get(f"/runs?{query}")["value"]
    if arguments.json:
        output.show_json(listed)
        return 0
    now = SystemClock().now()
    output.show_table(
        ("run", "pipeline", "state", "branch", "commit", "for", "reason", "when"),
        [
            (
                one["run_id"], f"{one['pipeline']} {one['name']}", one["result"] or one["state"],
                one["branch"], one["commit"][:8], one["requested_for"], one["reason"],
                output.ago(one["queued_at"], now),
            )
            for one in listed
        ],
    )  # fmt: skip
    return 0


def _show(session: Session, found: dict[str, Any]) -> None:
    now = SystemClock().now()
    for line in run_tree.head(found):
        print(line)
    for line in run_tree.lines(found, now, with_steps=True):
        print(line)
    for line in run_tree.foot(found, session.state.studio_port):
        print(line)


__all__ = ["add_arguments", "exit_code", "newest", "run"]
