"""Frozen node types of the expression tree, and the errors of its text."""

from dataclasses import dataclass
from typing import Literal

from shipway.azpipelines.expr.values import Value

HELP = "For more help, refer to https://go.microsoft.com/fwlink/?linkid=842996"

ErrorKind = Literal[
    "ExceededMaxDepth",
    "ExceededMaxLength",
    "ExpectedPropertyName",
    "ExpectedStartParameter",
    "UnclosedFunction",
    "UnclosedIndexer",
    "UnclosedString",
    "UnexpectedSymbol",
    "UnrecognizedValue",
    "Empty",
]

_TEXTS: dict[ErrorKind, str] = {
    "ExceededMaxDepth": "Exceeded max expression depth 50",
    "ExceededMaxLength": "Exceeded max expression length 21000",
    "ExpectedPropertyName": "Expected a property name to follow the dereference operator '.'",
    "ExpectedStartParameter": "Expected '(' to follow a function",
    "UnclosedFunction": "Unclosed function",
    "UnclosedIndexer": "Unclosed indexer",
    "UnclosedString": "Unclosed string",
    "UnexpectedSymbol": "Unexpected symbol",
    "UnrecognizedValue": "Unrecognized value",
    "Empty": "An expression was expected",
}


class ExpressionSyntaxError(Exception):
    """The text is no expression. `offset` counts from 0, the message from 1."""

    def __init__(self, kind: ErrorKind, *, raw: str, offset: int, expression: str) -> None:
        self.kind = kind
        self.raw = raw
        self.offset = offset
        text = _TEXTS[kind]
        if raw:
            text = f"{text}: '{raw}'. Located at position {offset + 1} within expression: "
            text += f"'{expression}'"
        super().__init__(text if kind == "Empty" else f"{text}. {HELP}")


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A named value: variables, parameters, a loop variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; `name` is in lower case."""

    name: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Index:
    """`target[key]` or `target.key`."""

    target: "Node"
    key: "Node"


@dataclass(frozen=True, slots=True)
class Filter:
    """`target.*` or `target[*]`: all items of a collection."""

    target: "Node"


Node = Constant | Name | Call | Index | Filter
