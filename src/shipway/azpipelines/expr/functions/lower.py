"""lower(text)."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_text


def evaluate(arguments: Arguments) -> Value:
    """Casts to text."""
    return to_text(arguments.value(0)).lower()


SPEC = FunctionSpec("lower", 1, 1, evaluate)
