"""`shipway up`: start the server and say how to use it."""

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Any

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output, starting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--foreground`, the ports, `--json`."""
    parser.add_argument("--foreground", action="store_true", help="stay, and log to the terminal")
    parser.add_argument("--proxy-port", type=int, metavar="N", help="default: a free one")
    parser.add_argument("--studio-port", type=int, metavar="N", help="default: a free one")
    parser.add_argument("--json", action="store_true", help="print ports and process as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Start it; returns when it serves. Raises `HomeInUse`, `PortTaken`, `StartFailed`."""
    settings = config.read_settings(
        proxy_port=arguments.proxy_port, studio_port=arguments.studio_port
    )
    home = Home(settings.home)
    if arguments.foreground:
        starting.prepare(home)
        os.execve(sys.executable, starting.command_of(settings), starting.variables(home))  # noqa: S606  # becomes it
    told = starting.bring_up(settings, home)
    if arguments.json:
        output.show_json({"home": str(home.root), "pid": told["pid"], **told["ports"]})
        return 0
    _say(home, told)
    return 0


def _say(home: Home, told: Mapping[str, Any]) -> None:
    ports = told["ports"]
    print(output.paint("shipway is up", "green"))
    output.show_facts(
        [
            ("home", home.root),
            ("process", told["pid"]),
            ("studio", f"http://127.0.0.1:{ports['studio']}"),
            ("proxy", f"http://127.0.0.1:{ports['proxy']}"),
        ]
    )
    print("\nnext: shipway exec -- COMMAND    run a command against it")
    print('      eval "$(shipway env)"      or this whole shell')
    print("      shipway status             how it is, and what it refused")
    print("      shipway down               stop it")
