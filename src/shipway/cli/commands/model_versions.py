"""`shipway models`: registered versions, or one model with what its tags say."""

import argparse
from urllib.parse import quote

from shipway.base import config
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NAME, `--json`."""
    parser.add_argument("name", nargs="?", metavar="NAME[:VERSION]", help="only this model")
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print them. Raises `NotFound` naming the models that there are."""
    session = Session(Home(config.default_home()))
    name, _, version = (arguments.name or "").partition(":")
    path = f"/models/{quote(name, safe='')}" if name else "/models"
    found = [m for m in session.get(path)["value"] if version in ("", m["version"])]
    if arguments.json:
        output.show_json(found)
        return 0
    now = SystemClock().now()
    output.show_table(
        ("model", "workspace", "approval", "auc", "job", "made"),
        [
            (
                f"{m['name']}:{m['version']}", m["workspace"], m["tags"].get("approval", ""),
                m["tags"].get("auc", ""), m["job"], output.ago(m["created_at"], now),
            )
            for m in found
        ],
    )  # fmt: skip
    if name:
        for model in found:
            print(f"\n{model['name']}:{model['version']}")
            output.show_facts(sorted(model["tags"].items()) or [("tags", "none")])
    return 0
