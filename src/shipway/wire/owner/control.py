"""What the server lends the owner's API: live facts that stand in no table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shipway.base.messages import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """`facts`: process, ports, workers, as JSON. `shut_down` begins the server's end; it returns
    at once."""

    facts: Callable[[], Mapping[str, Json]]
    shut_down: Callable[[], None]
