"""Diagnostics: what is wrong with a pipeline, where, and what to do about it.

Problems of the user's text are collected, never raised, so that one compilation names them all.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from shipway.azpipelines import limits

Severity = Literal["error", "warning"]
Shown = Literal["place", "file", "message"]
"""How much of the place the service prints; a diagnostic of ours has all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a file; line and column count from 1, as the service counts."""

    file: str
    line: int
    column: int


_MANY = 200
"""Beyond this, looking for the nearest word costs more than its hint is worth."""

NOWHERE = Position(file="", line=0, column=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding. `message` is the service's own wording where that is known."""

    code: str
    severity: Severity
    message: str
    file: str
    line: int
    column: int
    hint: str = ""
    shown: Shown = "place"
    said: str = ""
    """The message as the service has it, where it holds what helps nobody; else empty."""
    tail: str = ""
    """A line that the service prints after all errors because of this one."""

    def service_text(self) -> str:
        """The line as the service prints it: `/file.yml (Line: 3, Col: 5): message`."""
        message = self.said or self.message
        if self.shown == "message" or not self.file:
            return message
        file = f"/{self.file.lstrip('/')}"
        if self.shown == "file" or not self.line:
            return f"{file}: {message}"
        return f"{file} (Line: {self.line}, Col: {self.column}): {message}"

    def short_text(self) -> str:
        """The line as compilers print it: `file.yml:3:5: message`."""
        where = f"{self.file}:{self.line}:{self.column}: " if self.line else ""
        return f"{where}{self.message}" + (f" {self.hint}" if self.hint else "")


@dataclass(slots=True)
class Problems:
    """Collects the diagnostics of one compilation, each place and message once."""

    found: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[str, str, int, int]] = field(default_factory=set)
    _failed: set[Position] = field(default_factory=set)
    """Places whose expression failed: what follows from the missing value is not recorded."""

    def error(
        self,
        code: str,
        message: str,
        position: Position,
        *,
        hint: str = "",
        shown: Shown = "place",
        is_consequence: bool = False,
        said: str = "",
        tail: str = "",
    ) -> None:
        """Record an error; `shown` says what the service prints of its place.

        A place whose expression failed takes no further errors but consequences, which the service
        tells as well.
        """
        if is_consequence:
            self._failed.discard(position)
        self._add(_made("error", code, message, position, hint, shown, said, tail))

    def warning(self, code: str, message: str, position: Position, *, hint: str = "") -> None:
        """Record a warning; it does not stop the compilation."""
        self._add(_made("warning", code, message, position, hint))

    def has_errors(self) -> bool:
        """Whether any error was recorded."""
        return any(one.severity == "error" for one in self.found)

    def result(self) -> tuple[Diagnostic, ...]:
        """All diagnostics, in the order of file and line."""
        return tuple(sorted(self.found, key=lambda one: (one.file, one.line, one.column)))

    def _add(self, made: Diagnostic) -> None:
        key = (made.message, made.file, made.line, made.column)
        if key in self._seen or len(self.found) >= limits.MAX_DIAGNOSTICS:
            return
        position = Position(file=made.file, line=made.line, column=made.column)
        if position in self._failed and position.line:
            return
        self._seen.add(key)
        if made.code == "too-deep" or made.code.startswith("expression-"):
            self._failed.add(position)
        self.found.append(made)


def _made(
    severity: Severity, code: str, message: str, position: Position, hint: str,
    shown: Shown = "place", said: str = "", tail: str = "",
) -> Diagnostic:  # fmt: skip
    return Diagnostic(
        code=code, severity=severity, message=message, file=position.file, line=position.line,
        column=position.column, hint=hint, shown=shown, said=said, tail=tail,
    )  # fmt: skip


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint that names the nearest candidate, or an empty text when none is near."""
    by_lower = {one.lower(): one for one in candidates}
    if len(by_lower) > _MANY or len(word) > _MANY:
        return ""
    near = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return f"Did you mean '{by_lower[near[0]]}'?" if near else ""
