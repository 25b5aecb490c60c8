"""What a template expression can see: parameters, static variables, loop variables."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from shipway.azpipelines.diagnostics import Position
from shipway.azpipelines.expand.includes import Location
from shipway.azpipelines.expr.evaluator import Work
from shipway.azpipelines.expr.functions.table import FUNCTIONS
from shipway.azpipelines.expr.parser import Dialect
from shipway.azpipelines.expr.values import EvaluationError, Value

TEMPLATE = Dialect(functions=FUNCTIONS, names=frozenset({"parameters", "resources", "variables"}))
"""The words of `${{ }}` outside loops."""
_FIRST_WORD = re.compile(r"\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)")


class IgnoreCase(Mapping[str, Value]):
    """Names without regard to case, as in `variables`."""

    def __init__(self, values: Mapping[str, Value] | None = None) -> None:
        self._values = {name.lower(): (name, value) for name, value in (values or {}).items()}

    def __getitem__(self, name: str) -> Value:
        return self._values[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def copy(self) -> "IgnoreCase":
        """The same names and values, to be filled further."""
        copy = IgnoreCase()
        copy._values = dict(self._values)
        return copy

    def put(self, name: str, value: Value) -> None:
        """Add a value while a block is read: copying for each one would cost a square."""
        self._values[name.lower()] = (name, value)


class Parameters(Mapping[str, Value]):
    """Declared parameters; asking for another is an error that names it."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = dict(values)
        self._names = {name.lower(): name for name in values}

    def __getitem__(self, name: str) -> Value:
        if name not in self:
            raise EvaluationError(f"Key not found '{name}'")
        return self._values[self._names[name.lower()]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._names


class OldParameters(IgnoreCase):
    """Parameters declared in the old form `name: default`.

    That form is a plain dictionary: names ignore case, a missing one is null, callers may pass
    more than is declared. Widely used templates rely on each of these.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where expansion stands: the file, what expressions see there, how deep it is nested."""

    location: Location
    parameters: Parameters | OldParameters
    variables: IgnoreCase
    resources: Mapping[str, Value] = field(default_factory=dict)
    loops: Mapping[str, Value] = field(default_factory=dict)
    places: Mapping[str, Position] = field(default_factory=dict)
    """Where the `each` of a loop variable stands: keys that come from it are told there."""
    dialect: Dialect = TEMPLATE
    work: Work = field(default_factory=Work)
    depth: int = 0

    def contexts(self) -> dict[str, Value]:
        """Named values for the evaluator."""
        return {
            "parameters": self.parameters,
            "variables": self.variables,
            "resources": self.resources,
            **self.loops,
        }

    def deeper(self) -> "Scope":
        """The scope one level further down; written out, for `replace` takes twice as long."""
        return Scope(
            location=self.location, parameters=self.parameters, variables=self.variables,
            resources=self.resources, loops=self.loops, places=self.places,
            dialect=self.dialect, work=self.work, depth=self.depth + 1,
        )  # fmt: skip

    def with_loop(
        self, name: str, value: Value, dialect: Dialect, place: Position | None = None
    ) -> "Scope":
        """The scope of one turn of the `each` that stands at `place`."""
        places = self.places if place is None else {**self.places, name: place}
        return replace(self, loops={**self.loops, name: value}, places=places, dialect=dialect)

    def place_of_loop(self, text: str) -> Position | None:
        """Where the loop variable that an expression begins with comes from."""
        found = _FIRST_WORD.match(text)
        return self.places.get(found[1]) if found else None
