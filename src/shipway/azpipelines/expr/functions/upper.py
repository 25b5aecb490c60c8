"""upper(text)."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_text, upper_text


def evaluate(arguments: Arguments) -> Value:
    """Casts to text."""
    return upper_text(to_text(arguments.value(0)))


SPEC = FunctionSpec("upper", 1, 1, evaluate)
