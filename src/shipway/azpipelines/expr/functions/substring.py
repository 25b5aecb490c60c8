"""substring(text, start) and substring(text, start, length)."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import EvaluationError, Value, to_number, to_text


def evaluate(arguments: Arguments) -> Value:
    """Raises `EvaluationError` when the part does not lie inside the text."""
    text = to_text(arguments.value(0))
    start = int(to_number(arguments.value(1)))
    length = int(to_number(arguments.value(2))) if len(arguments) == 3 else len(text) - start
    if start < 0 or length < 0 or start + length > len(text):
        raise EvaluationError(
            "Index and length must refer to a location within the string. (Parameter 'length')"
        )
    return text[start : start + length]


SPEC = FunctionSpec("substring", 2, 3, evaluate)
