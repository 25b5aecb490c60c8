"""Typed reading of tokens: legal keys, texts, numbers, booleans; every misfit is a diagnostic.

Texts that hold `$(...)` or `$[...]` where a number or boolean is due are kept for run time.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from shipway.azpipelines.diagnostics import Position, Problems, did_you_mean
from shipway.azpipelines.tokens import Mapping, Scalar, Sequence, Token, is_empty

_TRUE = ("true", "y", "yes", "on")
_FALSE = ("false", "n", "no", "off")


def boolean_of(text: str) -> bool | None:
    """A YAML 1.1 boolean word, whatever the case."""
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def is_late(text: str) -> bool:
    """Whether a text gets its value at run time."""
    return "$(" in text or text.lstrip().startswith("$[")


@dataclass(slots=True)
class Reader:
    """Reads tokens of one document."""

    problems: Problems
    late: dict[str, str] = field(default_factory=dict)
    """Values of the current object that are known at run time only, by YAML key."""

    def take_late(self) -> dict[str, str]:
        """The late values since the last call."""
        late, self.late = self.late, {}
        return late

    def mapping(self, token: Token | None, *, allowed: Collection[str] | None) -> Mapping | None:
        """A mapping with legal keys; None when there is none (misfits are recorded)."""
        if token is None or is_empty(token):
            return None
        if not isinstance(token, Mapping):
            self.misfit("expected-mapping", token)
            return None
        if allowed is not None:
            self.check_keys(token, allowed)
        return token

    def item(self, item: Token) -> Mapping | None:
        """A step, job or stage: a mapping with keys. None with what it is instead recorded."""
        body = self.mapping(item, allowed=None)
        if body is None and is_empty(item):
            self.misfit("expected-mapping", item)
        if body is not None and not body.entries:
            self._empty(body)
            return None
        return body

    def _empty(self, body: Mapping) -> None:
        message = "Expected at least one key-value pair in the mapping"
        self.problems.error("empty-mapping", message, body.position)

    def begins_with(self, item: Token, words: Collection[str]) -> bool:
        """Whether a mapping's first key is one of these; misfits are recorded.

        What is no mapping is left to who reads it.
        """
        if not isinstance(item, Mapping):
            return True
        if not item.entries:
            self._empty(item)
            return False
        first = item.entries[0].key
        if first.text in words:
            return True
        later = next((one.key.text for one in item.entries if one.key.text in words), "")
        hint = f"'{later}' must be the first key." if later else did_you_mean(first.text, words)
        message = f"Unexpected value '{first.text}'"
        self.problems.error("unexpected-value", message, first.position, hint=hint)
        return False

    def check_keys(self, token: Mapping, allowed: Collection[str]) -> None:
        """Record every key that has no meaning here."""
        for entry in token.entries:
            if entry.key.text not in allowed:
                self.unexpected(entry.key, allowed)

    def unexpected(self, key: Scalar, allowed: Collection[str]) -> None:
        """Record a word that has no meaning here, as the service words it."""
        self.problems.error(
            "unexpected-value",
            f"Unexpected value '{key.text}'",
            key.position,
            hint=did_you_mean(key.text, allowed),
        )

    def misfit(self, code: str, token: Token) -> None:
        """Record something of the wrong kind, as the service words it."""
        if isinstance(token, Scalar):
            message = f"Unexpected value '{token.text}'"
        else:
            what = "mapping" if isinstance(token, Mapping) else "sequence"
            message = f"A {what} was not expected"
        # an expression that failed leaves an empty text, and the service judges that as well
        failed = isinstance(token, Scalar) and not token.text
        self.problems.error(code, message, token.position, is_consequence=failed)

    def items(self, token: Token | None) -> tuple[Token, ...]:
        """The items of a list; nothing for a value that was left out."""
        if token is None or is_empty(token):
            return ()
        if isinstance(token, Sequence):
            return token.items
        self.misfit("expected-sequence", token)
        return ()

    def text(self, token: Token | None) -> str | None:
        """A scalar's text; None when it was left out or is no scalar."""
        if token is None:
            return None
        if isinstance(token, Scalar):
            return token.text
        self.misfit("expected-scalar", token)
        return None

    def needed(self, token: Token | None, position: Position, what: str) -> str:
        """A text that may not be missing or empty."""
        text = self.text(token)
        if isinstance(token, Scalar) and not text:
            hint = f"'{what}' needs a value."
            self.problems.error("value-missing", "Unexpected value ''", token.position, hint=hint)
        elif token is None:
            self.problems.error("value-missing", f"Expected a value for '{what}'", position)
        return text or ""

    def texts(self, token: Token | None) -> tuple[str, ...]:
        """One text or a list of texts."""
        if token is None or is_empty(token):
            return ()
        if isinstance(token, Scalar):
            return (token.text,)
        found = (self.text(item) for item in self.items(token))
        return tuple(one for one in found if one is not None)

    def text_map(self, token: Token | None) -> dict[str, str]:
        """A mapping of texts."""
        body = self.mapping(token, allowed=None)
        if body is None:
            return {}
        return {entry.key.text: self.text(entry.value) or "" for entry in body.entries}

    def boolean(self, body: Mapping, key: str, *, default: bool) -> bool:
        """A boolean under a key; run-time texts are kept in `late`."""
        token = body.get(key)
        text = self.text(token)
        if token is None or not text:
            return default
        if is_late(text):
            self.late[key] = text
            return default
        value = boolean_of(text)
        if value is None:
            self.problems.error(
                "not-a-boolean",
                f"Unexpected value '{text}'",
                token.position,
                hint=f"'{key}' is true or false.",
            )
            return default
        return value

    def whole(self, body: Mapping, key: str, *, default: int) -> int:
        """A number of zero or more under a key; run-time texts are kept in `late`."""
        token = body.get(key)
        text = self.text(token)
        if token is None or not text:
            return default
        if is_late(text):
            self.late[key] = text
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            self.problems.error(
                "not-a-number",
                f"Unexpected value '{text}'",
                token.position,
                hint=f"'{key}' is a whole number of zero or more.",
            )
            return default
        return int(text)

    def choice(self, body: Mapping, key: str, allowed: Collection[str]) -> str | None:
        """One of a few words under a key."""
        token = body.get(key)
        text = self.text(token)
        if token is None or not text:
            return None
        if text not in allowed:
            self.unexpected(Scalar(text, token.position), allowed)
            return None
        return text
