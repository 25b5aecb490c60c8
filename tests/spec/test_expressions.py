"""The expression language by data: `expressions/*.json`, each function in `functions/NAME.json`.

Each case is `{"expr", "contexts"?, "result": {"kind", "value"}}` or `{"expr", "err"}`; `err` is a
piece of the message.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shipway.azpipelines.expr import evaluator
from shipway.azpipelines.expr.functions.table import FUNCTIONS
from shipway.azpipelines.expr.parser import Dialect
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.expr.values import (
    EvaluationError,
    Value,
    Version,
    kind_of,
    number_text,
)

FOLDER = Path(__file__).parent / "expressions"


def _cases() -> list[Any]:
    found = []
    for file in sorted(FOLDER.rglob("*.json")):
        for index, case in enumerate(json.loads(file.read_text("utf-8"))):
            found.append(pytest.param(case, id=f"{file.stem}-{index}-{case['expr'][:40]}"))
    return found


def _value(body: object) -> Value:
    if isinstance(body, bool) or body is None or isinstance(body, str):
        return body
    if isinstance(body, int | float):
        return Decimal(str(body))
    if isinstance(body, list):
        return [_value(item) for item in body]
    assert isinstance(body, dict)
    return {key: _value(item) for key, item in body.items()}


def _plain(value: Value) -> object:
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, Version):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


@pytest.mark.parametrize("case", _cases())
def test_expression(case: dict[str, Any]) -> None:
    contexts = {name: _value(body) for name, body in case.get("contexts", {}).items()}
    dialect = Dialect(functions=FUNCTIONS, names=frozenset(contexts))
    if "err" in case:
        with pytest.raises((ExpressionSyntaxError, EvaluationError)) as caught:
            evaluator.evaluate(case["expr"], dialect=dialect, contexts=contexts)
        assert case["err"] in str(caught.value)
        return
    value = evaluator.evaluate(case["expr"], dialect=dialect, contexts=contexts)
    assert {"kind": kind_of(value), "value": _plain(value)} == case["result"]


def test_every_function_has_a_file_of_cases() -> None:
    files = {file.stem for file in (FOLDER / "functions").glob("*.json")}
    assert files == {spec.name for spec in FUNCTIONS.values()}


@pytest.mark.parametrize("name", sorted(spec.name for spec in FUNCTIONS.values()))
def test_the_cases_of_a_function_call_it(name: str) -> None:
    cases = json.loads((FOLDER / "functions" / f"{name}.json").read_text("utf-8"))
    assert all(case["expr"].startswith(f"{name}(") for case in cases)
    assert any("err" in case for case in cases)
