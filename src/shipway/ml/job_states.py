"""The states of a job, as a client of Azure ML sees them, and what leads from one to the next.

Pure. Source: azure-ai-ml `operations/_run_history_constants.py` (JobStatus).
"""

from typing import Literal

from shipway.base.machine import Machine

JobStatus = Literal[
    # accepted, nothing decided yet
    "NotStarted",
    # its station has taken it up
    "Starting",
    # its environment is being built (a pipeline job: its children are being planned)
    "Preparing",
    # waits in the queue for a slot of its compute
    "Queued",
    # its process runs (a pipeline job: its children do)
    "Running",
    # the process has ended, its outputs are being carried to their datastore
    "Finalizing",
    # somebody asked to stop it; its process tree is being ended
    "CancelRequested",
    # final: exit code 0 and every output stored
    "Completed",
    # final: `error` says why
    "Failed",
    # final: stopped on request, or never run because of what failed before it
    "Canceled",
]

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})

_ORDER = ("NotStarted", "Starting", "Preparing", "Queued", "Running", "Finalizing")
_FORWARD = {
    "start": "Starting",
    "prepare": "Preparing",
    "queue": "Queued",
    "run": "Running",
    "finalize": "Finalizing",
}


def _table() -> dict[tuple[str, str], str]:
    table: dict[tuple[str, str], str] = {}
    for state in _ORDER:
        for verb, following in _FORWARD.items():
            if _ORDER.index(following) > _ORDER.index(state):
                table[(state, verb)] = following
        table[(state, "request_cancel")] = "CancelRequested"
    # an environment may be built before or after the job has been queued
    table[("Queued", "prepare")] = "Preparing"
    for state in (*_ORDER, "CancelRequested"):
        table[(state, "complete")] = "Completed"
        table[(state, "fail")] = "Failed"
        table[(state, "cancel")] = "Canceled"
    return table


JOB = Machine(name="job", table=_table(), terminal=TERMINAL)
END_VERBS = {"Completed": "complete", "Failed": "fail", "Canceled": "cancel"}


def is_terminal(status: str) -> bool:
    """Whether nothing follows."""
    return status in TERMINAL
