"""What a function of the expression language is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from shipway.azpipelines.expr.values import Value

MANY = 255


class Arguments(Protocol):
    """The arguments of one call. They are evaluated when asked for, each at most once."""

    def __len__(self) -> int: ...

    def value(self, index: int) -> Value:
        """The value of one argument. Raises `EvaluationError`."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function: how many arguments it takes and what it does with them."""

    name: str
    minimum: int
    maximum: int
    evaluate: Callable[[Arguments], Value]
