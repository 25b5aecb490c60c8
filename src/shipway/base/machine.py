"""State machines as tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from shipway.base.errors import Conflict


class InvalidTransition(Conflict):
    """A verb that the present state does not allow; the message tells which would be."""

    default_code = "InvalidTransition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`table` maps (state, verb) to the next state; `terminal` names the states that stay."""

    name: str
    table: Mapping[tuple[str, str], str]
    terminal: frozenset[str]

    def step(self, state: str, verb: str, *, subject: str = "") -> str:
        """The state after `verb`. Raises `InvalidTransition` where the table has no row."""
        following = self.table.get((state, verb))
        if following is None:
            allowed = sorted(v for s, v in self.table if s == state) or ["nothing: it is final"]
            raise InvalidTransition(
                f"{self.name} {subject} cannot {verb} while it is {state}".replace("  ", " "),
                where=subject,
                hint=f"Possible now: {', '.join(allowed)}.",
            )
        return following

    def is_terminal(self, state: str) -> bool:
        """Whether nothing follows `state`."""
        return state in self.terminal
