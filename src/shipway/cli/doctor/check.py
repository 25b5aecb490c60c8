"""What a check is: a question about this machine, an answer, a remedy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shipway.base.home import Home

# ok: nothing to do. warning: something will not work, most does. failure: shipway cannot work.
Level = Literal["ok", "warning", "failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's answer: what was found and, unless it is ok, what to do."""

    check: str
    level: Level
    found: str
    remedy: str = ""


Check = Callable[[Home], Finding]
