"""iif(condition, a, b): a when the condition is true, else b."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_boolean


def evaluate(arguments: Arguments) -> Value:
    """Evaluates both sides, as the service does."""
    condition, left, right = (arguments.value(index) for index in range(3))
    return left if to_boolean(condition) else right


SPEC = FunctionSpec("iif", 3, 3, evaluate)
