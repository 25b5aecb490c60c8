"""split(text, separator): pieces between the separator, which is one text."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_text


def evaluate(arguments: Arguments) -> Value:
    """Without a separator the whole text is the only piece."""
    text, separator = to_text(arguments.value(0)), to_text(arguments.value(1))
    return list(text.split(separator)) if separator else [text]


SPEC = FunctionSpec("split", 2, 2, evaluate)
