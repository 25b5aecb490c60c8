"""Cases taken from the service's published tests, where `../shared/vectors` stands beside us.

`skipped.txt` names those that are not right yet, one `file: case: reason` per line; a case on the
list that passes is a failure, so that the list stays true.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shipway.azpipelines import compiler, conditions, macros, results
from shipway.azpipelines.compiler import CompileContext, FileMissing
from shipway.azpipelines.conditions import Status
from shipway.azpipelines.expr import evaluator, values
from shipway.azpipelines.expr.functions.spec import FunctionSpec
from shipway.azpipelines.expr.functions.table import FUNCTIONS
from shipway.azpipelines.expr.parser import Dialect
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.expr.values import CastFailed, Value
from shipway.azpipelines.plan import RunPlan

FOLDER = Path(__file__).parents[3] / "shared" / "vectors"
SKIPPED = Path(__file__).parent / "skipped.txt"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the folder shared/vectors does not stand beside the checkout"
)


def _skipped() -> dict[tuple[str, str], str]:
    lines = SKIPPED.read_text("utf-8").splitlines()
    rows = [line.split(": ", 2) for line in lines if line and not line.startswith("#")]
    return {(file, case): reason for file, case, reason in rows}


def _body(name: str) -> Any:
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def _params(name: str, key: str = "vectors", case: str = "test") -> list[Any]:
    found = []
    for index, one in enumerate(_body(name).get(key, [])):
        label = str(one.get(case) or index)
        found.append(pytest.param(one, label, id=f"{index}-{label[:50]}"))
    return found


def _judge(file: str, case: str, check: Callable[[], None]) -> None:
    """Run a check; one on the list of what is not right yet must fail."""
    reason = _skipped().get((file, case))
    if reason is None:
        check()
        return
    try:
        check()
    except AssertionError:
        pytest.skip(reason)
    pytest.fail(f"{file}: {case} passes now: take it off skipped.txt")


def _expression_verdict(vector: dict[str, Any]) -> object:
    returned = vector.get("testFunction_returns", {})
    value: Value = returned.get("json")
    if returned.get("kind") == "version" and isinstance(value, str):
        value = values.parse_version(value)
    low, high = vector.get("functions", {}).get("testFunction", (0, 0))
    extra = FunctionSpec("testFunction", low, high, lambda _: value)
    dialect = Dialect(functions={**FUNCTIONS, "testfunction": extra}, names=frozenset())
    try:
        result = evaluator.evaluate(vector["expression"], dialect=dialect, contexts={})
    except ExpressionSyntaxError as error:
        verdict = {"type": "Parse", "kind": error.kind}
        return verdict | ({"raw_token": error.raw} if error.raw else {})
    except CastFailed as error:
        return {"type": "InvalidCast", "from_kind": error.from_kind, "to_kind": error.to_kind}
    return values.to_boolean(result)


@pytest.mark.parametrize(("vector", "case"), _params("expressions_agent_2018", case="id"))
def test_expressions(vector: dict[str, Any], case: str) -> None:
    def check() -> None:
        expected = vector.get("expected", vector.get("expected_error"))
        assert _expression_verdict(vector) == expected

    _judge("expressions_agent_2018", case, check)


@pytest.mark.parametrize(("vector", "case"), _params("step_condition_functions", case="expression"))
def test_step_conditions(vector: dict[str, Any], case: str) -> None:
    def check() -> None:
        status = Status(scope="step", job_status=vector.get("job_status"))
        verdict = conditions.evaluate(
            vector["expression"], variables=vector.get("variables", {}), status=status
        )
        assert verdict.error is None
        assert verdict.value == vector["expected"]

    _judge("step_condition_functions", case, check)


@pytest.mark.parametrize(("vector", "case"), _params("task_result_merge"))
def test_result_merge(vector: dict[str, Any], case: str) -> None:
    def check() -> None:
        assert results.merge(vector["current"], vector["new"]) == vector["expected"]

    _judge("task_result_merge", case, check)


@pytest.mark.parametrize(("vector", "case"), _params("variable_to_env_name", case="input"))
def test_env_names(vector: dict[str, Any], case: str) -> None:
    def check() -> None:
        name = macros.variable_to_env_name(vector["input"], preserve_case=vector["preserve_case"])
        assert name == vector["expected"]

    _judge("variable_to_env_name", case, check)


@pytest.mark.parametrize(("vector", "case"), _params("variables_macro", "expand_variable_set"))
def test_variable_sets(vector: dict[str, Any], case: str) -> None:
    def check() -> None:
        expanded = macros.expand_all(vector["variables"], secret_names=vector.get("secret", ()))
        assert {name: expanded.values[name] for name in vector["expected"]} == vector["expected"]
        assert len(expanded.warnings) == vector["warnings"]
        if "public_count" in vector:
            public = len(expanded.values) - len(expanded.secret_names)
            assert public == vector["public_count"]

    _judge("variables_macro", case, check)


@pytest.mark.parametrize(("vector", "case"), _params("variables_macro", "expand_input"))
def test_inputs(vector: dict[str, Any], case: str) -> None:
    def check() -> None:
        assert macros.expand(vector["target"], vector["variables"]) == vector["expected"]

    _judge("variables_macro", case, check)


@pytest.mark.parametrize(("vector", "case"), _params("steps_runner"))
def test_steps_runner(vector: dict[str, Any], case: str) -> None:
    """Conditions and results of a job's steps, folded as a job runner folds them."""

    def check() -> None:
        job: results.Result = "Succeeded"
        ran: list[bool] = []
        for step in vector["steps"]:
            text = step["condition"].replace("<throws at evaluation>", "gt(1, 'x')")
            verdict = conditions.evaluate(
                text, variables={}, status=Status(scope="step", job_status=job)
            )
            ran.append(verdict.value)
            if verdict.error:
                job = results.merge_step(job, "Failed")
            elif verdict.value:
                outcome = results.with_continue_on_error(
                    step["outcome"], continue_on_error=step["continueOnError"]
                )
                job = results.merge_step(job, outcome)
        assert vector.get("job_result", job) == job
        assert vector.get("ran", ran) == ran

    _judge("steps_runner", case, check)


