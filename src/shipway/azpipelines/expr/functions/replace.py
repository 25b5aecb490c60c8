"""replace(text, old, new): case-sensitive, every occurrence."""

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, check_length, to_text


def evaluate(arguments: Arguments) -> Value:
    """Casts all to text; an empty `old` replaces nothing."""
    text, old, new = (to_text(arguments.value(index)) for index in range(3))
    if not old:
        return text
    check_length(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


SPEC = FunctionSpec("replace", 3, 3, evaluate)
