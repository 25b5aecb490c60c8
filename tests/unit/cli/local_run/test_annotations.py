"""Failures as the CI around shows them; and the exit code of a run."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.cli.local_run.told_runs import record, run

from shipway.cli.local_run import annotations, verb
from shipway.cli.local_run.failures import Failure
from shipway.cli.local_run.follow import Outcome

FAILURE = Failure(
    path="Build › a;b", kind="Task", name="a;b", file="ci, one.yml", line=4, column=3, log_id=1,
    errors=("100% wrong]\nindeed",), tail=(),
)  # fmt: skip


def test_github_and_azure_are_told_in_their_own_form() -> None:
    nowhere = replace(FAILURE, file="")
    assert list(annotations.lines([FAILURE, nowhere], {"GITHUB_ACTIONS": "true"})) == [
        "::error file=ci%2C one.yml,line=4,col=3::Build › a;b: 100%25 wrong]%0Aindeed"
    ]
    assert list(annotations.lines([FAILURE], {"TF_BUILD": "True"})) == [
        "##vso[task.logissue type=error;sourcepath=ci, one.yml;linenumber=4;columnnumber=3]"
        "Build › a%3Bb: 100%AZP25 wrong%5D%0Aindeed"
    ]
    assert list(annotations.lines([FAILURE], {})) == []


ERROR = {"severity": "error", "message": "wrong"}


@pytest.mark.parametrize(
    ("facts", "interrupted", "code"),
    [
        ({"state": "completed", "result": "succeeded"}, False, 0),
        ({"state": "completed", "result": "succeededWithIssues"}, False, 0),
        ({"state": "completed", "result": "failed", "records": [record("Stage", "A")]}, False, 1),
        ({"state": "completed", "result": "canceled", "records": [record("Stage", "A")]}, False, 1),
        ({"state": "completed", "result": "failed", "diagnostics": [ERROR]}, False, 2),
        ({"state": "inProgress", "records": [record("Stage", "A")]}, False, 4),
        ({"state": "completed", "result": "canceled"}, True, 130),
        ({"state": "completed", "result": "succeeded"}, True, 130),
    ],
)
def test_the_exit_code_is_what_came_of_it(
    facts: dict[str, Any], interrupted: bool, code: int
) -> None:
    assert verb._code(Outcome(run=run(**{"records": [], **facts}), interrupted=interrupted)) == code
