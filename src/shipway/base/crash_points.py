"""Places where a test may have the machine's power fail.

With `SHIPWAY_CRASH_AT=<point>` the process that reaches that point ends at once by SIGKILL, and
the server with it; without the variable nothing here does anything. The variable is read once,
when a process starts. A worker is told by `SHIPWAY_CRASH_WITH` which server goes with it.
"""

import os
import signal
from collections.abc import Mapping

from shipway.base import config
from shipway.base.errors import BadInput

_POINT, _WITH = "SHIPWAY_CRASH_AT", "SHIPWAY_CRASH_WITH"

POINTS: Mapping[str, str] = {
    "agent-after-lease": "a pipeline job is leased, nothing of it has begun",
    "agent-after-spawn": "a step's process was just started",
    "agent-after-exit": "a step's process has left its exit code, nobody has been told",
    "agent-before-report": "all steps of a job are done, the job's end is not committed",
    "compute-after-lease": "an ML command is leased, nothing of it has begun",
    "compute-after-spawn": "an ML command's process was just started",
    "compute-after-exit": "an ML command has left its exit code, nobody has been told",
    "compute-during-upload": "some of an output's blobs are named, the transaction is open",
    "approve-before-commit": "an answer is written, its transaction is open",
    "approve-after-commit": "an answer is committed, nothing has followed from it",
    "retry-before-commit": "the records of a retried stage are written, the transaction is open",
    "retry-after-commit": "a retry is committed, nothing has followed from it",
}

_settings = config.environment()
_AT = _settings.get(_POINT, "")
_SERVER = int(_settings.get(_WITH) or 0)


def check() -> None:
    """Raises `BadInput` when the variable names no point."""
    if _AT and _AT not in POINTS:
        raise BadInput(
            f"{_POINT} names '{_AT}', which is no such point",
            where=_POINT, hint=f"The points are {', '.join(POINTS)}.",
        )  # fmt: skip


def worker_variables() -> dict[str, str]:
    """What a server passes to its workers; empty without the variable."""
    return {_POINT: _AT, _WITH: str(os.getpid())} if _AT else {}


def reach(point: str) -> None:
    """A process has come to `point`."""
    if point != _AT:
        return
    if _SERVER:
        os.kill(_SERVER, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
