"""YAML tokens that know where they stood.

Every scalar is text, as in the service: types come from the schema and from parameters.
"""

from dataclasses import dataclass

from shipway.azpipelines.diagnostics import Position


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; `plain` is true when it was written without quotes.

    `style` is how it was written: empty for plain, else `'`, `"`, `|` or `>`; None when it was not
    written but made, as by an expression.
    """

    text: str
    position: Position
    plain: bool = True
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of tokens."""

    items: "tuple[Token, ...]"
    position: Position


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its value."""

    key: Scalar
    value: "Token"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in the order in which they were written."""

    entries: tuple[Entry, ...]
    position: Position

    def get(self, name: str) -> "Token | None":
        """The value under a key, or None."""
        for entry in self.entries:
            if entry.key.text == name:
                return entry.value
        return None

    def key(self, name: str) -> Scalar | None:
        """The key token itself, for its position."""
        return next((entry.key for entry in self.entries if entry.key.text == name), None)


Token = Scalar | Sequence | Mapping


def is_empty(token: "Token | None") -> bool:
    """Whether a value was left out: `key:` with nothing behind it."""
    return token is None or (isinstance(token, Scalar) and token.plain and not token.text)
