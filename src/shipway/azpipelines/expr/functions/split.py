"""split(text, separators): pieces between any of the separator's characters."""

import re

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_text


def evaluate(arguments: Arguments) -> Value:
    """Without a separator the whole text is the only piece."""
    text, separators = to_text(arguments.value(0)), to_text(arguments.value(1))
    if not separators:
        return [text]
    return list(re.split("|".join(re.escape(one) for one in separators), text))


SPEC = FunctionSpec("split", 2, 2, evaluate)
