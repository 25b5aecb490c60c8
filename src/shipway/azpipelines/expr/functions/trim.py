"""trim(text): without white space at both ends."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_text


def evaluate(arguments: Arguments) -> Value:
    """Casts to text."""
    return to_text(arguments.value(0)).strip()


SPEC = FunctionSpec("trim", 1, 1, evaluate)
