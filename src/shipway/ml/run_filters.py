"""MLflow's little language for finding and ordering runs: `metrics.auc > 0.8 and tags.a = 'b'`.

Pure text in, functions out; comparisons are joined by AND only, as in MLflow.
Source: https://mlflow.org/docs/latest/search-runs.html
"""

import fnmatch
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shipway.base.errors import BadInput

_COMPARISON = re.compile(
    r"""\s*(?:(?P<kind>metrics?|params?|parameters?|tags?|attributes?|attr|run)\.)?
    (?P<name>"[^"]+"|`[^`]+`|[\w./-]+)\s*
    (?P<sign>!=|>=|<=|=|>|<|not\ in|in|like|ilike)\s*
    (?P<value>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\([^)]*\)|-?[\d.eE+-]+)\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_ORDER = re.compile(
    r"\s*(?:(?P<kind>metrics?|params?|parameters?|tags?|attributes?|attr|run)\.)?"
    r"(?P<name>\"[^\"]+\"|`[^`]+`|[\w./-]+)(?:\s+(?P<way>asc|desc))?\s*",
    re.IGNORECASE,
)
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
    ">=": operator.ge, "<=": operator.le,
    "like": lambda a, b: fnmatch.fnmatchcase(a, b.replace("%", "*").replace("_", "?")),
    "ilike": lambda a, b: fnmatch.fnmatchcase(
        a.lower(), b.lower().replace("%", "*").replace("_", "?")
    ),
    "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip
_KINDS = {"m": "metrics", "p": "params", "t": "tags", "a": "attributes", "r": "attributes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`<kind>.<name> <sign> <value>`."""

    kind: str
    name: str
    sign: str
    value: Any


Lookup = Callable[[str, str], Any]


def parse_filter(text: str) -> tuple[Comparison, ...]:
    """The comparisons of a filter. Raises `BadInput` with the part that cannot be read."""
    comparisons = []
    at = 0
    while at < len(text.rstrip()):
        found = _COMPARISON.match(text, at)
        if found is None:
            raise _invalid("filter", text[at:])
        comparisons.append(
            Comparison(
                kind=_kind(found["kind"]), name=found["name"].strip('"`'),
                sign=re.sub(r"\s+", " ", found["sign"].lower()),
                value=_value(found["value"], _kind(found["kind"])),
            )
        )  # fmt: skip
        at = found.end()
        if at < len(text.rstrip()):
            joint = _AND.match(text, at) or re.compile(r"and\s+", re.I).match(text, at)
            if joint is None:
                raise _invalid("filter", text[at:])
            at = joint.end()
    return tuple(comparisons)


def matches(comparisons: Sequence[Comparison], lookup: Lookup) -> bool:
    """Whether all comparisons hold; `lookup(kind, name)` gives a value or None."""
    for comparison in comparisons:
        found = lookup(comparison.kind, comparison.name)
        if found is None:
            return False
        try:
            if not _SIGNS[comparison.sign](found, comparison.value):
                return False
        except TypeError:
            return False
    return True


def parse_order(text: str) -> tuple[str, str, bool]:
    """(kind, name, is descending) of an ORDER BY clause. Raises `BadInput`."""
    found = _ORDER.fullmatch(text)
    if found is None:
        raise _invalid("order_by", text)
    return _kind(found["kind"]), found["name"].strip('"`'), (found["way"] or "").lower() == "desc"


def _kind(word: str | None) -> str:
    return _KINDS[word[0].lower()] if word else "attributes"


def _value(text: str, kind: str) -> Any:  # noqa: ANN401  # a number, a string or a list of these
    if text[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if text[0] == "(":
        return [_value(part.strip(), kind) for part in text[1:-1].split(",") if part.strip()]
    try:
        return float(text)
    except ValueError:
        raise _invalid("filter", text) from None


def _invalid(what: str, part: str) -> BadInput:
    return BadInput(
        f"Invalid {what} clause at '{part[:60]}'", code="INVALID_PARAMETER_VALUE", where=what,
        hint="For example: metrics.auc > 0.8 and params.depth = '3' and tags.gate = 'passed'.",
    )  # fmt: skip
