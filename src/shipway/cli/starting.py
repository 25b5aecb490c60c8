"""Starts the server in the background; `shipway up` and whatever cannot do without one."""

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
from shipway.terraform import mirror

_LOG_LIMIT = 10 << 20
_TAIL_LINES = 15


class StartFailed(Unavailable):
    """The server's process ended before it served."""

    default_code = "StartFailed"


def bring_up(settings: config.Settings, home: Home) -> Mapping[str, Any]:
    """Start the server in the background; its process and ports once it serves.

    Raises `HomeInUse`, `PortTaken`, `StartFailed`.
    """
    prepare(home)
    log = home.logs / "server.log"
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    reading, writing = os.pipe()
    command = [*command_of(settings), "--ready-fd", str(writing)]
    with log.open("ab") as output_file:
        process.spawn(
            command, env_vars=variables(home), cwd=home.root, stdin=process.DEVNULL,
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


def prepare(home: Home) -> None:
    """Make the home and what its server hands out."""
    home.create()
    install.install(home)
    mirror.write(home)  # pipeline jobs may run terraform


def command_of(settings: config.Settings) -> list[str]:
    """The command that becomes the server."""
    return [
        sys.executable, "-m", "shipway.server", str(settings.home),
        "--proxy-port", str(settings.proxy_port), "--studio-port", str(settings.studio_port),
    ]  # fmt: skip


def variables(home: Home) -> dict[str, str]:
    """What the server is told by its environment."""
    # two malloc arenas instead of eight a core: handlers' threads would hold on to memory
    return {"MALLOC_ARENA_MAX": "2", **config.environment(), "SHIPWAY_HOME": str(home.root)}


def _tail(log: Path) -> str:
    return "\n".join(f"    {line}" for line in log.read_text().splitlines()[-_TAIL_LINES:])
