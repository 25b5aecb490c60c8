"""and(a, b, ...): whether all are true."""

from shipway.azpipelines.expr.functions.spec import MANY, Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_boolean


def evaluate(arguments: Arguments) -> Value:
    """Stops at the first false argument."""
    return all(to_boolean(arguments.value(index)) for index in range(len(arguments)))


SPEC = FunctionSpec("and", 2, MANY, evaluate)
