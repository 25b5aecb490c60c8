"""xor(a, b): whether exactly one is true."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_boolean


def evaluate(arguments: Arguments) -> Value:
    """Casts both to boolean."""
    return to_boolean(arguments.value(0)) != to_boolean(arguments.value(1))


SPEC = FunctionSpec("xor", 2, 2, evaluate)
