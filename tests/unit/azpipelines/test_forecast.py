"""What a condition will say before anything has run."""

from collections.abc import Mapping

import pytest

from shipway.azpipelines.forecast import Outcome, forecast

KNOWN = {"Build.Reason": "Manual", "Build.SourceBranch": "refs/heads/main", "flag": "true"}


@pytest.mark.parametrize(
    ("condition", "before", "outcome"),
    [
        (None, {}, "runs"),
        ("", {"A": "runs"}, "runs"),
        (None, {"A": "skipped"}, "skipped"),
        (None, {"A": "unknown"}, "unknown"),
        ("succeededOrFailed()", {"A": "skipped"}, "skipped"),
        ("succeededOrFailed()", {"A": "skipped", "B": "runs"}, "runs"),
        ("succeeded('a')", {"A": "runs", "B": "skipped"}, "runs"),
        ("succeeded('X')", {"A": "runs"}, "skipped"),
        ("always()", {"A": "skipped"}, "runs"),
        ("failed()", {"A": "runs"}, "skipped"),
        ("canceled()", {}, "skipped"),
        ("false", {}, "skipped"),
        ("eq(variables['Build.Reason'], 'Schedule')", {}, "skipped"),
        ("eq(variables.FLAG, true)", {}, "runs"),
        ("not(eq(variables['Build.Reason'], 'Schedule'))", {}, "runs"),
        ("startsWith(variables['Build.SourceBranch'], 'refs/heads/')", {}, "runs"),
        ("eq(variables['changed'], 'true')", {}, "unknown"),
        ("and(failed(), eq(variables['changed'], 'true'))", {}, "skipped"),
        ("or(always(), eq(variables['changed'], 'true'))", {}, "runs"),
        ("and(succeeded(), eq(variables['changed'], 'true'))", {}, "unknown"),
        ("xor(true, variables['changed'])", {}, "unknown"),
        ("xor(true, false)", {}, "runs"),
        ("eq(dependencies.a.result, 'Succeeded')", {"A": "runs"}, "runs"),
        ("eq(dependencies.A.result, 'Succeeded')", {"A": "skipped"}, "skipped"),
        ("eq(dependencies['A'].result, 'Succeeded')", {"A": "unknown"}, "unknown"),
        ("eq(dependencies.A.outputs['s.v'], '1')", {"A": "runs"}, "unknown"),
        ("in(variables['Build.Reason'], 'Manual', 'Schedule')", {}, "runs"),
        ("no expression at all", {}, "unknown"),
        ("gt(1, 'x')", {}, "unknown"),
    ],
)
def test_a_condition_is_foretold_as_far_as_it_is_known(
    condition: str | None, before: Mapping[str, Outcome], outcome: Outcome
) -> None:
    assert forecast(condition, variables=KNOWN, before=before) == outcome
