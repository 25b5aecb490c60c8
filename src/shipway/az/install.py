"""Writes the commands that an agent's PATH and this installation need: thin clients.

Where the real Azure CLI with its ml extension is on the user's PATH, jobs use that one instead.
"""

import shlex
import sys
from pathlib import Path

from shipway.az import launcher
from shipway.base import config
from shipway.base.home import Home

FOLDER = "agent-tools/bin"


def install(home: Home) -> None:
    """Write `az` into the home's tools, or a link to the real one. Safe to call again."""
    folder = home.root / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    real = real_azure_cli()
    target = folder / "az"
    if real is not None:
        _write(target, f'#!/bin/sh\nexec {shlex.quote(str(real))} "$@"\n')
        return
    program(home, "az", target)


def program(home: Home, name: str, target: Path) -> None:
    """Write the thin client of a program of the resident."""
    source = Path(launcher.__file__).read_text()
    for mark, value in (
        ("@HOME@", str(home.root)),
        ("@SOCKETS@", str(home.sockets)),
        ("@PROGRAM@", name),
        ("@PYTHON@", sys.executable),
    ):
        source = source.replace(f'"{mark}"', repr(value))
    script = target.with_suffix(".py")
    _write(script, source)
    python = shlex.quote(str(Path(sys.executable).resolve()))
    # -S: without site-packages the interpreter starts in half the time
    _write(target, f'#!/bin/sh\nexec {python} -I -S {shlex.quote(str(script))} "$@"\n')


def real_azure_cli() -> Path | None:
    """The Azure CLI of this machine when it has the ml extension; looked up, never run."""
    env_vars = config.environment()
    if env_vars.get("SHIPWAY_AZ") == "stand-in":
        return None
    extensions = Path(env_vars.get("AZURE_EXTENSION_DIR") or Path.home() / ".azure/cliextensions")
    if not (extensions / "ml").is_dir():
        return None
    for folder in env_vars.get("PATH", "").split(":"):
        candidate = Path(folder) / "az"
        if candidate.is_file() and "agent-tools" not in folder:
            return candidate
    return None


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text)
    temporary.chmod(0o700)
    temporary.replace(path)
