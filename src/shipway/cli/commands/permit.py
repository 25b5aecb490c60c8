"""`shipway permit`: let a run's pipeline use the resources that the run waits for."""

import argparse

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """RUN, `--as`, `--json`."""
    parser.add_argument(
        "run", nargs="?", type=int, help="a run's number; none: list what waits for permission"
    )
    parser.add_argument(
        "--as", dest="user", default="", help="the person who permits (default: the owner)"
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Permit; without a run, show what waits. Raises `ServerSaid` with the refusal."""
    session = Session(Home(config.default_home()))
    if arguments.run is None:
        return _waiting(session, as_json=arguments.json)
    given = session.post(f"/runs/{arguments.run}/permit", {"as": arguments.user})
    if arguments.json:
        output.show_json(given)
        return 0
    for name in given["resources"]:
        output.step(f"{given['pipeline']} may use {name}")
    return 0


def _waiting(session: Session, *, as_json: bool) -> int:
    listed = session.get("/permissions")["value"]
    if as_json:
        output.show_json(listed)
        return 0
    if not listed:
        print("nothing waits for a permission")
        return 0
    output.show_table(
        ("run", "pipeline", "needs"),
        [(one["run_id"], one["pipeline"], ", ".join(one["resources"])) for one in listed],
    )
    return 0
