"""Lexemes to a tree.

A `Dialect` says which functions and named values are known where the expression stands: `${{ }}`,
`$[ ]` and conditions speak the same grammar with different words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from shipway.azpipelines import limits
from shipway.azpipelines.expr.functions.spec import FunctionSpec
from shipway.azpipelines.expr.lexer import Lexeme, lex
from shipway.azpipelines.expr.syntax import (
    Call,
    Constant,
    ErrorKind,
    ExpressionSyntaxError,
    Filter,
    Index,
    Name,
    Node,
)

_KEPT_LENGTH = 500


@dataclass(frozen=True, eq=False)
class Dialect:
    """The words that an expression may use; function names are in lower case."""

    functions: Mapping[str, FunctionSpec]
    names: frozenset[str]

    def with_names(self, more: frozenset[str]) -> "Dialect":
        """The same dialect with loop variables added."""
        return _extended(self, more)


@lru_cache(maxsize=1024)
def _extended(dialect: Dialect, more: frozenset[str]) -> Dialect:
    # one object per set of names, because trees are cached by dialect
    return Dialect(functions=dialect.functions, names=dialect.names | more)


def parse(text: str, dialect: Dialect) -> Node:
    """The tree of an expression. Raises `ExpressionSyntaxError`."""
    if len(text) > limits.MAX_EXPRESSION_LENGTH:
        raise ExpressionSyntaxError("ExceededMaxLength", raw="", offset=0, expression=text)
    # long texts are not kept, so that the trees that are kept stay small
    return _kept(text, dialect) if len(text) <= _KEPT_LENGTH else _Parser(text, dialect).whole()


@lru_cache(maxsize=2048)
def _kept(text: str, dialect: Dialect) -> Node:
    return _Parser(text, dialect).whole()


class _Parser:
    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._names = {name.lower(): name for name in dialect.names}
        self._lexemes = lex(text)
        self._at = 0
        self._unknown: ExpressionSyntaxError | None = None
        """The first word without a meaning: told when the rest is in order, as the service does."""

    def whole(self) -> Node:
        if not self._lexemes:
            raise ExpressionSyntaxError("Empty", raw="", offset=0, expression=self._text)
        node = self._operand(1)
        if self._at < len(self._lexemes):
            raise self._stray("UnexpectedSymbol", self._lexemes[self._at])
        if self._unknown is not None:
            raise self._unknown
        return node

    def _operand(self, depth: int) -> Node:
        if depth > limits.MAX_EXPRESSION_DEPTH:
            raise ExpressionSyntaxError("ExceededMaxDepth", raw="", offset=0, expression=self._text)
        lexeme = self._take()
        if lexeme is None:
            raise self._error("UnexpectedSymbol", self._lexemes[-1])
        if lexeme.kind == "literal":
            return Constant(lexeme.value)
        if lexeme.kind == "unrecognized":
            if _is_number_like(lexeme):
                raise self._error("UnrecognizedValue", lexeme)
            return self._indexed(self._without_meaning(lexeme, depth), depth)
        if lexeme.kind != "keyword":
            raise self._error("UnexpectedSymbol", lexeme)
        return self._indexed(self._named(lexeme, depth), depth)

    def _named(self, lexeme: Lexeme, depth: int) -> Node:
        name = lexeme.raw.lower()
        if name in self._dialect.functions:
            return self._call(lexeme, depth)
        if name in self._names:
            return Name(self._names[name])
        return self._without_meaning(lexeme, depth)

    def _without_meaning(self, lexeme: Lexeme, depth: int) -> Node:
        if self._unknown is None:
            self._unknown = self._error("UnrecognizedValue", lexeme)
        if not self._accept("("):
            return Constant(None)
        arguments = 0
        while not self._is(")"):
            if arguments and not self._accept(","):
                raise self._stray("UnclosedFunction", lexeme)
            if self._at >= len(self._lexemes):
                raise self._error("UnclosedFunction", lexeme)
            self._operand(depth + 1)
            arguments += 1
        self._at += 1
        return Constant(None)

    def _call(self, lexeme: Lexeme, depth: int) -> Node:
        spec = self._dialect.functions[lexeme.raw.lower()]
        if not self._accept("("):
            raise self._error("ExpectedStartParameter", lexeme)
        arguments: list[Node] = []
        while not self._is(")"):
            if arguments and not self._accept(","):
                raise self._stray("UnclosedFunction", lexeme)
            if self._at >= len(self._lexemes):
                raise self._error("UnclosedFunction", lexeme)
            if arguments and len(arguments) >= spec.maximum:
                raise self._error("UnexpectedSymbol", self._lexemes[self._at - 1])
            arguments.append(self._operand(depth + 1))
        if not spec.minimum <= len(arguments) <= spec.maximum:
            raise self._error("UnexpectedSymbol", self._lexemes[self._at])
        self._at += 1
        return Call(lexeme.raw.lower(), tuple(arguments))

    def _indexed(self, node: Node, depth: int) -> Node:
        while self._at < len(self._lexemes):
            lexeme = self._lexemes[self._at]
            if lexeme.raw == "." and lexeme.kind == "punctuation":
                node = self._dereferenced(node)
            elif lexeme.raw == "[" and lexeme.kind == "punctuation":
                node = self._bracketed(node, depth)
            else:
                break
        return node

    def _dereferenced(self, node: Node) -> Node:
        point = self._lexemes[self._at]
        self._at += 1
        following = self._take()
        if following is None:
            raise self._error("ExpectedPropertyName", point)
        if following.kind == "star":
            return Filter(node)
        if following.kind not in ("property", "keyword"):
            raise self._error("UnexpectedSymbol", following)
        return Index(node, Constant(following.raw))

    def _bracketed(self, node: Node, depth: int) -> Node:
        opening = self._lexemes[self._at]
        self._at += 1
        if self._at >= len(self._lexemes):
            raise self._error("UnclosedIndexer", opening)
        if self._lexemes[self._at].kind == "star":
            self._at += 1
            result: Node = Filter(node)
        else:
            result = Index(node, self._operand(depth + 1))
        if not self._accept("]"):
            raise self._stray("UnclosedIndexer", opening)
        return result

    def _take(self) -> Lexeme | None:
        if self._at >= len(self._lexemes):
            return None
        self._at += 1
        return self._lexemes[self._at - 1]

    def _is(self, raw: str) -> bool:
        if self._at >= len(self._lexemes):
            return False
        lexeme = self._lexemes[self._at]
        return lexeme.kind == "punctuation" and lexeme.raw == raw

    def _accept(self, raw: str) -> bool:
        if not self._is(raw):
            return False
        self._at += 1
        return True

    def _stray(self, unclosed: ErrorKind, opening: Lexeme) -> ExpressionSyntaxError:
        if self._at >= len(self._lexemes):
            return self._error(unclosed, opening)
        lexeme = self._lexemes[self._at]
        if lexeme.kind == "unrecognized" and _is_number_like(lexeme):
            return self._error("UnrecognizedValue", lexeme)
        return self._error("UnexpectedSymbol", lexeme)

    def _error(self, kind: ErrorKind, lexeme: Lexeme) -> ExpressionSyntaxError:
        return ExpressionSyntaxError(
            kind, raw=lexeme.raw, offset=lexeme.offset, expression=self._text
        )


def _is_number_like(lexeme: Lexeme) -> bool:
    """What begins like a number is judged where it stands."""
    return lexeme.raw[:1] in "-.0123456789"
