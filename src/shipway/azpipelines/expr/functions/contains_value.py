"""containsValue(collection, value): whether an item or property equals the value."""

from collections.abc import Mapping, Sequence

from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.values import Value, equal


def evaluate(arguments: Arguments) -> Value:
    """Each item is cast to the kind of the value; anything but a collection holds nothing."""
    collection, wanted = arguments.value(0), arguments.value(1)
    if isinstance(collection, Mapping):
        return any(equal(wanted, item) for item in collection.values())
    if isinstance(collection, Sequence) and not isinstance(collection, str):
        return any(equal(wanted, item) for item in collection)
    return False


SPEC = FunctionSpec("containsValue", 2, 2, evaluate)
