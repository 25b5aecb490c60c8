"""A tree and its contexts to a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shipway.azpipelines import limits
from shipway.azpipelines.expr import parser
from shipway.azpipelines.expr.functions.spec import FunctionSpec
from shipway.azpipelines.expr.parser import Dialect
from shipway.azpipelines.expr.syntax import Call, Constant, Filter, Index, Name, Node
from shipway.azpipelines.expr.values import CastFailed, EvaluationError, Value, to_number, to_text

_LONG = 100
"""Characters of a text that cost as much as an item of a list."""


@dataclass(slots=True)
class Work:
    """What all expressions of one compilation may look at, so that no loop of them is endless."""

    left: int = limits.MAX_ITEMS_LOOKED_AT

    def spend(self, value: Value) -> None:
        """Count a value that a function or a filter goes through. Raises `EvaluationError`."""
        if isinstance(value, str):
            self.left -= len(value) // _LONG
        elif isinstance(value, Sequence | Mapping):
            self.left -= len(value)
        if self.left < 0:
            raise EvaluationError(f"Maximum memory of {limits.MAX_RESULT_BYTES} bytes exceeded")


def evaluate(
    text: str, *, dialect: Dialect, contexts: Mapping[str, Value], work: Work | None = None
) -> Value:
    """Parse and evaluate. Raises `ExpressionSyntaxError` or `EvaluationError`."""
    tree = parser.parse(text, dialect)
    return value_of(tree, functions=dialect.functions, contexts=contexts, work=work)


def value_of(
    node: Node, *, functions: Mapping[str, FunctionSpec], contexts: Mapping[str, Value],
    work: Work | None = None,
) -> Value:  # fmt: skip
    """The value of a tree. Raises `EvaluationError`."""
    return _Evaluator(functions, contexts, work or Work()).value(node)


class FilteredArray(list[Value]):
    """What `*` gives: a further index applies to each item instead of to the list."""


class _Evaluator:
    def __init__(
        self, functions: Mapping[str, FunctionSpec], contexts: Mapping[str, Value], work: Work
    ) -> None:
        self._functions = functions
        self._contexts = contexts
        self.work = work

    def value(self, node: Node) -> Value:
        match node:
            case Constant():
                return node.value
            case Name():
                return self._contexts.get(node.name)
            case Call():
                return self._functions[node.name].evaluate(_Arguments(self, node.arguments))
            case Index():
                target = self.value(node.target)
                if isinstance(target, FilteredArray):
                    self.work.spend(target)
                return _indexed(target, self.value(node.key))
            case Filter():
                target = self.value(node.target)
                self.work.spend(target)
                return _filtered(target)


class _Arguments:
    """Arguments evaluated when they are asked for, each once: `and` and `or` stop early."""

    def __init__(self, evaluator: _Evaluator, nodes: tuple[Node, ...]) -> None:
        self._evaluator = evaluator
        self._nodes = nodes
        self._values: dict[int, Value] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def value(self, index: int) -> Value:
        if index not in self._values:
            value = self._evaluator.value(self._nodes[index])
            self._evaluator.work.spend(value)
            self._values[index] = value
        return self._values[index]


def _indexed(target: Value, key: Value) -> Value:
    if isinstance(target, FilteredArray):
        found = (_indexed(item, key) for item in target if _has(item, key))
        return FilteredArray(found)
    if isinstance(target, Mapping):
        return _member(target, key)
    if isinstance(target, Sequence) and not isinstance(target, str):
        return _item(target, key)
    return None


def _member(target: Mapping[str, Value], key: Value) -> Value:
    try:
        return target.get(to_text(key))
    except CastFailed:
        return None


def _item(target: Sequence[Value], key: Value) -> Value:
    try:
        number = to_number(key)
    except CastFailed:
        return None
    if not 0 <= number < Decimal(len(target)):
        return None
    return target[int(number)]


def _has(target: Value, key: Value) -> bool:
    if isinstance(target, Mapping):
        try:
            return to_text(key) in target
        except CastFailed:
            return False
    return _indexed(target, key) is not None


def _filtered(target: Value) -> Value:
    if isinstance(target, FilteredArray):
        return FilteredArray(item for inner in target for item in _items(inner))
    return FilteredArray(_items(target))


def _items(target: Value) -> list[Value]:
    if isinstance(target, Mapping):
        return list(target.values())
    if isinstance(target, Sequence) and not isinstance(target, str):
        return list(target)
    return []
