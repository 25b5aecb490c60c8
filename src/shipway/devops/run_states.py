"""States and results of runs and of the records in their timeline: the tables.

Azure's words: `pipelines.RunState`, `build.BuildResult`, `TimelineRecordState`, `TaskResult`.
"""

from collections.abc import Iterable
from typing import Literal

from shipway.base.machine import Machine

RunState = Literal["pending", "inProgress", "canceling", "completed"]
# pending     accepted, nothing planned yet; a RunQueued event waits in the journal
# inProgress  planned; stages are worked on, or wait at a checkpoint
# canceling   somebody asked to stop; running jobs are being ended
# completed   final; `result` says how

RecordState = Literal["pending", "inProgress", "completed"]
# pending     not begun (for a checkpoint: not reached)
# inProgress  begun
# completed   final; `result` says how

Result = Literal[
    "succeeded", "succeededWithIssues", "failed", "canceled", "skipped", "abandoned"
]  # fmt: skip
# succeededWithIssues  done, with a failure that was allowed (continueOnError) or a warning result
# canceled             stopped on request
# skipped              its condition was false, or a check timed out
# abandoned            its condition could not be evaluated, or its agent was lost

RUN = Machine(
    name="run",
    table={
        ("pending", "start"): "inProgress",
        ("pending", "cancel"): "canceling",
        ("pending", "finish"): "completed",
        ("inProgress", "cancel"): "canceling",
        ("inProgress", "finish"): "completed",
        ("canceling", "cancel"): "canceling",
        ("canceling", "finish"): "completed",
        ("completed", "retry"): "inProgress",
    },
    terminal=frozenset({"completed"}),
)

RECORD = Machine(
    name="record",
    table={
        ("pending", "start"): "inProgress",
        ("pending", "finish"): "completed",
        ("inProgress", "finish"): "completed",
    },
    terminal=frozenset({"completed"}),
)

# the later word wins; skipped children change nothing
_WORST: tuple[Result, ...] = ("skipped", "succeeded", "succeededWithIssues", "canceled",
                              "abandoned", "failed")  # fmt: skip


def worst(results: Iterable[Result]) -> Result:
    """The result of a parent; `skipped` when there is none or all were skipped."""
    return max(results, key=_WORST.index, default="skipped")
