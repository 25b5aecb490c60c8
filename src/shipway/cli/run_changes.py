"""What `shipway runs` changes: a run or one of its stages again, started or stopped, its tags."""

import argparse
from typing import Any
from urllib.parse import quote

from shipway.base.errors import BadInput
from shipway.cli import output
from shipway.client.session import Session

ACTIONS = ("cancel", "rerun", "retry-stage", "start-stage", "cancel-stage", "tag")


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verbs that change a run."""
    canceled = verbs.add_parser("cancel", help="stop a run")
    again = verbs.add_parser("rerun", help="run the same commit again, or what failed in a run")
    again.add_argument(
        "--failed", action="store_true",
        help="in the same run: the failed jobs of every stage that did not go well",
    )  # fmt: skip
    retried = verbs.add_parser("retry-stage", help="try a stage again: its failed jobs")
    retried.add_argument("--all-jobs", action="store_true", help="those that went well too")
    retried.add_argument(
        "--only", action="store_true", help="leave the stages that come after it as they are"
    )
    started = verbs.add_parser("start-stage", help="start a stage with 'trigger: manual'")
    stopped = verbs.add_parser("cancel-stage", help="stop one stage of a run")
    tagged = verbs.add_parser("tag", help="add or remove tags of a run")
    tagged.add_argument("--add", action="append", default=[], metavar="TAG", help="may be repeated")
    tagged.add_argument(
        "--remove", action="append", default=[], metavar="TAG", help="may be repeated"
    )
    for child in (canceled, again, retried, started, stopped, tagged):
        child.add_argument("run", type=int, help="its number")
        child.add_argument("--json", action="store_true", help="print it as JSON")
    for child in (retried, started, stopped):
        child.add_argument("stage", help="its name in the YAML")
    for child in (canceled, again, retried, started, stopped):
        child.add_argument("--as", dest="user", default="", help="who does it (default: the owner)")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Do it. Raises `ServerSaid` with the server's own words."""
    if arguments.action == "tag":
        return _tag(session, arguments)
    path, body, done = _asked(arguments)
    changed = session.post(path, {"as": arguments.user, **body})
    if arguments.json:
        output.show_json(changed)
    else:
        print(f"run {changed['run_id']} ({changed['pipeline']}): {done}")
    return 0


def _asked(arguments: argparse.Namespace) -> tuple[str, dict[str, Any], str]:
    """The path, what is sent there, and what to say when it is done."""
    place = f"/runs/{arguments.run}"
    if arguments.action == "cancel":
        return f"{place}/cancel", {}, "is being canceled"
    if arguments.action == "rerun" and arguments.failed:
        return f"{place}/retry", {}, "its failed jobs run again"
    if arguments.action == "rerun":
        return f"{place}/rerun", {}, "is queued"
    verb = arguments.action.removesuffix("-stage")
    body: dict[str, Any] = {}
    if verb == "retry":
        body = {"all_jobs": arguments.all_jobs, "dependents": not arguments.only}
    done = {"retry": "runs again", "start": "is started", "cancel": "is being canceled"}[verb]
    where = f"{place}/stages/{quote(arguments.stage, safe='')}/{verb}"
    return where, body, f"stage {arguments.stage} {done}"


def _tag(session: Session, arguments: argparse.Namespace) -> int:
    if not arguments.add and not arguments.remove:
        raise BadInput("no tag is given", where="runs tag", hint="Use --add TAG or --remove TAG.")
    body = {"add": arguments.add, "remove": arguments.remove}
    changed = session.post(f"/runs/{arguments.run}/tags", body)
    if arguments.json:
        output.show_json(changed)
    else:
        print(f"run {changed['run_id']}: {', '.join(changed['tags']) or 'no tags'}")
    return 0
