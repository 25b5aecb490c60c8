"""Attributes and where they lie in a body of ARM: one row each, read in both directions.

Knows the shape of values, not what they mean. A row that is missing here is an attribute that is
forgotten; a test holds every row against the schema.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shipway.terraform.resource import Change, Values
from shipway.terraform.unknown import UNKNOWN

Convert = Callable[[Any], Any]


class Mapped(Protocol):
    """One or more attributes. `put` writes them into a body, `take` reads them from an answer."""

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes."""

    def put(self, values: Values, body: dict[str, Any]) -> None:
        """Write what is set into the body."""

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        """Read all of them, None where the answer has nothing."""


def expand(rows: Iterable[Mapped], values: Values) -> dict[str, Any]:
    """The body for these values."""
    body: dict[str, Any] = {}
    for row in rows:
        row.put(values, body)
    return body


def flatten(rows: Iterable[Mapped], answer: Mapping[str, Any]) -> Values:
    """The values in this answer."""
    values: Values = {}
    for row in rows:
        row.take(answer, values)
    return values


def at(body: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  # any JSON value
    """What lies at a dotted path, or None. An empty path is the body itself."""
    found: Any = body
    for part in path.split(".") if path else ():
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def lay(body: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401  # any JSON value
    """Put a value at a dotted path, making the objects on the way."""
    *way, last = path.split(".")
    for part in way:
        body = body.setdefault(part, {})
    body[last] = value


def same(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """A value that is written as it is."""
    return value


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute. `absent` is read when the answer has nothing or an empty text.

    `sent` is False for what only the service computes, `read` for what it never gives back.
    """

    name: str
    path: str
    to_wire: Convert = same
    from_wire: Convert = same
    absent: Any = None
    sent: bool = True
    read: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The attribute."""
        return (self.name,)

    def put(self, values: Values, body: dict[str, Any]) -> None:
        """Write it when it is set."""
        value = values.get(self.name)
        if self.sent and value is not None and value != "":
            lay(body, self.path, self.to_wire(value))

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        """Read it."""
        if not self.read:
            return
        value = at(answer, self.path)
        into[self.name] = self.absent if value in (None, "", {}) else self.from_wire(value)


def computed(name: str, path: str, absent: Any = None) -> Field:  # noqa: ANN401  # any JSON value
    """An attribute that only the service sets."""
    return Field(name, path, absent=absent, sent=False)


def secret(name: str, path: str) -> Field:
    """An attribute that the service takes and never gives back."""
    return Field(name, path, read=False)


def worded(name: str, path: str, *, yes: str, no: str, absent: bool) -> Field:
    """A flag that travels as one of two words."""
    return Field(
        name, path, to_wire=lambda flag: yes if flag else no,
        from_wire=lambda word: str(word).lower() == yes.lower(), absent=absent,
    )  # fmt: skip


def switch(name: str, path: str, *, absent: bool = True) -> Field:
    """A flag that travels as Enabled or Disabled."""
    return worded(name, path, yes="Enabled", no="Disabled", absent=absent)


def negated(name: str, path: str, *, absent: bool) -> Field:
    """A flag whose opposite travels."""
    return Field(name, path, to_wire=_not, from_wire=_not, absent=absent)


def _not(value: Any) -> bool:  # noqa: ANN401  # any JSON value
    return not value


def normal_location(text: str) -> str:
    """`West Europe` as ARM and the state write it: `westeurope`."""
    return text.replace(" ", "").lower()


LOCATION = Field("location", "location", from_wire=normal_location)
TAGS = Field("tags", "tags")


@dataclass(frozen=True, slots=True)
class Block:
    """A nested block: an object, or with `many` a list of such. Without a path: its parent's.

    `always` reads a block of the rows' own defaults where the answer has none.
    """

    name: str
    path: str
    rows: tuple[Mapped, ...]
    many: bool = False
    always: bool = False
    is_there: Callable[[Mapping[str, Any]], bool] = bool

    @property
    def names(self) -> tuple[str, ...]:
        """The block's name."""
        return (self.name,)

    def put(self, values: Values, body: dict[str, Any]) -> None:
        """Write the block when it is set."""
        given = values.get(self.name) or []
        if self.many:
            lay(body, self.path, [expand(self.rows, one) for one in given])
        elif given:
            content = expand(self.rows, given[0] or {})
            if self.path:
                lay(body, self.path, content)
            else:
                body.update(content)

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        """Read the block; an empty list when it is not there."""
        found = at(answer, self.path)
        if self.many:
            into[self.name] = [flatten(self.rows, one) for one in found or ()]
        else:
            found = found if isinstance(found, Mapping) else {}
            there = self.always or (bool(found) and self.is_there(found))
            into[self.name] = [flatten(self.rows, found)] if there else []


@dataclass(frozen=True, slots=True)
class Beside:
    """Attributes that other calls or other attributes give: named here, mapped elsewhere."""

    names: tuple[str, ...]

    def put(self, values: Values, body: dict[str, Any]) -> None:
        """Send nothing."""

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        """Read nothing."""


@dataclass(frozen=True, slots=True)
class AbsentBlocks:
    """Blocks that a rule refuses: they are read as absent."""

    names: tuple[str, ...]

    def put(self, values: Values, body: dict[str, Any]) -> None:
        """Send nothing."""

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        """Read each as absent."""
        into.update({name: [] for name in self.names})


@dataclass(frozen=True, slots=True)
class Twins:
    """A setting that has two names, the older of which may mean the opposite.

    Whichever is configured counts; both are read. `opposite` says that the older one negates, and
    `negated` that the service's own field has the older one's meaning.
    """

    name: str
    older: str
    path: str
    opposite: bool = False
    negated: bool = False
    default: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Both names."""
        return (self.name, self.older)

    def put(self, values: Values, body: dict[str, Any]) -> None:
        """Write whichever is set, else the default."""
        lay(body, self.path, self._wire(self.value_in(values)))

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        """Read both."""
        found = at(answer, self.path)
        value = self.default if found is None else self._wire(bool(found))
        into[self.name] = value
        into[self.older] = value != self.opposite

    def value_in(self, values: Values) -> bool:
        """The newer one's value, whichever is set."""
        if values.get(self.name) is not None:
            return bool(values[self.name])
        older = values.get(self.older)
        return self.default if older is None else bool(older) != self.opposite

    def settle(self, change: Change) -> None:
        """Plan the one that is not configured from the one that is."""
        for one, other in (self.names, self.names[::-1]):
            value = change.config.get(one)
            if value is not None:
                unknown = value is UNKNOWN
                change.planned[other] = UNKNOWN if unknown else bool(value) != self.opposite
                return

    def _wire(self, value: bool) -> bool:  # the value itself
        return value != self.negated
