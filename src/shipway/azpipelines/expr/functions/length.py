"""length(a): characters of a text, items of an array, properties of an object."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, to_text


def evaluate(arguments: Arguments) -> Value:
    """Other kinds are cast to text."""
    value = arguments.value(0)
    if isinstance(value, Mapping | Sequence) and not isinstance(value, str):
        return Decimal(len(value))
    return Decimal(len(to_text(value)))


SPEC = FunctionSpec("length", 1, 1, evaluate)
