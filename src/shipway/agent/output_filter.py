"""The process between a step and its output file: nothing secret reaches the disk in clear.

    python -m shipway.agent.output_filter CONTROL KEY_FILE

Reads the step's output, masks every secret it was told of (a sealed JSON list in CONTROL/secrets)
and every one that the step itself declares (`##vso[task.setvariable ...issecret=true]`): such a
line keeps its value sealed, so that an agent that starts anew can still read the variable. It
outlives the agent, as the step does; it ends with the step's output, or two seconds after the step
itself, when something that the step left behind keeps the pipe open.
"""

import json
import os
import select
import signal
import sys
from pathlib import Path

from shipway.agent import logging_commands
from shipway.agent.logging_commands import LoggingCommand
from shipway.agent.masking import Masker
from shipway.base.sealing import seal, unseal

_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.25
_CHUNK = 1 << 16
_SEALED = ("task.setvariable", "task.settaskvariable", "task.setsecret", "task.setendpoint")


def filtered(line: str, masker: Masker, key: bytes) -> str:
    """One line as it may be written."""
    if not logging_commands.is_command(line):
        return masker.mask(line)
    command = logging_commands.parse(line)
    if command is None or command.name not in _SEALED:
        return masker.mask(line)
    secret = _declares_secret(command)
    known = masker.mask(command.data) != command.data
    if not command.data or not (secret or known):
        return masker.mask(line)
    if secret:
        masker.add(command.data)
    properties = ";".join(
        f"{name}={logging_commands.escape(value)}" for name, value in command.properties.items()
    )
    return f"##vso[{command.name} {properties};sealed=true;]{seal(command.data, key)}"


def _declares_secret(command: LoggingCommand) -> bool:
    if command.name == "task.setendpoint":
        return command.get("field").lower() == "authparameter"
    return command.name == "task.setsecret" or command.flag("issecret")


def _pump(control: Path, masker: Masker, key: bytes) -> None:
    held, ended_for = b"", 0.0
    while True:
        ready, _, _ = select.select([0], [], [], _POLL_SECONDS)
        if ready:
            chunk = os.read(0, _CHUNK)
            if not chunk:
                break
            held += chunk
            lines = held.split(b"\n")
            held = lines.pop()
            text = "".join(f"{filtered(_text(line), masker, key)}\n" for line in lines)
            os.write(1, text.encode())
        elif (control / "code").exists():
            ended_for += _POLL_SECONDS
            if ended_for >= _GRACE_SECONDS:
                break
    if held:
        os.write(1, f"{filtered(_text(held), masker, key)}\n".encode())


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


def main(arguments: list[str]) -> int:
    """Run until the step's output ends; a step that is asked to stop may still have its say."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    control, key = Path(arguments[0]), Path(arguments[1]).read_bytes()
    masker = Masker(json.loads(unseal((control / "secrets").read_text(), key)))
    _pump(control, masker, key)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
