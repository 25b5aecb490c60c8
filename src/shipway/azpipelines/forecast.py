"""What a condition will say, as far as that is known before anything has run.

Everything that runs is taken to succeed. A condition that looks at what only a run can know (an
output, a variable that is set nowhere in sight) has no forecast.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

from shipway.azpipelines import conditions
from shipway.azpipelines.conditions import Dependency
from shipway.azpipelines.expr import evaluator, parser
from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.syntax import (
    Call,
    Constant,
    ExpressionSyntaxError,
    Filter,
    Index,
    Name,
    Node,
)
from shipway.azpipelines.expr.values import EvaluationError, to_boolean, to_text
from shipway.azpipelines.results import Result
from shipway.azpipelines.runtime_words import CONDITION, STATUS_NAMES

Outcome = Literal["runs", "skipped", "unknown"]
_RESULTS: Mapping[Outcome, Result] = {"runs": "Succeeded", "skipped": "Skipped"}


def forecast(
    condition: str | None, *, variables: Mapping[str, str], before: Mapping[str, Outcome]
) -> Outcome:
    """Whether a stage, job or step runs; `before` is what is known of those that lead to it.

    `variables` are those whose value is certain. A condition that is no expression is unknown.
    """
    text = condition if condition and condition.strip() else conditions.DEFAULT
    try:
        verdict = _Forecaster(variables, before).boolean(parser.parse(text, CONDITION))
    except (ExpressionSyntaxError, EvaluationError):
        return "unknown"
    return {True: "runs", False: "skipped", None: "unknown"}[verdict]  # type: ignore[return-value]


class _Forecaster:
    """Three values: True, False, and None for what is not known yet."""

    def __init__(self, variables: Mapping[str, str], before: Mapping[str, Outcome]) -> None:
        results = {name: _RESULTS[one] for name, one in before.items() if one in _RESULTS}
        over = {name: Dependency(result=result) for name, result in results.items()}
        self._contexts = conditions.contexts(variables, over, None)
        self._known = {name.lower() for name in variables}
        self._before = {name.lower(): outcome for name, outcome in before.items()}
        self._over = {name.lower() for name in over}
        status = {
            name.lower(): FunctionSpec(name, 0, 255, partial(self._status, name.lower()))
            for name in STATUS_NAMES
        }
        self._functions = {**CONDITION.functions, **status}

    def boolean(self, node: Node) -> bool | None:
        """The forecast of a tree; `and` and `or` may know without knowing all of it."""
        if isinstance(node, Call) and node.name in ("and", "or", "xor", "not"):
            return self._combined(node.name, [self.boolean(one) for one in node.arguments])
        if not self._is_known(node):
            return None
        value = evaluator.value_of(node, functions=self._functions, contexts=self._contexts)
        return to_boolean(value)

    def _combined(self, name: str, parts: Sequence[bool | None]) -> bool | None:
        if name in ("and", "or"):
            decisive = name == "or"
            if decisive in parts:
                return decisive
            return None if None in parts else not decisive
        if None in parts:
            return None
        return not parts[0] if name == "not" else parts[0] is not parts[1]

    def _is_known(self, node: Node) -> bool:
        match node:
            case Constant():
                return True
            case Index(target=Name(name="variables"), key=Constant() as key):
                return to_text(key.value).lower() in self._known
            case Index(
                target=Index(target=Name(name="dependencies"), key=Constant() as name),
                key=Constant(value="result"),
            ):
                return to_text(name.value).lower() in self._over
            case Name() | Filter():
                return False
            case Index():
                return self._is_known(node.target) and self._is_known(node.key)
            case Call():
                if node.name in ("succeeded", "succeededorfailed") and self._is_open(node):
                    return False
                return all(self._is_known(one) for one in node.arguments)

    def _is_open(self, node: Call) -> bool:
        named = [to_text(one.value) for one in node.arguments if isinstance(one, Constant)]
        return "unknown" in self._looked_at(named)

    def _looked_at(self, names: Sequence[str]) -> list[Outcome]:
        if not names:
            return list(self._before.values())
        return [self._before.get(name.lower(), "skipped") for name in names]

    def _status(self, name: str, arguments: Arguments) -> bool:
        """The status functions in a run in which nothing fails and nobody cancels."""
        named = [to_text(arguments.value(index)) for index in range(len(arguments))]
        seen = self._looked_at(named)
        if name == "succeeded":
            return "skipped" not in seen
        if name == "succeededorfailed":
            return not seen or "runs" in seen
        return name == "always"
