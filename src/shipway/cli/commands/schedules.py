"""`shipway schedules`: what retrains by itself, and when next."""

import argparse
from typing import Any

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    found = Session(Home(config.default_home())).get("/schedules")["value"]
    if arguments.json:
        output.show_json(found)
        return 0
    output.show_table(
        ("schedule", "workspace", "trigger", "next", "last", "job"),
        [
            (
                s["name"], s["workspace"], _trigger(s["trigger"]),
                s["next"] or ("-" if s["is_enabled"] else "disabled"),
                s["last_fired"] or "never", s["last_error"] or s["last_job"],
            )
            for s in found
        ],
    )  # fmt: skip
    return 0


def _trigger(trigger: dict[str, Any]) -> str:
    if trigger.get("expression"):
        return f"cron {trigger['expression']}"
    return f"every {trigger.get('interval', 1)} {trigger.get('frequency', '?')}"
