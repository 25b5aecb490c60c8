"""`shipway prs`: list, show, create, approve, complete, requeue and abandon pull requests."""

import argparse
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from shipway.base import config
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session

_STRATEGIES = ("noFastForward", "squash", "rebase", "rebaseMerge")
_VOTES = {10: "approved", 5: "approved with suggestions", 0: "no vote", -5: "waits for the author",
          -10: "rejected"}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs of a pull request."""
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = verbs.add_parser("list", help="pull requests, newest first")
    listed.add_argument("--state", default="active", help="active, completed, abandoned or all")
    listed.add_argument("--repository", default="", help="of this one only")
    shown = verbs.add_parser("show", help="one: branches, reviewers, policies, runs")
    made = verbs.add_parser("create", help="ask for a branch to go into another")
    made.add_argument("--source", required=True, metavar="BRANCH", help="what goes in")
    made.add_argument("--target", default="", metavar="BRANCH", help="default: the default branch")
    made.add_argument("--title", default="", help="default: the newest commit's first line")
    made.add_argument("--description", default="", help="what it is for")
    made.add_argument("--repository", default="", help="NAME or PROJECT/NAME where there are more")
    made.add_argument("--draft", action="store_true", help="not to be voted on yet")
    approved = verbs.add_parser("approve", help="vote for it, as a named person")
    completed = verbs.add_parser("complete", help="bring its commits to the target branch")
    completed.add_argument(
        "--strategy", choices=_STRATEGIES, default="", help="how they are merged"
    )
    completed.add_argument("--message", default="", help="of the commit that merges")
    completed.add_argument("--delete-source", action="store_true", help="take its branch away")
    completed.add_argument(
        "--auto", action="store_true", help="as soon as its policies are met, not now"
    )
    again = verbs.add_parser("requeue", help="run the builds again that have not succeeded")
    dropped = verbs.add_parser("abandon", help="give it up")
    for child in (shown, approved, completed, again, dropped):
        child.add_argument("number", type=int, help="its number")
    for child in (made, approved, completed, again, dropped):
        child.add_argument("--as", dest="user", default="", help="who does it (default: the owner)")
    for child in (listed, shown, made, approved, completed, again, dropped):
        child.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Do it. Raises `ServerSaid` with the server's own words, `Unavailable` without a server."""
    session = Session(Home(config.default_home()))
    if arguments.action == "list":
        return _list(session, arguments)
    if arguments.action == "show":
        found = session.get(f"/prs/{arguments.number}")
    elif arguments.action == "create":
        names = ("source", "target", "title", "description", "repository", "draft")
        body = {name: getattr(arguments, name) for name in names}
        found = session.post("/prs", {**body, "as": arguments.user})
    else:
        path = f"/prs/{arguments.number}/{arguments.action}"
        found = session.post(path, {**_options(arguments), "as": arguments.user})
    if arguments.json:
        output.show_json(found)
    elif arguments.action == "show":
        _show(session, found)
    else:
        output.step(_said(arguments.action, found))
    return 0


def _options(arguments: argparse.Namespace) -> Mapping[str, Any]:
    if arguments.action != "complete":
        return {}
    return {
        "strategy": arguments.strategy, "message": arguments.message, "auto": arguments.auto,
        "delete_source": arguments.delete_source,
    }  # fmt: skip


def _list(session: Session, arguments: argparse.Namespace) -> int:
    query = urlencode({"state": arguments.state, "repository": arguments.repository})
    listed = session.get(f"/prs?{query}")["value"]
    if arguments.json:
        output.show_json(listed)
        return 0
    now = SystemClock().now()
    output.show_table(
        ("pr", "title", "from", "into", "state", "merge", "by", "when"),
        [
            (
                one["number"], one["title"], one["source"], one["target"],
                "draft" if one["draft"] else one["status"], one["merge"], one["created_by"],
                output.ago(one["created_at"], now),
            )
            for one in listed
        ],
    )  # fmt: skip
    return 0


def _show(session: Session, found: Mapping[str, Any]) -> None:
    facts: list[tuple[str, object]] = [
        ("pull request", f"{found['number']}: {found['title']}"),
        ("state", "draft" if found["draft"] else found["status"]),
        ("branches", f"{found['source']} into {found['target']} of {found['repository']}"),
        ("merge", ", ".join([found["merge"], *found["conflicts"]])),
        ("by", found["created_by"]),
    ]
    if found["auto_complete"]:
        facts.append(("auto-complete", f"set by {found['auto_complete']}"))
    if found["closed_by"]:
        facts.append(("closed by", found["closed_by"]))
    output.show_facts(facts)
    for one in found["reviewers"]:
        print(f"  reviewer {one['name']}: {_VOTES.get(one['vote'], one['vote'])}")
    for one in found["policies"]:
        kind = "" if one["blocking"] else ", optional"
        reason = f" ({one['reason']})" if one["reason"] else ""
        print(f"  policy {one['name']}{kind}: {one['status']}{reason}")
    print(f"  page http://127.0.0.1:{session.state.studio_port}{found['page']}")


def _said(action: str, found: Mapping[str, Any]) -> str:
    name = f"pull request {found['number']}"
    branches = f"{found['source']} into {found['target']}"
    if action == "create":
        return f"{name} is {found['status']}: {branches}, merge {found['merge']}"
    if action == "approve":
        met = ("approved", "notApplicable")
        listed = [p["name"] for p in found["policies"] if p["blocking"] and p["status"] not in met]
        rest = f"it waits for {', '.join(listed)}" if listed else "nothing stands in its way"
        return f"approved {name}; {rest}"
    if action == "requeue":
        listed = [f"run {p['run_id']}" for p in found["policies"] if p["status"] == "running"]
        return f"{name}: {', '.join(listed)} is queued"
    if found["auto_complete"] and found["status"] == "active":
        return f"{name} is completed as soon as its policies are met"
    commit = f", {found['target']} is at {found['commit'][:10]}" if action == "complete" else ""
    return f"{name} is {found['status']}{commit}"
