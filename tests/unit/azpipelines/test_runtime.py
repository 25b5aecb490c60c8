"""Values that are made while a run goes on."""

import json

import pytest

from shipway.azpipelines import runtime
from shipway.azpipelines.conditions import Dependency
from shipway.azpipelines.plan import JobPlan, PoolPlan, StepPlan, TaskReference, VariablePlan
from shipway.azpipelines.runtime import RuntimeValueError


def test_runtime_expressions_become_text() -> None:
    text = runtime.evaluate("$[ eq(variables.a, 'x') ]", variables={"A": "x"})
    assert text == "True"
    assert runtime.evaluate("plain $[ x ] text", variables={}) == "plain $[ x ] text"


def test_outputs_of_other_jobs_are_read() -> None:
    text = runtime.evaluate(
        "$[ dependencies.A.outputs['s.v'] ]",
        variables={},
        dependencies={"A": Dependency(result="Succeeded", outputs={"s.v": "42"})},
    )
    assert text == "42"


def test_a_missing_output_is_empty() -> None:
    assert runtime.evaluate("$[ dependencies.No.outputs['s.v'] ]", variables={}) == ""


def test_counters_are_the_callers() -> None:
    asked: list[tuple[str, int]] = []

    def counter(prefix: str, seed: int) -> int:
        asked.append((prefix, seed))
        return seed + 1

    text = "$[ counter(format('{0:yyyyMMdd}', pipeline.startTime), 100) ]"
    started = {"startTime": "2024-05-06T07:08:09Z"}
    value = runtime.evaluate(text, variables={}, pipeline=started, counter=counter)
    assert (value, asked) == ("101", [("20240506", 100)])


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("$[ counter('a', 1) ]", "counter() can only define a variable"),
        ("$[ nosuch() ]", "Unrecognized value: 'nosuch'"),
        ("$[ dependencies ]", "Unable to convert from Object to String"),
        ("$[ succeeded() ]", "Unrecognized value: 'succeeded'"),
    ],
)
def test_errors_are_told(text: str, piece: str) -> None:
    with pytest.raises(RuntimeValueError) as caught:
        runtime.evaluate(text, variables={})
    assert piece in str(caught.value)


def test_later_variables_and_groups_win_in_order() -> None:
    plans = (
        VariablePlan(name="Env", value="first"),
        VariablePlan(group="G"),
        VariablePlan(name="other", value="last"),
    )
    values = runtime.variables_of(plans, {"g": {"ENV": "group", "other": "group"}})
    assert values == {"Env": "group", "other": "last"}


def test_a_group_that_is_gone_is_an_error() -> None:
    with pytest.raises(RuntimeValueError, match="Variable group gone could not be found"):
        runtime.variables_of((VariablePlan(group="gone"),), {})


def test_inner_layers_win() -> None:
    assert runtime.overlaid({"A": "ui"}, {"a": "root", "b": "1"}, {"B": "job"}) == {
        "A": "root",
        "b": "job",
    }


def _job(**late: str) -> JobPlan:
    return JobPlan(name="j", display_name="j", kind="job", pool=PoolPlan(), runtime_values=late)


def test_late_values_of_a_job_are_filled_in() -> None:
    job = _job(timeoutInMinutes="$[ variables.t ]", continueOnError="$(soft)")
    resolved = runtime.resolve_job(job, {"t": "7", "soft": "true"})
    assert (resolved.timeout_in_minutes, resolved.continue_on_error) == (7, True)
    assert resolved.runtime_values == {}


@pytest.mark.parametrize(
    ("key", "text"), [("timeoutInMinutes", "$(gone)"), ("continueOnError", "$(gone)")]
)
def test_late_values_of_the_wrong_kind_are_errors(key: str, text: str) -> None:
    with pytest.raises(RuntimeValueError, match=key):
        runtime.resolve_job(_job(**{key: text}), {})


def test_late_values_of_a_step_are_filled_in() -> None:
    step = StepPlan(
        ref_name="s",
        display_name="s",
        shorthand="task",
        task=TaskReference(name="Bash", version="3"),
        runtime_values={"enabled": "$(on)", "retryCountOnTaskFailure": "$(n)"},
    )
    resolved = runtime.resolve_step(step, {"on": "no", "n": "2"})
    assert (resolved.enabled, resolved.retry_count) == (False, 2)


def test_matrix_legs_from_json() -> None:
    legs = runtime.matrix_legs('{"a": {"x": "1", "y": true}, "b": {}}')
    assert [(one.name, dict(one.variables)) for one in legs] == [
        ("a", {"x": "1", "y": "True"}),
        ("b", {}),
    ]


MANY_LEGS = json.dumps({f"a{number}": {} for number in range(300)})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', MANY_LEGS])
def test_matrix_json_of_the_wrong_shape_is_an_error(text: str) -> None:
    with pytest.raises(RuntimeValueError):
        runtime.matrix_legs(text)
