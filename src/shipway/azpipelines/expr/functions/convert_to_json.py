"""convertToJson(value): indented JSON."""

import json
from collections.abc import Mapping
from decimal import Decimal

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, Version


def evaluate(arguments: Arguments) -> Value:
    """Numbers keep their text, versions become text."""
    return json_text(arguments.value(0))


def json_text(value: Value) -> str:
    """A value as indented JSON."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


def _plain(value: Value) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Version):
        return str(value)
    return [_plain(item) for item in value]


SPEC = FunctionSpec("convertToJson", 1, 1, evaluate)
