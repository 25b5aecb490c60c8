"""`shipway status`: process, ports, what waits, what was refused."""

import argparse
from typing import Any

from shipway.base import config
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--refusals N`, `--json`."""
    parser.add_argument("--refusals", type=int, metavar="N", help="show the N newest refusals")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print it. Raises `Unavailable` when no server runs."""
    home = Home(config.default_home())
    session = Session(home)
    status = session.get("/status")
    if arguments.refusals is not None:
        status["refusals"] = session.get(f"/refusals?limit={max(arguments.refusals, 0)}")["value"]
    if arguments.json:
        output.show_json(status)
        return 0
    _say(status)
    return 0


def _say(status: dict[str, Any]) -> None:
    now = SystemClock().now()
    work = ", ".join(f"{n} {queue}" for queue, n in status["work"].items() if n)
    counts = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in status["counts"].items() if n)
    output.show_facts(
        [
            ("home", status["home"]),
            ("process", f"{status['pid']}, up since {output.ago(status['started_at'], now)}"),
            ("studio", f"http://127.0.0.1:{status['studio_port']}"),
            ("proxy", f"http://127.0.0.1:{status['proxy_port']}"),
            ("memory", output.size(status["memory_bytes"])),
            ("workers", ", ".join(map(_worker, status["workers"])) or "none"),
            ("work at hand", work or "none"),
            ("resources", counts or "none yet"),
        ]
    )
    if not status["refusals"]:
        return
    print("\nrefused, newest first")
    output.show_table(
        ("when", "protocol", "request", "why"),
        [
            (output.ago(r["at"], now), r["protocol"], f"{r['method']} {r['target']}", r["reason"])
            for r in status["refusals"]
        ],
    )


def _worker(worker: dict[str, Any]) -> str:
    state = f"process {worker['pid']}" if worker["pid"] else "down"
    again = f", started {worker['starts']} times" if worker["starts"] > 1 else ""
    return f"{worker['name']} ({state}{again})"
