"""`shipway up`: start the server and say how to use it."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shipway.az import install
from shipway.base import config, process
from shipway.base.errors import ShipwayError, Unavailable
from shipway.base.home import Home
from shipway.cli import output
from shipway.terraform import mirror

_LOG_LIMIT = 10 << 20
_TAIL_LINES = 15


class StartFailed(Unavailable):
    """The server's process ended before it served."""

    default_code = "StartFailed"


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
        _prepare(home)
        os.execve(sys.executable, _command(settings), _variables(home))  # noqa: S606  # becomes it
    told = bring_up(settings, home)
    if arguments.json:
        output.show_json({"home": str(home.root), "pid": told["pid"], **told["ports"]})
        return 0
    _say(home, told)
    return 0


def bring_up(settings: config.Settings, home: Home) -> Mapping[str, Any]:
    """Start the server in the background; its process and ports once it serves.

    Raises `HomeInUse`, `PortTaken`, `StartFailed`.
    """
    _prepare(home)
    log = home.logs / "server.log"
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    reading, writing = os.pipe()
    command = [*_command(settings), "--ready-fd", str(writing)]
    with log.open("ab") as output_file:
        process.spawn(
            command, env_vars=_variables(home), cwd=home.root, stdin=process.DEVNULL,
            stdout=output_file, stderr=output_file, pass_fds=(writing,), start_new_session=True,
        )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        line = pipe.readline()
    if not line:
        raise StartFailed(
            "the server ended while it started",
            where=str(log), hint="Its last lines:\n" + _tail(log),
        )  # fmt: skip
    told: dict[str, Any] = json.loads(line)
    if "code" in told:
        raise ShipwayError(
            told["message"], code=told["code"], where=told["where"], hint=told["hint"]
        )
    return told


def _prepare(home: Home) -> None:
    home.create()
    install.install(home)
    mirror.write(home)  # pipeline jobs may run terraform


def _command(settings: config.Settings) -> list[str]:
    return [
        sys.executable, "-m", "shipway.server", str(settings.home),
        "--proxy-port", str(settings.proxy_port), "--studio-port", str(settings.studio_port),
    ]  # fmt: skip


def _variables(home: Home) -> dict[str, str]:
    # two malloc arenas instead of eight a core: handlers' threads would hold on to memory
    return {"MALLOC_ARENA_MAX": "2", **config.environment(), "SHIPWAY_HOME": str(home.root)}


def _tail(log: Path) -> str:
    return "\n".join(f"    {line}" for line in log.read_text().splitlines()[-_TAIL_LINES:])


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
