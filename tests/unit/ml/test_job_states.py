"""The states that a client sees."""

import pytest

from shipway.base.machine import InvalidTransition
from shipway.ml import job_states

PATH = [("start", "Starting"), ("queue", "Queued"), ("prepare", "Preparing"), ("run", "Running"),
        ("finalize", "Finalizing"), ("complete", "Completed")]  # fmt: skip


def test_a_job_passes_the_states_in_azures_words() -> None:
    state = "NotStarted"
    for verb, following in PATH:
        state = job_states.JOB.step(state, verb)
        assert state == following


@pytest.mark.parametrize("state", sorted(job_states.TERMINAL))
def test_nothing_follows_an_end(state: str) -> None:
    for verb in ("start", "run", "cancel", "complete", "request_cancel"):
        with pytest.raises(InvalidTransition, match=state):
            job_states.JOB.step(state, verb)


def test_a_cancel_request_can_still_end_in_any_way() -> None:
    assert job_states.JOB.step("Running", "request_cancel") == "CancelRequested"
    for verb, end in (("cancel", "Canceled"), ("complete", "Completed"), ("fail", "Failed")):
        assert job_states.JOB.step("CancelRequested", verb) == end
    with pytest.raises(InvalidTransition):
        job_states.JOB.step("CancelRequested", "run")
