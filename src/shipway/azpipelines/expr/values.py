"""The seven kinds of a value and the casts between them.

Casts follow the published table ("Type casting" in the expressions reference): a failing cast is
`CastFailed`, which eq, ne, in, notIn and containsValue turn into False and gt, ge, lt, le let
through as an error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shipway.azpipelines import limits

Kind = Literal["Array", "Boolean", "Null", "Number", "Object", "String", "Version"]

_INTEGER_MAX = 2_147_483_647
_NUMBER = re.compile(r"^[+-]?(?:[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)$")
_WHITE = " \t\n\r\v\f"


@dataclass(frozen=True, slots=True)
class Version:
    """Two to four numbers; a part that is missing differs from zero (1.2 is not 1.2.0)."""

    parts: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.parts)

    def sort_key(self) -> tuple[int, ...]:
        """Parts for comparison; a missing part sorts before zero."""
        return self.parts + (-1,) * (4 - len(self.parts))


Value = (
    None | bool | Decimal | str | Version | Sequence["Value"] | Mapping[str, "Value"]
)  # strings are sequences too: test for str first


class EvaluationError(Exception):
    """An expression could not be evaluated; the text is the service's."""


class CastFailed(EvaluationError):
    """A value has no counterpart of the kind that is needed."""

    def __init__(self, value: Value, to: Kind) -> None:
        self.from_kind = kind_of(value)
        self.to_kind = to
        shown = self.from_kind if self.from_kind in ("Array", "Object") else _shown(value)
        super().__init__(f"Unable to convert from {self.from_kind} to {to}. Value: {shown}")


def kind_of(value: Value) -> Kind:
    """The kind's name as error texts print it."""
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case Decimal():
            return "Number"
        case str():
            return "String"
        case Version():
            return "Version"
        case Mapping():
            return "Object"
        case _:
            return "Array"


def to_boolean(value: Value) -> bool:
    """Every kind has a truth: empty text, zero and null are false."""
    match value:
        case None:
            return False
        case bool():
            return value
        case Decimal():
            return value != 0
        case str():
            return value != ""
        case _:
            return True


def to_number(value: Value) -> Decimal:
    """Raises `CastFailed` for versions, collections and texts that are no number."""
    match value:
        case None:
            return Decimal(0)
        case bool():
            return Decimal(int(value))
        case Decimal():
            return value
        case str():
            number = parse_number(value)
            if number is not None:
                return number
        case _:
            pass
    raise CastFailed(value, "Number")


def to_text(value: Value) -> str:
    """Booleans print `True` and `False`, numbers without trailing zeros.

    Raises `CastFailed` for collections.
    """
    match value:
        case None:
            return ""
        case bool():
            return "True" if value else "False"
        case Decimal():
            return number_text(value)
        case str():
            return value
        case Version():
            return str(value)
        case _:
            pass
    raise CastFailed(value, "String")


def to_version(value: Value) -> Version:
    """Raises `CastFailed` for null, booleans, collections and whole numbers."""
    match value:
        case Version():
            return value
        case str():
            version = parse_version(value)
            if version is not None:
                return version
        case Decimal():
            version = parse_version(number_text(value))
            if version is not None:
                return version
        case _:
            pass
    raise CastFailed(value, "Version")


def to_null(value: Value) -> None:
    """Null and empty text are null; everything else raises `CastFailed`."""
    if value is None or value == "":
        return
    raise CastFailed(value, "Null")


def parse_number(text: str) -> Decimal | None:
    """A text as a number, with thousands separators and spaces around; empty text is zero."""
    stripped = text.strip(_WHITE)
    if not stripped:
        return Decimal(0)
    if len(stripped) > 60 or not _NUMBER.match(stripped):
        return None
    return Decimal(stripped.replace(",", ""))


def parse_version(text: str) -> Version | None:
    """Two to four whole numbers with points between them, spaces around each allowed."""
    parts = [part.strip(_WHITE) for part in text.split(".")]
    if not 2 <= len(parts) <= 4:
        return None
    if not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in parts):
        return None
    numbers = tuple(int(part) for part in parts)
    return Version(numbers) if max(numbers) <= _INTEGER_MAX else None


def number_text(number: Decimal) -> str:
    """Plain notation without trailing zeros; minus zero is zero."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-", "-0") else text


def check_length(length: int) -> None:
    """Judge the length of a text before it is made. Raises `EvaluationError`."""
    if length > limits.MAX_RESULT_BYTES:
        raise EvaluationError(f"Maximum memory of {limits.MAX_RESULT_BYTES} bytes exceeded")


def equal(left: Value, right: Value) -> bool:
    """Whether `right`, cast to the kind of `left`, is the same; a failing cast is False."""
    try:
        return _equal(left, right)
    except CastFailed:
        return False


def compare(left: Value, right: Value) -> int:
    """-1, 0 or 1 for `right` cast to the kind of `left`. Raises `CastFailed`."""
    match left:
        case bool():
            return _order(left, to_boolean(right))
        case str():
            return _order(fold(left), fold(to_text(right)))
        case Version():
            return _order(left.sort_key(), to_version(right).sort_key())
        case _:
            return _order(to_number(left), to_number(right))


def fold(text: str) -> str:
    """Text for ordinal comparison that ignores case, as .NET does it."""
    return upper_text(text)


def upper_text(text: str) -> str:
    """In capitals, letter by letter: one that has none of its own (the sharp s) stays."""
    if text.isascii():
        return text.upper()
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def lower_text(text: str) -> str:
    """In small letters, letter by letter."""
    if text.isascii():
        return text.lower()
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _equal(left: Value, right: Value) -> bool:
    match left:
        case None:
            to_null(right)
            return True
        case bool():
            return left == to_boolean(right)
        case Decimal():
            return left == to_number(right)
        case str():
            return fold(left) == fold(to_text(right))
        case Version():
            return left.sort_key() == to_version(right).sort_key()
        case _:
            return left is right


def _order(left: object, right: object) -> int:
    if left == right:
        return 0
    return -1 if left < right else 1  # type: ignore[operator]


def _shown(value: Value) -> str:
    return f"'{value}'" if isinstance(value, str) else to_text(value)
