"""A component's command with its values, as Azure writes it, and how it is run.

Pure. Source: https://learn.microsoft.com/azure/machine-learning/reference-yaml-core-syntax
"""

import re
from collections.abc import Mapping

from shipway.base.errors import BadInput

_VALUE = re.compile(r"\$\{\{\s*(inputs|outputs)\.([A-Za-z0-9_.]+)\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
# a line of plain words needs no shell between us and the program
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+, -]+")
_PROGRAMS = ("python", "python3")


def render(command: str, *, values: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """The command with `${{inputs.x}}` and `${{outputs.y}}` replaced.

    A part in `$[[ ]]` stays only when all inputs in it have a value. Raises `BadInput` naming an
    input or output that is not there.
    """
    places = {"inputs": values, "outputs": outputs}

    def optional(found: re.Match[str]) -> str:
        named = _VALUE.findall(found[1])
        return found[1] if all(name in places[side] for side, name in named) else ""

    def value(found: re.Match[str]) -> str:
        if found[2] not in places[found[1]]:
            raise BadInput(
                f"the command names {found[1][:-1]} '{found[2]}', which has no value",
                code="UserError", where=found[0],
                hint="Declare it, give it a value, or write the part in $[[ ]] when optional.",
            )  # fmt: skip
        return places[found[1]][found[2]]

    return _VALUE.sub(value, _OPTIONAL.sub(optional, command))


def arguments(line: str) -> list[str]:
    """The program and its arguments: bash for whatever needs a shell, else the program itself."""
    words = line.split()
    program = words[0] if words and _PLAIN.fullmatch(line.strip()) else ""
    if ("/" in program or program in _PROGRAMS) and "=" not in program:
        return words
    return ["/bin/bash", "-c", line]


def announced(command: list[str], lines: tuple[str, ...]) -> list[str]:
    """The same command with `lines` printed before it."""
    if not lines:
        return command
    return ["/bin/sh", "-c", 'printf "%s\\n" "$0"; exec "$@"', "\n".join(lines), *command]
