"""or(a, b, ...): whether any is true."""

from shipway.azpipelines.expr.functions.spec import MANY, Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_boolean


def evaluate(arguments: Arguments) -> Value:
    """Stops at the first true argument."""
    return any(to_boolean(arguments.value(index)) for index in range(len(arguments)))


SPEC = FunctionSpec("or", 2, MANY, evaluate)
