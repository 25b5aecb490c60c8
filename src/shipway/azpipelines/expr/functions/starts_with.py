"""startsWith(text, part): whatever the case."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, fold, to_text


def evaluate(arguments: Arguments) -> Value:
    """Casts both to text."""
    return fold(to_text(arguments.value(0))).startswith(fold(to_text(arguments.value(1))))


SPEC = FunctionSpec("startsWith", 2, 2, evaluate)
