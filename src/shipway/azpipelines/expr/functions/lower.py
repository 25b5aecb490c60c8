"""lower(text)."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, lower_text, to_text


def evaluate(arguments: Arguments) -> Value:
    """Casts to text."""
    return lower_text(to_text(arguments.value(0)))


SPEC = FunctionSpec("lower", 1, 1, evaluate)
