"""notIn(a, b, ...): whether a equals none of the others."""

from shipway.azpipelines.expr.functions.spec import MANY, Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, equal


def evaluate(arguments: Arguments) -> Value:
    """Stops at the first match."""
    left = arguments.value(0)
    return not any(equal(left, arguments.value(index)) for index in range(1, len(arguments)))


SPEC = FunctionSpec("notIn", 2, MANY, evaluate)
