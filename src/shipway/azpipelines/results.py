"""Results of steps, jobs and stages, and how they merge.

Source: the agent's TaskResultUtil. Result words are those of the language (`Succeeded`, ...); the
REST words are made from them at the wall.
"""

from collections.abc import Iterable
from typing import Literal

Result = Literal["Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped", "Abandoned"]

RESULTS: tuple[Result, ...] = (
    "Succeeded",
    "SucceededWithIssues",
    "Failed",
    "Canceled",
    "Skipped",
    "Abandoned",
)

_WEIGHT: dict[Result, int] = {
    "Succeeded": 0,
    "SucceededWithIssues": 1,
    "Failed": 2,
    "Canceled": 3,
    "Skipped": 3,
    "Abandoned": 3,
}
"""Canceled, Skipped and Abandoned are final: whichever came first stays."""

_FOLD: dict[Result, int] = {
    "Skipped": 0,
    "Succeeded": 1,
    "SucceededWithIssues": 2,
    "Failed": 3,
    "Abandoned": 4,
    "Canceled": 5,
}


def merge(current: Result | None, coming: Result) -> Result:
    """The result of a step after one more verdict on it: the worse one, the first of equals."""
    if current is None:
        return coming
    return coming if _WEIGHT[coming] > _WEIGHT[current] else current


def merge_step(job_result: Result, step_result: Result) -> Result:
    """The job's result after a step: skipped and canceled steps do not change it."""
    if step_result in ("Skipped", "Canceled"):
        return job_result
    return merge(job_result, step_result)


def worst(results: Iterable[Result]) -> Result:
    """The result of a parent from its children's; no children: Succeeded.

    A skipped child does not count beside others; all skipped makes the parent skipped.
    """
    return max(results, key=lambda one: _FOLD[one], default="Succeeded")


def with_continue_on_error(result: Result, *, continue_on_error: bool) -> Result:
    """`continueOnError: true` turns Failed into SucceededWithIssues."""
    return "SucceededWithIssues" if continue_on_error and result == "Failed" else result
