"""eq(a, b): equal after casting b to the kind of a."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, equal


def evaluate(arguments: Arguments) -> Value:
    """A failing cast is False."""
    return equal(arguments.value(0), arguments.value(1))


SPEC = FunctionSpec("eq", 2, 2, evaluate)
