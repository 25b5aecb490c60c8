"""Success criteria of REST calls: `eq(root['status'], 'successful')` over what was answered.

The words of conditions, with `root` (the body), `headers` and `status`, and two functions more:
`jsonpath(path)` and `count(list)`. Knows nothing of HTTP.
Source: https://github.com/microsoft/azure-pipelines-tasks/blob/master/docs/authoring/servertaskauthoring.md
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from shipway.azpipelines.expand.scope import IgnoreCase
from shipway.azpipelines.expr import evaluator, parser
from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.functions.table import FUNCTIONS
from shipway.azpipelines.expr.parser import Dialect
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.expr.values import EvaluationError, Value, to_boolean, to_text
from shipway.devops import json_paths


def _unbound(_: Arguments) -> Value:
    raise EvaluationError("this function needs an answer")


_OWN = {"jsonpath": FunctionSpec("jsonpath", 1, 1, _unbound)}


def _count(arguments: Arguments) -> Value:
    value = arguments.value(0)
    if isinstance(value, str) or not isinstance(value, Sequence | Mapping):
        return Decimal(0 if value is None else 1)
    return Decimal(len(value))


_FUNCTIONS = {**FUNCTIONS, **_OWN, "count": FunctionSpec("count", 1, 1, _count)}
DIALECT = Dialect(functions=_FUNCTIONS, names=frozenset({"root", "headers", "status"}))


def refusal(criteria: str, *, content: str, headers: Mapping[str, str], status: int) -> str:
    """Why an answer does not meet the criteria, empty when it does; no criteria are met."""
    text = criteria.strip()
    if not text:
        return ""
    root = body_of(content)

    def jsonpath(arguments: Arguments) -> Value:
        try:
            return json_paths.select(to_text(arguments.value(0)), root)
        except json_paths.PathError as error:
            raise EvaluationError(str(error)) from error

    names: dict[str, Value] = {
        "root": root, "headers": IgnoreCase(dict(headers)), "status": Decimal(status),
    }  # fmt: skip
    functions = {**_FUNCTIONS, "jsonpath": FunctionSpec("jsonpath", 1, 1, jsonpath)}
    try:
        value = evaluator.value_of(
            parser.parse(text, DIALECT), functions=functions, contexts=names
        )  # fmt: skip
    except (ExpressionSyntaxError, EvaluationError) as error:
        return f"Evaluation of expression '{text}' failed. {error}"
    return "" if to_boolean(value) else f"Evaluation of expression '{text}' failed."


def problem(criteria: str) -> str:
    """What is wrong with criteria before anything is called, empty when nothing is."""
    if not criteria.strip() or "$(" in criteria:  # a macro may stand for anything
        return ""
    try:
        parser.parse(criteria.strip(), DIALECT)
    except ExpressionSyntaxError as error:
        return str(error)
    return ""


def body_of(content: str) -> Value:
    """The body as JSON with exact numbers; null when it is something else."""
    try:
        made: Value = json.loads(content, parse_float=_number, parse_int=_number)
    except (ValueError, RecursionError):
        return None
    return made


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)
