"""join(separator, array): the items as one text."""

from collections.abc import Mapping, Sequence

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import CastFailed, Value, check_length, to_text


def evaluate(arguments: Arguments) -> Value:
    """Collections inside are empty text; a right side that is no array is cast to text."""
    separator, items = to_text(arguments.value(0)), arguments.value(1)
    if isinstance(items, Mapping):
        return ""
    if not isinstance(items, Sequence) or isinstance(items, str):
        return to_text(items)
    texts = [_text(item) for item in items]
    check_length(sum(len(one) + len(separator) for one in texts))
    return separator.join(texts)


def _text(value: Value) -> str:
    try:
        return to_text(value)
    except CastFailed:
        return ""


SPEC = FunctionSpec("join", 2, 2, evaluate)
