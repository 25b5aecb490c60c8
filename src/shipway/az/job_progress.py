"""Follows a job as the server tells it: each node's states as lines, or a command's own output.

Asks the owner's API and needs no SDK, so that `shipway jobs stream` starts at once.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from shipway.base.clock import parse_timestamp
from shipway.client.session import Session

_SHOWN = ("Running", "Completed", "Failed", "Canceled")
_LAST_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """How a job ended; `error` is {code, message} of a failed one."""

    status: str
    error: Mapping[str, str]
    failed: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 for Completed only."""
        return 0 if self.status == "Completed" else 1


class JobProgress:
    """One job; `follow` prints until it has ended."""

    def __init__(
        self, session: Session, *, name: str, workspace: str = "", is_command: bool = False
    ) -> None:
        self._session = session
        query = urlencode({"workspace": workspace}) if workspace else ""
        self._query = f"?{query}" if query else ""
        self._path = f"/jobs/{quote(name, safe='')}"
        self._is_command = is_command
        self._lines_shown = 0

    def follow(self, say: Callable[[str], None]) -> JobEnd:
        """Print states (and a command's output) as they come. Raises what the session raises."""
        status = ""
        error: Mapping[str, str] = {}
        failed: list[str] = []
        for line in self._session.lines(f"{self._path}/states{self._query}"):
            told = json.loads(line) if line else {}
            for child in told.get("children", ()):
                if child["status"] in _SHOWN:
                    say(_child_line(child))
                if child["status"] == "Failed":
                    failed.append(child["name"])
            status, error = told.get("status", status), told.get("error") or error
            if self._is_command:
                self._show_output()
        return JobEnd(status=status, error=error, failed=tuple(failed))

    def _show_output(self) -> None:
        lines = list(self._session.lines(f"{self._path}/log{self._query}"))
        for line in lines[self._lines_shown :]:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        self._lines_shown = len(lines)


def _child_line(child: Mapping[str, Any]) -> str:
    text = f"{child['node']:24} {child['status']}"
    if child["reused"]:
        return f"{text} (reused)"
    if child["startedAt"] and child["endedAt"]:
        took = parse_timestamp(child["endedAt"]) - parse_timestamp(child["startedAt"])
        text += f" in {took.total_seconds():.1f} s"
    if child["error"]:
        tail = str(child["error"].get("message", "")).splitlines()[-_LAST_LINES:]
        text += "".join(f"\n    {line}" for line in tail)
    return text
