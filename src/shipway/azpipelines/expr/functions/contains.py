"""contains(text, part): whether the text holds the part, whatever the case."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, fold, to_text


def evaluate(arguments: Arguments) -> Value:
    """Casts both to text."""
    return fold(to_text(arguments.value(1))) in fold(to_text(arguments.value(0)))


SPEC = FunctionSpec("contains", 2, 2, evaluate)
