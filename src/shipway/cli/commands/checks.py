"""`shipway checks`: what guards resources, what a run's stages wait for; bypass, ask again."""

import argparse
from typing import Any
from urllib.parse import quote

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session

_DONE = {
    "bypass": "bypassed", "rerun": "asks again", "enable": "enabled", "disable": "disabled",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Without a verb, list; verbs `show`, `bypass`, `rerun`, `reassign`, `enable`, `disable`."""
    parser.add_argument("--project", default="", help="only those of a project")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    show = verbs.add_parser("show", help="what the stages of a run have met")
    bypass = verbs.add_parser("bypass", help="let a stage go on without a check that it waits for")
    rerun = verbs.add_parser("rerun", help="ask a service again that has passed")
    for one in (show, bypass, rerun):
        one.add_argument("run", type=int, help="a run's number")
    for one in (bypass, rerun):
        one.add_argument("check", nargs="?", default="-", help="a check's number; none: the one")
    bypass.add_argument("--comment", default="", help="kept with the check")
    reassign = verbs.add_parser("reassign", help="give an approver's part to somebody else")
    reassign.add_argument("target", metavar="RUN|APPROVAL", help="a run's number, an approval's id")
    reassign.add_argument("--to", required=True, help="who approves instead: a name or an id")
    reassign.add_argument("--of", default="", help="whose part, where there are several approvers")
    reassign.add_argument("--comment", default="", help="kept with the part")
    for name in ("enable", "disable"):
        switch = verbs.add_parser(name, help=f"{name} a check for stages that begin from now on")
        switch.add_argument("check", type=int, help="a check's number")
        switch.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    for one in (show, bypass, rerun, reassign):
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS,
                         help="print it as JSON")  # fmt: skip
    for one in (bypass, rerun, reassign):
        one.add_argument("--as", dest="user", default="", help="who does it (default: the owner)")


def run(arguments: argparse.Namespace) -> int:
    """Do it. Raises `ServerSaid` where the rules refuse it."""
    session = Session(Home(config.default_home()))
    verb = arguments.verb or "list"
    told = _ASK[verb](session, arguments)
    if arguments.json:
        output.show_json(told)
    elif verb == "list":
        _list(told)
    elif verb == "show":
        _show(told, arguments.run)
    elif verb == "reassign":
        names = ", ".join(step["approver"] for step in told["steps"])
        output.step(f"{told['resource']} (run {told['run_id']}) waits for {names}")
    else:
        output.step(f"{told['name']} of {told['resource']}: {_DONE[verb]}")
    return 0


def _all(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    return session.get(f"/checks?project={quote(arguments.project)}")["value"]


def _of_run(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    return session.get(f"/runs/{arguments.run}/checks")["value"]


def _change(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    body = {"as": arguments.user, "comment": getattr(arguments, "comment", "")}
    place = f"/runs/{arguments.run}/checks/{arguments.check}/{arguments.verb}"
    return session.post(place, body)


def _reassign(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    body = {"as": arguments.user, "to": arguments.to, "of": arguments.of,
            "comment": arguments.comment}  # fmt: skip
    return session.post(f"/approvals/{quote(arguments.target, safe='')}/reassign", body)


def _switch(session: Session, arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # JSON
    return session.post(f"/checks/{arguments.check}/{arguments.verb}", {})


_ASK = {
    "list": _all, "show": _of_run, "bypass": _change, "rerun": _change, "reassign": _reassign,
    "enable": _switch, "disable": _switch,
}  # fmt: skip


def _list(found: list[dict[str, Any]]) -> None:
    if not found:
        print("no resource has a check")
        return
    output.show_table(
        ("check", "on", "project", "what", "when", "time-out", ""),
        [
            (
                c["check_id"], f"{c['resource_type']} {c['resource']}", c["project"], c["name"],
                c["category"], _minutes(c["timeout_minutes"]),
                "disabled" if c["is_disabled"] else "",
            )
            for c in found
        ],
    )  # fmt: skip


def _show(found: list[dict[str, Any]], run: int) -> None:
    if not found:
        print(f"run {run} has met no check")
        return
    output.show_table(
        ("check", "stage", "on", "what", "status", "says"),
        [
            (
                c["check_id"], c["stage"], c["resource"], c["name"], c["status"],
                c["message"].splitlines()[0] if c["message"] else "",
            )
            for c in found
        ],
    )  # fmt: skip


def _minutes(number: int) -> str:
    if number % 1440 == 0:
        return f"{number // 1440} d"
    return f"{number // 60} h" if number % 60 == 0 else f"{number} min"
