"""What `approve` and `reject` share: whom to ask about, who answers, what is said of it."""

import argparse
from typing import Literal
from urllib.parse import quote

from shipway.base import config
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of both verbs."""
    parser.add_argument(
        "target", nargs="?", metavar="RUN|APPROVAL",
        help="a run's number or an approval's id; none: list what waits",
    )  # fmt: skip
    parser.add_argument(
        "--as", dest="user", default="", help="the person who answers (default: the owner)"
    )
    parser.add_argument("--comment", default="", help="kept with the answer")
    parser.add_argument("--json", action="store_true", help="print the approval as JSON")


def answer(verb: Literal["approve", "reject"], arguments: argparse.Namespace) -> int:
    """Send the answer. Raises `ServerSaid` where the rules refuse it."""
    session = Session(Home(config.default_home()))
    if not arguments.target:
        return _waiting(session, as_json=arguments.json)
    path = f"/approvals/{quote(arguments.target, safe='')}/{verb}"
    body = {"as": arguments.user, "comment": arguments.comment}
    until = getattr(arguments, "until", "")
    after = session.post(path, body | ({"until": until} if until else {}))
    if arguments.json:
        output.show_json(after)
        return 0
    about = f"{after['resource']} (run {after['run_id']}, stage {after['stage']})"
    if after["status"] == "pending":
        given = sum(step["status"] == "approved" for step in after["steps"])
        output.step(f"{given} of {after['min_required']} approvals of {about}; it waits for more")
    elif after["status"] == "deferred":
        output.step(f"approved from {after['effective_at']} on: {about}")
    else:
        output.step(f"{after['status']}: {about}")
    return 0


def _waiting(session: Session, *, as_json: bool) -> int:
    listed = session.get("/approvals")["value"]
    if as_json:
        output.show_json(listed)
        return 0
    if not listed:
        print("nothing waits for an approval")
        return 0
    now = SystemClock().now()
    output.show_table(
        ("run", "stage", "of", "approvers", "since", "approval"),
        [
            (
                a["run_id"], a["stage"], a["resource"],
                ", ".join(step["approver"] for step in a["steps"]),
                output.ago(a["created_at"], now), a["approval_id"],
            )
            for a in listed
        ],
    )  # fmt: skip
    return 0
