"""Reading JSON bodies: what is missing or of the wrong kind is named by its whole path."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from shipway.base.errors import BadInput
from shipway.wire.http import Request

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """An object of a body. Names are found in any letter case, as Azure's serializer does.

    Every method raises `BadInput` that names the field by its path.
    """

    values: Mapping[str, Any]
    path: str = ""

    def has(self, name: str) -> bool:
        """Whether the field is there and is not null."""
        return self._get(name) is not None

    def raw(self, name: str) -> Any:  # noqa: ANN401  # any JSON value
        """The field as it stands, None when it is missing."""
        return self._get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; needed when there is no default."""
        value = self._get(name)
        if value is None:
            return self._needed(name) if default is None else default
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._wrong(name, "a text", value)
        return str(value)

    def choice(self, name: str, known: tuple[Choice, ...], default: Choice | None = None) -> Choice:
        """One of the words in `known`, whatever the letter case."""
        said = self.text(name, default)
        for word in known:
            if word.lower() == said.lower():
                return word
        raise BadInput(
            f"The value '{said[:100]}' of '{self._at(name)}' is not supported",
            code="InvalidArgumentValueException", where=self._at(name),
            hint=f"Known: {', '.join(known)}.",
        )  # fmt: skip

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number, also written as a text."""
        value = self._get(name)
        if value is None:
            return int(self._needed(name)) if default is None else default
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "a whole number", value)
        return value

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """A boolean, also written as a text."""
        value = self._get(name)
        if value is None:
            return default
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise self._wrong(name, "a boolean", value)
        return value

    def child(self, name: str) -> "Fields":
        """An object; an empty one when it is missing."""
        value = self._get(name)
        if value is None:
            return Fields(values={}, path=self._at(name))
        if not isinstance(value, dict):
            raise self._wrong(name, "an object", value)
        return Fields(values=value, path=self._at(name))

    def children(self, name: str) -> list["Fields"]:
        """A list of objects; empty when it is missing."""
        return [
            Fields(values=item, path=f"{self._at(name)}[{n}]")
            for n, item in enumerate(self._list(name, dict, "a list of objects"))
        ]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty when it is missing."""
        return tuple(self._list(name, str, "a list of texts"))

    def named(self, name: str) -> dict[str, "Fields"]:
        """An object of objects, such as variables by name."""
        inner = self.child(name)
        return {key: inner.child(key) for key in inner.values}

    def flat(self, name: str) -> dict[str, str]:
        """An object of texts; numbers and booleans become texts, nulls fall out."""
        inner = self.child(name)
        found: dict[str, str] = {}
        for key, value in inner.values.items():
            if isinstance(value, bool):
                found[key] = "true" if value else "false"
            elif value is not None:
                found[key] = inner.text(key)
        return found

    def _list(self, name: str, kind: type, needed: str) -> list[Any]:
        value = self._get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            raise self._wrong(name, needed, value)
        return value

    def _get(self, name: str) -> Any:  # noqa: ANN401  # any JSON value
        if name in self.values:
            return self.values[name]
        wanted = name.lower()
        return next((v for k, v in self.values.items() if k.lower() == wanted), None)

    def _needed(self, name: str) -> str:
        raise BadInput(
            f"Value cannot be null. Parameter name: {self._at(name)}",
            code="ArgumentNullException", where=self._at(name),
            hint=f"Give '{self._at(name)}' in the body.",
        )  # fmt: skip

    def _wrong(self, name: str, needed: str, value: object) -> BadInput:
        given = "null" if value is None else type(value).__name__
        return BadInput(
            f"'{self._at(name)}' needs {needed}, the body has {given}",
            code="InvalidArgumentValueException", where=self._at(name),
            hint="The REST reference of Azure DevOps shows its form.",
        )  # fmt: skip

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def body_of(request: Request) -> Fields:
    """The body of a request as an object. Raises `BadInput`."""
    return Fields(values=request.json())
