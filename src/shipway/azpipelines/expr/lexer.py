"""Expression text to lexemes."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.expr.values import Value, parse_version

LexemeKind = Literal["punctuation", "literal", "keyword", "property", "star", "unrecognized"]

_WHITE = " \t\r\n"
_BOUNDARY = _WHITE + "(),[]."
_NUMBER = re.compile(r"^-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$")
_VERSION = re.compile(r"^[0-9]+(?:\.[0-9]+){2,3}$")
_KEYWORD = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_CONSTANTS: dict[str, Value] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A piece of the text; `value` only for literals."""

    kind: LexemeKind
    raw: str
    offset: int
    value: Value = None


def lex(text: str) -> list[Lexeme]:
    """All lexemes in order. Raises `ExpressionSyntaxError` for a text that never closes."""
    lexemes: list[Lexeme] = []
    offset = 0
    while offset < len(text):
        if text[offset] in _WHITE:
            offset += 1
            continue
        lexeme = _next(text, offset, lexemes[-1] if lexemes else None)
        lexemes.append(lexeme)
        offset = lexeme.offset + len(lexeme.raw)
    return lexemes


def _next(text: str, offset: int, previous: Lexeme | None) -> Lexeme:
    character = text[offset]
    if character == "'":
        return _string(text, offset)
    if character in "(),[]":
        return Lexeme("punctuation", character, offset)
    if character == "*":
        return Lexeme("star", character, offset)
    follows = previous is not None and (
        previous.kind in ("keyword", "property", "star") or previous.raw in (")", "]")
    )
    if character == "." and follows:
        return Lexeme("punctuation", character, offset)
    if character in "-.0123456789":
        return _number(text, offset)
    return _word(text, offset, after_point=previous is not None and previous.raw == ".")


def _string(text: str, start: int) -> Lexeme:
    parts: list[str] = []
    offset = start + 1
    while True:
        end = text.find("'", offset)
        if end < 0:
            raise ExpressionSyntaxError(
                "UnrecognizedValue", raw=text[start:], offset=start, expression=text
            )
        parts.append(text[offset:end])
        if text[end + 1 : end + 2] != "'":
            return Lexeme("literal", text[start : end + 1], start, "".join(parts))
        parts.append("'")
        offset = end + 2


def _number(text: str, start: int) -> Lexeme:
    end = start
    while end < len(text) and text[end] not in _WHITE + "(),[]":
        end += 1
    raw = text[start:end]
    if _NUMBER.match(raw) and len(raw) <= 30:
        return Lexeme("literal", raw, start, Decimal(raw))
    if _VERSION.match(raw):
        version = parse_version(raw)
        if version is not None:
            return Lexeme("literal", raw, start, version)
    return Lexeme("unrecognized", raw, start)


def _word(text: str, start: int, *, after_point: bool) -> Lexeme:
    end = start
    while end < len(text) and text[end] not in _BOUNDARY + "'*":
        end += 1
    end = max(end, start + 1)
    raw = text[start:end]
    if after_point and _KEYWORD.match(raw):
        return Lexeme("property", raw, start)
    if not _KEYWORD.match(raw):
        return Lexeme("unrecognized", raw, start)
    if raw.lower() in _CONSTANTS:
        return Lexeme("literal", raw, start, _CONSTANTS[raw.lower()])
    return Lexeme("keyword", raw, start)
