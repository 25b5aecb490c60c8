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
_EACH = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)\s+in\s+(.+)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One directive; `variable` for each, `expression` for if, elseif and each."""

    word: Word
    expression: str = ""
    variable: str = ""


def directive_of(key: str) -> Directive | str | None:
    """The directive in a key, None when the key is none, a text when it is written wrongly."""
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
            if not rest:
                return f"The expression directive '{word}' needs a condition"
            return Directive(word="if" if word == "if" else "elseif", expression=rest)
        case "each":
            loop = _EACH.match(rest)
            if loop is None:
                return "The expression directive 'each' is written 'each name in expression'"
            return Directive(word="each", variable=loop.group(1), expression=loop.group(2))
        case "else" | "insert":
            if rest:
                return f"The expression directive '{word}' takes no expression"
            return Directive(word="else" if word == "else" else "insert")
        case _:
            return None