class _Repositories:
    def __init__(self, vector: dict[str, Any]) -> None:
        self._files = {"self": vector["files"], **vector.get("repos", {})}

    def read(self, repository_alias: str, path: str) -> str:
        text = self._files[repository_alias].get(path)
        if text is None:
            raise FileMissing(f"File /{path} not found.")
        return str(text)


def _plan(files: dict[str, Any], entry: str) -> object:
    """The plan without places and file names, to compare two spellings of one pipeline."""
    # names and expressions of these cases are placeholders that only a parser takes
    result = compiler.compile(
        files=_Repositories(files), path=entry, context=CompileContext(refuse=frozenset())
    )
    if result.plan is None:
        raise AssertionError(result.error_text)
    return _without_places(RunPlan.to_json(result.plan))


def _without_places(body: object) -> object:
    if isinstance(body, dict):
        return {
            key: _without_places(value)
            for key, value in body.items()
            if key not in ("position", "files")
        }
    return [_without_places(one) for one in body] if isinstance(body, list) else body


@pytest.mark.parametrize(("vector", "case"), _params("ms_pipeline_parser_baseline"))
def test_parser_baseline(vector: dict[str, Any], case: str) -> None:
    """The pipeline and its normalised form have the same plan."""

    def check() -> None:
        if vector["kind"] == "error":
            with pytest.raises(AssertionError, match="Unexpected value"):
                _plan(vector, vector["entry"])
            return
        normal = {"files": {"normal.yml": vector["expected"]}}
        assert _plan(vector, vector["entry"]) == _plan(normal, "normal.yml")

    _judge("ms_pipeline_parser_baseline", case, check)


def test_skipped_cases_exist() -> None:
    known = {
        (name, str(one.get(key)))
        for name, key in (
            ("expressions_agent_2018", "id"),
            ("ms_pipeline_parser_baseline", "test"),
            ("steps_runner", "test"),
        )
        for one in _body(name)["vectors"]
    }
    assert set(_skipped()) <= known
