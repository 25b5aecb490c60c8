"""How results merge."""

import pytest

from shipway.azpipelines import results
from shipway.azpipelines.results import Result


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ([], "Succeeded"),
        (["Succeeded", "Skipped"], "Succeeded"),
        (["Skipped", "Skipped"], "Skipped"),
        (["Succeeded", "SucceededWithIssues"], "SucceededWithIssues"),
        (["Failed", "SucceededWithIssues", "Skipped"], "Failed"),
        (["Failed", "Canceled"], "Canceled"),
        (["Abandoned", "Failed"], "Abandoned"),
    ],
)
def test_a_parent_is_as_bad_as_its_worst_child(children: list[Result], expected: Result) -> None:
    assert results.worst(children) == expected


def test_skipped_and_canceled_steps_do_not_change_the_job() -> None:
    assert results.merge_step("Succeeded", "Skipped") == "Succeeded"
    assert results.merge_step("SucceededWithIssues", "Canceled") == "SucceededWithIssues"
    assert results.merge_step("Succeeded", "Failed") == "Failed"


def test_continue_on_error_softens_failure_alone() -> None:
    assert results.with_continue_on_error("Failed", continue_on_error=True) == (
        "SucceededWithIssues"
    )
    assert results.with_continue_on_error("Canceled", continue_on_error=True) == "Canceled"
    assert results.with_continue_on_error("Failed", continue_on_error=False) == "Failed"
