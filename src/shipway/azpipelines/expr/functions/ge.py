"""ge(a, b): whether a is greater or equal; b is cast to the kind of a."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, compare


def evaluate(arguments: Arguments) -> Value:
    """A failing cast is an error."""
    return compare(arguments.value(0), arguments.value(1)) >= 0


SPEC = FunctionSpec("ge", 2, 2, evaluate)
