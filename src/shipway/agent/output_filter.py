"""The process between a step and its output file: nothing secret reaches the disk in clear.

    python -m shipway.agent.output_filter CONTROL KEY_FILE

Reads the step's output, masks every secret it was told of (sealed JSON in CONTROL/secrets: their
`values`, and the `names` of the variables that stay secret) and every one that the step itself
declares (`##vso[task.setvariable ...issecret=true]`): a command with a secret in it is sealed, so
that an agent that starts anew can still read it. It outlives the agent, as the step does; it ends
with the step's output, or two seconds after the step itself, when something that the step left
behind keeps the pipe open.
"""

import json
import os
import select
import signal
import sys
from collections.abc import Collection
from pathlib import Path

from shipway.agent import logging_commands
from shipway.agent.logging_commands import LoggingCommand
from shipway.agent.masking import Masker
from shipway.base.sealing import seal, unseal

_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.25
_CHUNK = 1 << 16


def filtered(line: str, masker: Masker, key: bytes, names: Collection[str] = ()) -> str:
    """One line as it may be written: a command that holds a secret is sealed as a whole.

    `names` are those of secret variables, in lower case: a new value of theirs is secret, too.
    """
    command = logging_commands.parse(line)
    if command is None:
        return masker.mask(line)
    declared = bool(command.data) and _declares_secret(command, names)
    if declared:
        masker.add(command.data)
    shown = masker.mask(line)
    if shown == line and not declared:
        return line
    return f"{logging_commands.SEALED}{seal(line, key)}"


def _declares_secret(command: LoggingCommand, names: Collection[str]) -> bool:
    if command.name == "task.setvariable" and command.get("variable").lower() in names:
        return True
    if command.name in ("task.setvariable", "task.settaskvariable"):
        return command.flag("issecret")
    if command.name == "task.setendpoint":
        return command.get("field").lower() == "authparameter"
    return command.name == "task.setsecret"


def _pump(control: Path, masker: Masker, key: bytes, names: Collection[str]) -> None:
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
            text = "".join(f"{filtered(_text(line), masker, key, names)}\n" for line in lines)
            os.write(1, text.encode())
        elif (control / "code").exists():
            ended_for += _POLL_SECONDS
            if ended_for >= _GRACE_SECONDS:
                break
    if held:
        os.write(1, f"{filtered(_text(held), masker, key, names)}\n".encode())


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


def main(arguments: list[str]) -> int:
    """Run until the step's output ends; a step that is asked to stop may still have its say."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    control, key = Path(arguments[0]), Path(arguments[1]).read_bytes()
    known = json.loads(unseal((control / "secrets").read_text(), key))
    _pump(control, Masker(known["values"]), key, frozenset(known["names"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
