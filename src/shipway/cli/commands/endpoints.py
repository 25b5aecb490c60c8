"""`shipway endpoints`: online endpoints with their traffic, or one with its newest requests."""

import argparse
from typing import Any
from urllib.parse import quote

from shipway.base import config
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NAME, `--json`."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="one endpoint, with its newest requests"
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print it. Raises `NotFound` naming the endpoints that there are."""
    session = Session(Home(config.default_home()))
    name = arguments.name
    if name:
        found = [session.get(f"/endpoints/{quote(name, safe='')}")]
    else:
        found = session.get("/endpoints")["value"]
    if arguments.json:
        output.show_json(found[0] if name else found)
        return 0
    output.show_table(
        ("endpoint", "workspace", "state", "deployment", "model", "traffic", "mirror"),
        [row for endpoint in found for row in _rows(endpoint)],
    )
    if name:
        _requests(found[0])
    return 0


def _rows(endpoint: dict[str, Any]) -> list[tuple[object, ...]]:
    head = (endpoint["name"], endpoint["workspace"], endpoint["state"])
    rows: list[tuple[object, ...]] = []
    for deployment in endpoint["deployments"]:
        share = endpoint["traffic"].get(deployment["name"], 0)
        mirrored = endpoint["mirror_traffic"].get(deployment["name"], 0)
        shown = f"{deployment['name']} ({deployment['state']})"
        rows.append((*head, shown, deployment["model"], f"{share} %",
                     f"{mirrored} %" if mirrored else ""))  # fmt: skip
    return rows or [(*head, "none", "", "", "")]


def _requests(endpoint: dict[str, Any]) -> None:
    now = SystemClock().now()
    print(f"\n{endpoint['scoring_uri']}")
    output.show_table(
        ("when", "deployment", "status", "ms", ""),
        [
            (
                output.ago(r["at"], now), r["deployment"], r["status"], r["milliseconds"],
                "mirrored" if r["mirrored"] else "",
            )
            for r in endpoint["requests"]
        ],
    )  # fmt: skip
