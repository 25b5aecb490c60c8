"""coalesce(a, b, ...): the first that is neither null nor empty text."""

from shipway.azpipelines.expr.functions.spec import MANY, Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value


def evaluate(arguments: Arguments) -> Value:
    """Null when there is none."""
    for index in range(len(arguments)):
        value = arguments.value(index)
        if value is not None and value != "":
            return value
    return None


SPEC = FunctionSpec("coalesce", 2, MANY, evaluate)
