"""What one compilation may cost, so that hostile input ends early instead of filling memory."""

from dataclasses import dataclass, field
from typing import NoReturn

from shipway.azpipelines import limits
from shipway.azpipelines.diagnostics import Position, Problems

TOKEN = 40
"""Counted for a token besides its text."""

INCLUDE = 1024
"""Counted for a template besides its content: doubling includes end after some thousands."""


class Exceeded(Exception):
    """A limit is passed; the diagnostic is recorded and the compilation stops."""


@dataclass(slots=True)
class Budget:
    """Memory and parser events that are left."""

    problems: Problems
    memory: int = field(default=limits.MAX_RESULT_BYTES)
    events: int = field(default=limits.MAX_PARSER_EVENTS)

    def spend(self, size: int, position: Position) -> None:
        """Count memory. Raises `Exceeded`."""
        self.memory -= size
        if self.memory < 0:
            self.problems.error(
                "too-large",
                f"Maximum memory of {limits.MAX_RESULT_BYTES} bytes exceeded",
                position,
            )
            raise Exceeded

    def event(self) -> bool:
        """Count a parser event; whether it was still allowed."""
        self.events -= 1
        return self.events >= 0

    def refuse_event(self, position: Position) -> NoReturn:
        """Record that there were too many. Raises `Exceeded`."""
        self.problems.error(
            "too-many-events",
            f"Maximum parser event count of {limits.MAX_PARSER_EVENTS} exceeded",
            position,
        )
        raise Exceeded

    def deep(self, depth: int, position: Position) -> None:
        """Judge how deep something is nested. Raises `Exceeded`."""
        if depth > limits.MAX_DEPTH:
            self.problems.error("too-deep", "Maximum object depth exceeded", position, shown="file")
            raise Exceeded
