"""format(template, a, b, ...): {0} {1} replaced; {{ and }} are braces.

A date accepts a .NET format behind the colon, as in {0:yyyyMMdd}.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from shipway.azpipelines.expr.dates import date_text
from shipway.azpipelines.expr.functions.spec import MANY, Arguments, FunctionSpec
from shipway.azpipelines.expr.values import EvaluationError, Value, check_length, to_text

_PIECE = re.compile(r"\{\{|\}\}|\{([0-9]+)(?::([^{}]*))?\}|[{}]")
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})")


def evaluate(arguments: Arguments) -> Value:
    """Raises `EvaluationError` for a brace that stands alone or an index without argument."""
    template = to_text(arguments.value(0))
    length = len(template)

    def piece(match: re.Match[str]) -> str:
        raw = match.group(0)
        if raw in ("{{", "}}"):
            return raw[0]
        if match.group(1) is None:
            raise EvaluationError(f"The following format string is invalid: {template}")
        index = int(match.group(1)) + 1
        if index >= len(arguments):
            raise EvaluationError(
                "The following format string references more arguments than were supplied: "
                f"{template}"
            )
        shown = _shown(arguments.value(index), match.group(2))
        nonlocal length
        length += len(shown)
        check_length(length)
        return shown

    return _PIECE.sub(piece, template)


def _shown(value: Value, layout: str | None) -> str:
    if isinstance(value, Mapping):
        return "Object"
    if not isinstance(value, str | bool) and isinstance(value, list | tuple):
        return "Array"
    text = to_text(value)
    if not layout:
        return text
    date = _DATE.match(text)
    if date is None:
        raise EvaluationError(f"The format '{layout}' applies to dates only. Value: '{text}'")
    year, month, day, hour, minute, second = (int(part) for part in date.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise EvaluationError(f"'{text}' is no date") from None
    return date_text(layout, moment)


SPEC = FunctionSpec("format", 1, MANY, evaluate)
