"""`shipway lineage`: the chain from commit to deployment, read back."""

import argparse
from urllib.parse import quote

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import lineage_tree, output
from shipway.client.session import Session


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
    lineage_tree.show(found)
    return 0
