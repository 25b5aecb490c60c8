"""`shipway lineage`: the chain from commit to deployment, read back."""

import argparse
from typing import Any
from urllib.parse import quote

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session

# shown by --json and in the studio only
_LONG = ("id", "commit")
_WORDS = {"ml_job": "ML job", "model_version": "model version"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to follow, `--json`."""
    parser.add_argument(
        "of", nargs="?", default="", metavar="COMMIT|RUN|MODEL:VERSION|ENDPOINT[/DEPLOYMENT]",
        help="default: what was deployed last, else the newest run",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print it; 0 also for a chain that is not complete, which is said."""
    session = Session(Home(config.default_home()))
    found = session.get(f"/lineage?of={quote(arguments.of, safe='')}")
    if arguments.json:
        output.show_json(found)
        return 0
    show(found)
    return 0


def show(found: dict[str, Any]) -> None:
    """A chain, one station below the other."""
    for number, station in enumerate(found["stations"]):
        if number:
            print(output.paint("  │", "grey"))
        good = station["is_found"] and station["is_good"]
        sign, colour = ("●", "green") if good else ("○", "yellow")
        kind = _WORDS.get(station["kind"], station["kind"])
        title = output.paint(station["title"], "bold")
        state = output.paint(station["state"], colour)
        print(f"{output.paint(sign, colour)} {kind:14} {title}  {state}")
        told = ((n, v) for n, v in station["facts"].items() if n not in _LONG)
        facts = ", ".join(f"{name} {value}" for name, value in told)
        if facts:
            print(output.paint(f"  │              {facts}", "grey"))
    print("complete" if found["complete"] else "not complete: " + "; ".join(found["missing"]))
