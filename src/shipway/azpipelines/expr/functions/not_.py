"""not(a): the other boolean."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_boolean


def evaluate(arguments: Arguments) -> Value:
    """Casts to boolean."""
    return not to_boolean(arguments.value(0))


SPEC = FunctionSpec("not", 1, 1, evaluate)
