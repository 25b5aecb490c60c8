"""Keys that direct expansion: if, elseif, else, each, insert.

Words are lower case; any other spelling is read as an expression and fails as one.
"""

import re
from dataclasses import dataclass
from typing import Literal

from shipway.azpipelines.expand.interpolation import Unclosed, pieces

Word = Literal["if", "elseif", "else", "each", "insert"]

_KEY = re.compile(r"^(if|elseif|else|each|insert)(?:\s+(.*))?$", re.DOTALL)
_CALLED = re.compile(r"^(if|elseif)\s*(\(.*)$", re.DOTALL)
_TAKEN = ("parameters", "resources", "variables")
_EACH = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)\s+in\s+(.+)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One directive; `variable` for each, `expression` for if, elseif and each."""

    word: Word
    expression: str = ""
    variable: str = ""


def directive_of(key: str) -> Directive | str | None:
    """The directive in a key, None when the key is none, the service's text for a wrong one."""
    if not key.startswith("${{"):
        return None
    try:
        parts = pieces(key)
    except Unclosed:
        return None
    if len(parts) != 1 or not parts[0].is_expression:
        return None
    match = _KEY.match(parts[0].text) or _CALLED.match(parts[0].text)
    if match is None:
        return None
    return _checked(match.group(1), (match.group(2) or "").strip())


def _checked(word: str, rest: str) -> Directive | str | None:
    match word:
        case "if" | "elseif":
            parts = _parts(rest)
            if not parts or (len(parts) > 1 and not parts[1].startswith("(")):
                return None  # read as an expression, whose word has no meaning
            return Directive(word="if" if word == "if" else "elseif", expression=rest)
        case "each":
            loop = _EACH.match(rest)
            parts = _parts(rest)
            if loop is None or (len(parts) > 3 and not parts[3].startswith("(")):
                return _each_problem(rest)
            if loop.group(1) in _TAKEN:
                return (
                    "The idenfifier "  # codespell:ignore  # as the service spells it
                    f"'{loop.group(1)}' has already been defined within the current scope"
                )
            return Directive(word="each", variable=loop.group(1), expression=loop.group(2))
        case "else" | "insert":
            if rest:
                return _count_problem(word, 0, len(_parts(rest)))
            return Directive(word="else" if word == "else" else "insert")
        case _:
            return None


def _each_problem(rest: str) -> str:
    parts = _parts(rest)
    if len(parts) != 3:
        return _count_problem("each", 3, len(parts))
    return (
        f"The value '{parts[1]}' is unexpected. The expected format of an 'each' expression is: "
        "${ each <identifier> in <value> }"
    )


def _count_problem(word: str, expected: int, actual: int) -> str:
    return (
        f"Exactly {expected} parameter(s) were expected following the directive '{word}'. Actual "
        f"parameter count: {actual}"
    )


def _parts(text: str) -> list[str]:
    """What stands between blanks; blanks within brackets and quotes do not part."""
    parts, depth, quoted = [""], 0, False
    for sign in text:
        if sign == "'":
            quoted = not quoted
        elif not quoted:
            depth += (sign in "([") - (sign in ")]")
        if sign.isspace() and not quoted and depth <= 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part for part in parts if part]
