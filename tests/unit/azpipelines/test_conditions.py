"""Conditions over real results."""

import json

import pytest

from shipway.azpipelines import conditions, runtime
from shipway.azpipelines.conditions import Dependency, Status
from shipway.azpipelines.results import Result

JOB = Status(scope="job")


def _over(condition: str | None, **results: Result) -> bool:
    verdict = conditions.evaluate(
        condition,
        variables={},
        dependencies={name: Dependency(result=result) for name, result in results.items()},
        status=JOB,
    )
    assert verdict.error is None
    return verdict.value


@pytest.mark.parametrize(
    ("condition", "results", "expected"),
    [
        (None, {}, True),
        ("", {"a": "Succeeded"}, True),
        ("succeeded()", {"a": "Succeeded", "b": "SucceededWithIssues"}, True),
        ("succeeded()", {"a": "Succeeded", "b": "Skipped"}, False),
        ("succeededOrFailed()", {"a": "Succeeded", "b": "Skipped"}, True),
        ("succeededOrFailed()", {"a": "Failed"}, True),
        ("succeededOrFailed()", {"a": "Abandoned", "b": "Succeeded"}, False),
        ("failed()", {"a": "Failed", "b": "Succeeded"}, True),
        ("failed()", {"a": "Abandoned"}, False),
        ("always()", {"a": "Abandoned"}, True),
        ("succeeded('A')", {"a": "Succeeded", "b": "Failed"}, True),
        ("failed('a')", {"a": "Succeeded", "b": "Failed"}, False),
        ("succeeded('nobody')", {"a": "Succeeded"}, False),
        ("failed('nobody')", {"a": "Failed"}, False),
        ("succeededOrFailed('nobody')", {"a": "Failed"}, False),
        ("canceled()", {"a": "Canceled"}, False),
        ("not(failed())", {"a": "Succeeded"}, True),
        ("in(dependencies.a.result, 'Succeeded', 'Skipped')", {"a": "Skipped"}, True),
        ("false", {}, False),
        ("'text'", {}, True),
    ],
)
def test_status_functions_of_jobs(
    condition: str | None,
    results: dict[str, Result],
    expected: bool,
) -> None:
    assert _over(condition, **results) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("succeeded()", False),
        ("failed()", False),
        ("succeededOrFailed()", False),
        ("canceled()", True),
        ("always()", True),
        ("or(canceled(), failed())", True),
    ],
)
def test_a_canceled_run(condition: str, expected: bool) -> None:
    verdict = conditions.evaluate(
        condition,
        variables={},
        dependencies={"a": Dependency(result="Succeeded")},
        status=Status(scope="stage", is_canceled=True),
    )
    assert verdict.value is expected


def test_results_of_the_whole_graph_go_before_dependencies() -> None:
    status = Status(scope="stage", results={"first": "Failed", "second": "Succeeded"})
    verdict = conditions.evaluate(
        "succeeded()",
        variables={},
        dependencies={"second": Dependency(result="Succeeded")},
        status=status,
    )
    assert not verdict.value


def test_outputs_of_jobs_and_stages() -> None:
    verdict = conditions.evaluate(
        "and(eq(dependencies.Train.outputs['submit.jobName'], 'J1'), "
        "eq(stageDependencies.CI.Test.outputs['step.v'], variables['want']))",
        variables={"WANT": "x"},
        dependencies={"Train": Dependency(result="Succeeded", outputs={"submit.jobName": "j1"})},
        stage_dependencies={
            "CI": {"Test": Dependency(result="Succeeded", outputs={"step.v": "x"})}
        },
        status=JOB,
    )
    assert verdict.value


@pytest.mark.parametrize(
    ("condition", "piece"),
    [
        ("gt(1, 'x')", "Unable to convert from String to Number. Value: 'x'"),
        ("eq(variables.a", "Unclosed function: 'eq'"),
        ("parameters.x", "Unrecognized value: 'parameters'"),
        ("counter('a', 1)", "Unrecognized value: 'counter'"),
    ],
)
def test_an_error_is_told_and_is_no_yes(condition: str, piece: str) -> None:
    verdict = conditions.evaluate(condition, variables={}, status=JOB)
    assert not verdict.value
    assert verdict.error is not None
    assert piece in verdict.error


def test_a_dependency_as_json_has_what_the_service_gives_it() -> None:
    done = Dependency(result="Succeeded", outputs={"setAnswer.answer": "42"})
    value = runtime.evaluate(
        "$[ convertToJson(stageDependencies) ]",
        variables={},
        stage_dependencies={"Produce": {"A": done}},
    )
    assert json.loads(value) == {
        "Produce": {
            "A": {
                "outputs": {"setAnswer.answer": "42"}, "identifier": None, "name": "A",
                "attempt": 1, "startTime": None, "finishTime": None, "state": "NotStarted",
                "result": "Succeeded",
            }
        }
    }  # fmt: skip
    assert runtime.evaluate("$[ convertToJson(dependencies) ]", variables={}) == "{}"


def test_conditions_know_when_the_run_began() -> None:
    verdict = conditions.evaluate(
        "eq(format('{0:yyyy}', pipeline.startTime), '2026')",
        variables={"System.PipelineStartTime": "2026-05-11 18:30:00+00:00"},
        status=JOB,
    )
    assert verdict.value
