"""`shipway jobs`: submit, list, show, stream and cancel ML jobs, and why their nodes ran."""

import argparse
from typing import Any
from urllib.parse import quote, urlencode

from shipway.az import submit_arguments
from shipway.az.job_progress import JobProgress
from shipway.base import config, front_door
from shipway.base.clock import SystemClock
from shipway.base.errors import NotFound
from shipway.base.home import Home
from shipway.cli import output
from shipway.cli.entry import launcher
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs of a job."""
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    submitted = verbs.add_parser("submit", help="send a job from its YAML")
    submit_arguments.add_to(submitted)
    listed = verbs.add_parser("list", help="the newest jobs")
    listed.add_argument("--limit", type=int, default=20, help="how many (default: 20)")
    shown = verbs.add_parser("show", help="one job: its nodes, states, outputs")
    streamed = verbs.add_parser("stream", help="follow a job to its end")
    canceled = verbs.add_parser("cancel", help="stop a job and its processes")
    explained = verbs.add_parser("why", help="for each node why it was reused or ran")
    canceled.add_argument("job", help="its name")
    for child in (shown, streamed, explained):
        child.add_argument("job", nargs="?", default="", help="its name (default: the newest)")
    for child in (listed, shown, streamed, canceled, explained):
        child.add_argument("--workspace", "-w", default="", help="only of this workspace")
        child.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Do it. Raises `ServerSaid` with the server's own words, `Unavailable` without a server."""
    home = Home(config.default_home())
    if arguments.action == "submit":
        return _submit(home, arguments)
    session = Session(home)
    if arguments.action == "list":
        return _list(session, arguments)
    job = session.get(_path(arguments.job or _newest(session, arguments), arguments))
    return _ACTIONS[arguments.action](session, job, arguments)


def _submit(home: Home, given: argparse.Namespace) -> int:
    """Give it to the resident; `cli/entry.py` does so before anything else is imported."""
    front_door.state(home)
    words = [
        given.file,
        *(["--stream"] if given.stream else []),
        *(["--json"] if given.json else []),
    ]
    for flag in ("name", "workspace", "resource_group", "subscription"):
        if getattr(given, flag):
            words += [f"--{flag.replace('_', '-')}", getattr(given, flag)]
    return launcher(home, [*words, *(["--set", *given.set] if given.set else [])]).run()


def _newest(session: Session, arguments: argparse.Namespace) -> str:
    listed = session.get(_query("/jobs", arguments, limit=1))["value"]
    if not listed:
        raise NotFound(
            "there are no jobs yet", where=arguments.workspace,
            hint="Send one with `shipway jobs submit FILE`.",
        )  # fmt: skip
    return str(listed[0]["name"])


def _list(session: Session, arguments: argparse.Namespace) -> int:
    listed = session.get(_query("/jobs", arguments, limit=arguments.limit))["value"]
    if arguments.json:
        output.show_json(listed)
        return 0
    now = SystemClock().now()
    output.show_table(
        ("job", "type", "status", "experiment", "workspace", "name", "when"),
        [
            (
                one["name"], one["type"], one["status"], one["experiment"], one["workspace"],
                one["displayName"], output.ago(one["createdAt"], now) if one["createdAt"] else "",
            )
            for one in listed
        ],
    )  # fmt: skip
    return 0


def _show(session: Session, job: dict[str, Any], arguments: argparse.Namespace) -> int:
    if arguments.json:
        output.show_json(job)
        return 0
    facts = [(name, job[key]) for name, key in _FACTS if job.get(key)]
    page = f"/jobs/{job['resourceGroup']}/{job['workspace']}/{job['name']}"
    output.show_facts([*facts, ("see it", f"{session.state.studio_url}{page}")])
    if job["error"]:
        print(f"\n{job['error'].get('message', '')}")
    if job["children"]:
        print()
        output.show_table(
            ("node", "status", "", "job", "after"), [_row(c) for c in job["children"]]
        )
    if job["outputs"]:
        print()
        output.show_facts(sorted(job["outputs"].items()))
    return 0


def _row(child: dict[str, Any]) -> tuple[object, ...]:
    reused = "reused" if child["reused"] else ""
    return child["node"], child["status"], reused, child["name"], ", ".join(child["after"])


def _stream(session: Session, job: dict[str, Any], arguments: argparse.Namespace) -> int:
    progress = JobProgress(
        session, name=job["name"], workspace=job["workspace"], is_command=job["type"] == "Command"
    )
    end = progress.follow(print if not arguments.json else _silent)
    if arguments.json:
        output.show_json(session.get(_path(job["name"], arguments)))
    else:
        print(f"{job['name']} {end.status}")
        if end.error:
            print(end.error.get("message", ""))
    return end.exit_code


def _silent(text: str) -> None:
    del text


def _cancel(session: Session, job: dict[str, Any], arguments: argparse.Namespace) -> int:
    told = session.post(_path(job["name"], arguments, "/cancel"))
    if arguments.json:
        output.show_json(told)
    else:
        print(f"job {told['name']} is {told['status']}")
    return 0


def _why(session: Session, job: dict[str, Any], arguments: argparse.Namespace) -> int:
    told = session.get(_path(job["name"], arguments, "/why"))
    if arguments.json:
        output.show_json(told)
        return 0
    for one in told["value"]:
        print(f"{one['node'] or one['child']:24} {one['verdict']:8} {one['reason']}")
        for change in one["changes"]:
            print(f"{'':33} {change}")
    return 0


def _path(name: str, arguments: argparse.Namespace, verb: str = "") -> str:
    return _query(f"/jobs/{quote(name, safe='')}{verb}", arguments)


def _query(path: str, arguments: argparse.Namespace, **more: object) -> str:
    given = {"workspace": arguments.workspace, **more}
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{path}?{query}" if query else path


_FACTS = (
    ("job", "name"), ("type", "type"), ("status", "status"), ("name", "displayName"),
    ("experiment", "experiment"), ("workspace", "workspace"), ("compute", "compute"),
    ("schedule", "schedule"), ("reused from", "reusedJob"), ("made", "createdAt"),
    ("started", "startedAt"), ("ended", "endedAt"),
)  # fmt: skip
_ACTIONS = {"show": _show, "stream": _stream, "cancel": _cancel, "why": _why}
