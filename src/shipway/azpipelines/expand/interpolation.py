"""`${{ expression }}` inside texts, and values as tokens."""

import re
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from shipway.azpipelines.diagnostics import Position, Problems
from shipway.azpipelines.expand.scope import Scope
from shipway.azpipelines.expr import evaluator, parser
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.expr.values import EvaluationError, Value, to_text
from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token

OPEN = "${{"
_CLOSE = "}}"
_QUOTE_OR_CLOSE = re.compile(r"'|}}")
_SHORT = 1000
"""Characters of a text that is worth keeping."""
# only what is written as a number would be: 1.10 and 007 stay texts
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,14}[1-9])?")


class Unclosed(Exception):
    """`${{` without `}}`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text: literal, or the inside of one `${{ }}`."""

    text: str
    is_expression: bool


class TokenObject(dict[str, Value]):
    """An object that remembers the token it was read from, so that positions survive."""

    token: Token
    is_placed: bool = False
    """Whether it stands where the expression stands, as what comes from an object parameter."""


class TokenArray(list[Value]):
    """An array that remembers the token it was read from."""

    token: Token
    is_placed: bool = False


def pieces(text: str) -> tuple[Piece, ...]:
    """Split a text at its expressions. Raises `Unclosed`. `}}` inside quotes does not close."""
    return _split_again(text) if len(text) <= _SHORT else _split(text)


@lru_cache(maxsize=2048)
def _split_again(text: str) -> tuple[Piece, ...]:
    """The same texts come with every turn of a loop and every use of a template."""
    return _split(text)


def _split(text: str) -> tuple[Piece, ...]:
    found: list[Piece] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        if start > at:
            found.append(Piece(text[at:start], False))
        end = _closing(text, start + len(OPEN))
        found.append(Piece(text[start + len(OPEN) : end].strip(), True))
        at = end + len(_CLOSE)
    if at < len(text):
        found.append(Piece(text[at:], False))
    return tuple(found)


def evaluated(expression: str, *, scope: Scope) -> Value:
    """The value of one expression. Raises `ExpressionSyntaxError` or `EvaluationError`."""
    contexts = scope.contexts()
    return evaluator.evaluate(expression, dialect=scope.dialect, contexts=contexts, work=scope.work)


def interpolated(scalar: Scalar, *, scope: Scope, problems: Problems) -> Token | None:
    """A scalar with its expressions evaluated; a lone expression may give a collection.

    None with an error recorded when it cannot be evaluated.
    """
    try:
        parts = pieces(scalar.text)
        if len(parts) == 1 and parts[0].is_expression:
            return to_token(evaluated(parts[0].text, scope=scope), scalar.position)
        _parse_all(parts, scope)
        text = "".join(
            to_text(evaluated(part.text, scope=scope)) if part.is_expression else part.text
            for part in parts
        )
    except (Unclosed, ExpressionSyntaxError, EvaluationError) as error:
        record(error, scalar.position, problems)
        return None
    return Scalar(text, scalar.position, plain=False)


def _parse_all(parts: ListOf[Piece], scope: Scope) -> None:
    """Syntax errors are told as the service does, which reads the text as one call of format."""
    expressions = [part.text for part in parts if part.is_expression]
    literal, count = "", 0
    for part in parts:
        if part.is_expression:
            literal += f"{{{count}}}"
            count += 1
        else:
            literal += part.text.replace("{", "{{").replace("}", "}}").replace("'", "''")
    head = f"format('{literal}', "
    offset = len(head)
    for text in expressions:
        try:
            parser.parse(text, scope.dialect)
        except ExpressionSyntaxError as error:
            if error.kind == "ExpectedStartParameter":
                raise
            raise ExpressionSyntaxError(
                error.kind, raw=error.raw, offset=offset + error.offset,
                expression=f"{head}{', '.join(expressions)})",
            ) from error  # fmt: skip
        offset += len(text) + 2


def check(text: str, position: Position, *, scope: Scope, problems: Problems) -> None:
    """Record syntax errors of expressions that are not evaluated; names count when they are."""
    try:
        parts = pieces(text)
        if len(parts) == 1 and parts[0].is_expression:
            parser.parse(parts[0].text, scope.dialect)
        else:
            _parse_all(parts, scope)
    except Unclosed as error:
        record(error, position, problems)
    except ExpressionSyntaxError as error:
        if error.kind != "UnrecognizedValue":
            record(error, position, problems)


def has_unknown_name(text: str, *, scope: Scope) -> bool:
    """Whether an expression fails for a word that has no meaning, not for its syntax."""
    try:
        for part in pieces(text):
            if part.is_expression:
                parser.parse(part.text, scope.dialect)
    except Unclosed:
        return False
    except ExpressionSyntaxError as error:
        return error.kind == "UnrecognizedValue"
    return False


def record(error: Exception, position: Position, problems: Problems) -> None:
    """One error of an expression as a diagnostic."""
    if isinstance(error, Unclosed):
        message = (
            "The expression is not closed. An unescaped ${{ sequence was found, but the closing "
            "}} sequence was not found."
        )
        problems.error("expression-unclosed", message, position)
    elif isinstance(error, ExpressionSyntaxError):
        is_name = error.kind == "UnrecognizedValue"
        code = "expression-name" if is_name else "expression-syntax"
        problems.error(code, str(error), position)
    else:
        problems.error("expression-evaluation", str(error), position)


def to_token(value: Value, position: Position) -> Token:
    """A value as a token at the place of its expression; read tokens keep their own places."""
    if isinstance(value, TokenObject | TokenArray) and not value.is_placed:
        return value.token
    if isinstance(value, MappingOf):
        return Mapping(
            tuple(
                Entry(Scalar(key, position, plain=False), to_token(item, position))
                for key, item in value.items()
            ),
            position,
        )
    if isinstance(value, ListOf) and not isinstance(value, str):
        return Sequence(tuple(to_token(item, position) for item in value), position)
    return Scalar(to_text(value), position, plain=value is None)


@dataclass(frozen=True, slots=True)
class TypedScalar(Scalar):
    """A scalar of an object parameter that is a number or a boolean to expressions."""

    value: Value = None


def typed(token: Token) -> Token:
    """A token whose plain numbers and booleans have their kind, as in object parameters."""
    if isinstance(token, Scalar):
        if token.style != "":
            return token
        if token.text in ("true", "false"):
            truth = token.text == "true"
            return TypedScalar(to_text(truth), token.position, value=truth)
        if _NUMBER.fullmatch(token.text):
            return TypedScalar(token.text, token.position, value=Decimal(token.text))
        return token
    if isinstance(token, Sequence):
        return Sequence(tuple(typed(item) for item in token.items), token.position)
    return Mapping(tuple(Entry(e.key, typed(e.value)) for e in token.entries), token.position)


def to_value(token: Token, *, is_placed: bool = False) -> Value:
    """A token as a value: texts, arrays, objects; numbers and booleans where it is typed."""
    if isinstance(token, TypedScalar):
        return token.value
    if isinstance(token, Scalar):
        return token.text
    if isinstance(token, Sequence):
        array = TokenArray(to_value(item, is_placed=is_placed) for item in token.items)
        array.token, array.is_placed = token, is_placed
        return array
    value = TokenObject({e.key.text: to_value(e.value, is_placed=is_placed) for e in token.entries})
    value.token, value.is_placed = token, is_placed
    return value


def _closing(text: str, start: int) -> int:
    quoted = False
    for sign in _QUOTE_OR_CLOSE.finditer(text, start):
        if sign[0] == "'":
            quoted = not quoted
        elif not quoted:
            return sign.start()
    raise Unclosed
