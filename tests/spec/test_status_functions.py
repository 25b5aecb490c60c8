"""The status functions by data: `status_functions/NAME.json`, one file for each.

Each case is `{"condition", "scope", "value"}` or with `error` (a piece of the message) for the
value. `results` are those of earlier jobs or stages, `status` is that of the step's job so far,
`canceled` says that somebody asked to cancel.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from shipway.azpipelines import conditions
from shipway.azpipelines.conditions import Dependency, Status
from shipway.azpipelines.runtime_words import STATUS_NAMES

FOLDER = Path(__file__).parent / "status_functions"


def _cases() -> list[Any]:
    found = []
    for file in sorted(FOLDER.glob("*.json")):
        for index, case in enumerate(json.loads(file.read_text("utf-8"))):
            found.append(pytest.param(case, id=f"{file.stem}-{index}"))
    return found


@pytest.mark.parametrize("case", _cases())
def test_verdict(case: dict[str, Any]) -> None:
    results = case.get("results", {})
    verdict = conditions.evaluate(
        case["condition"],
        variables={},
        dependencies={name: Dependency(result=result) for name, result in results.items()},
        status=Status(
            scope=case["scope"], job_status=case.get("status"),
            is_canceled=case.get("canceled", False),
        ),
    )  # fmt: skip
    assert verdict.value == case.get("value", False)
    assert case.get("error", "") in (verdict.error or "")
    assert bool(verdict.error) == ("error" in case)


def test_every_status_function_has_a_file_of_cases() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(STATUS_NAMES)
