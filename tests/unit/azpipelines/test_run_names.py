"""Numbers of runs."""

from datetime import UTC, datetime

import pytest

from shipway.azpipelines import run_names

STARTED = datetime(2024, 2, 9, 8, 7, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name_format", "expected"),
    [
        ("$(Date:yyyyMMdd).$(Rev:r)", "20240209.3"),
        ("$(Date:yy-M-d)$(Rev:.rr)", "24-2-9.03"),
        ("$(Build.SourceBranchName)_$(rev:rrr)", "main_003"),
        ("$(Year:yyyy)$(DayOfYear)-$(Hours)$(Minutes)$(Seconds)", "202440-876"),
        ("$(TeamProject)_$(BuildDefinitionName)_$(SourceBranchName)", "ml_p_main"),
        ("$(Build.SourceBranch)", "refs_heads_main"),
        ("$(Date:dd MMM yyyy) $(Date:dddd)", "09 Feb 2024 Friday"),
        ("$(Date:hh-mm tt 'at' y)", "08-07 AM at 24"),
        ("$(unknown)", "$(unknown)"),
        ("fixed", "fixed"),
    ],
)
def test_run_name(name_format: str, expected: str) -> None:
    name = run_names.run_name(
        name_format,
        started=STARTED,
        revision=3,
        variables={
            "build.sourcebranchname": "main",
            "Build.SourceBranch": "refs/heads/main",
            "System.TeamProject": "ml",
            "Build.DefinitionName": "p",
        },
    )
    assert name == expected


def test_runs_are_counted_by_the_rest_of_their_name() -> None:
    stem = run_names.without_revision("$(Date:yyyyMMdd)$(Rev:.r)", started=STARTED, variables={})
    assert stem == "20240209"
    assert run_names.needs_revision("x$(Rev:r)")
    assert not run_names.needs_revision("x$(Review)")


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [
        ("1.2.3-beta (x)", True), ("x" * 255, True), ("x" * 256, False), ("1.", False),
        *((f"a{sign}b", False) for sign in '"/:<>\\|?@*'), ("$(unknown)", True),
    ],
)  # fmt: skip
def test_what_a_run_may_be_called(name: str, is_valid: bool) -> None:
    assert run_names.is_valid(name) is is_valid
