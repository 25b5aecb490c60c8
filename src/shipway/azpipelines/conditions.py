"""Conditions of stages, jobs and steps, evaluated while a run goes on.

A step looks at the status of its job; a job or stage looks at the results of what it depends on.
Sources: "Specify conditions" of the docs, the agent's ExpressionManager for steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from shipway.azpipelines.expand.scope import IgnoreCase
from shipway.azpipelines.expr import evaluator, parser
from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.expr.values import EvaluationError, Value, to_boolean, to_text
from shipway.azpipelines.results import Result
from shipway.azpipelines.runtime_words import CONDITION, STEP_CONDITION

DEFAULT = "succeeded()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A job or stage that is over: its result and its output variables.

    Output keys are those that the language uses at the place that looks: `step.variable` for a
    job in the same stage, `job.step.variable` for a stage.
    """

    result: Result
    outputs: Mapping[str, str] = field(default_factory=dict)


StageDependencies = Mapping[str, Mapping[str, Dependency]]
"""Stage name to job name to the job: `stageDependencies.S.J.outputs['step.v']`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the status functions look at.

    - `step`: `job_status` is the job's result so far; None before the first step.
    - `job`, `stage`: `results` are those of all earlier jobs or stages in the graph, by name;
      None: the results in `dependencies`.
    """

    scope: Literal["step", "job", "stage"]
    job_status: Result | None = None
    is_canceled: bool = False
    results: Mapping[str, Result] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionResult:
    """The verdict. With `error` set the value is False and the step fails, a job is abandoned."""

    value: bool
    error: str | None = None


def evaluate(
    condition: str | None,
    *,
    variables: Mapping[str, str],
    dependencies: Mapping[str, Dependency] | None = None,
    stage_dependencies: StageDependencies | None = None,
    status: Status,
) -> ConditionResult:
    """Whether the step, job or stage runs; None and empty text are `succeeded()`."""
    text = condition if condition and condition.strip() else DEFAULT
    dialect = STEP_CONDITION if status.scope == "step" else CONDITION
    functions = {**dialect.functions, **_status_functions(status, dependencies or {})}
    try:
        value = evaluator.value_of(
            parser.parse(text, dialect),
            functions=functions,
            contexts=contexts(variables, dependencies, stage_dependencies),
        )
    except (ExpressionSyntaxError, EvaluationError) as error:
        return ConditionResult(value=False, error=str(error))
    return ConditionResult(value=to_boolean(value))


def contexts(
    variables: Mapping[str, str],
    dependencies: Mapping[str, Dependency] | None,
    stage_dependencies: StageDependencies | None,
) -> dict[str, Value]:
    """Named values of runtime expressions."""
    stages = {
        stage: IgnoreCase({name: _object(name, one) for name, one in jobs.items()})
        for stage, jobs in (stage_dependencies or {}).items()
    }
    return {
        "variables": IgnoreCase(dict(variables)),
        "dependencies": IgnoreCase(
            {name: _object(name, one) for name, one in (dependencies or {}).items()}
        ),
        "stageDependencies": IgnoreCase(stages),
        "pipeline": _pipeline(variables),
    }


def _pipeline(variables: Mapping[str, str]) -> Value:
    """`pipeline.startTime`, which every run has as a variable too."""
    started = IgnoreCase(dict(variables)).get("System.PipelineStartTime")
    return IgnoreCase({} if started is None else {"startTime": started})


def _object(name: str, dependency: Dependency) -> Value:
    """A job or stage as expressions see it; the service fills no more of it than this."""
    return IgnoreCase(
        {
            "outputs": IgnoreCase(dict(dependency.outputs)),
            "identifier": None,
            "name": name,
            "attempt": Decimal(1),
            "startTime": None,
            "finishTime": None,
            "state": "NotStarted",
            "result": dependency.result,
        }
    )


def _status_functions(
    status: Status, dependencies: Mapping[str, Dependency]
) -> dict[str, FunctionSpec]:
    verdicts = _StepStatus(status) if status.scope == "step" else _Graph(status, dependencies)
    meanings = {
        "always": lambda _: True,
        "canceled": lambda _: verdicts.canceled(),
        "failed": lambda arguments: verdicts.failed(_names(arguments)),
        "succeeded": lambda arguments: verdicts.succeeded(_names(arguments)),
        "succeededorfailed": lambda arguments: verdicts.succeeded_or_failed(_names(arguments)),
    }
    return {name: FunctionSpec(name, *_arity(name), meaning) for name, meaning in meanings.items()}


def _arity(name: str) -> tuple[int, int]:
    spec = CONDITION.functions[name]
    return spec.minimum, spec.maximum


def _names(arguments: Arguments) -> list[str]:
    return [to_text(arguments.value(index)) for index in range(len(arguments))]


class _StepStatus:
    def __init__(self, status: Status) -> None:
        self._status = "Canceled" if status.is_canceled else status.job_status or "Succeeded"

    def canceled(self) -> bool:
        return self._status == "Canceled"

    def failed(self, _: Sequence[str]) -> bool:
        return self._status == "Failed"

    def succeeded(self, _: Sequence[str]) -> bool:
        return self._status in ("Succeeded", "SucceededWithIssues")

    def succeeded_or_failed(self, _: Sequence[str]) -> bool:
        return self._status in ("Succeeded", "SucceededWithIssues", "Failed")


class _Graph:
    """Status functions over the results of earlier jobs or stages.

    Asked of the service: over {Succeeded, Skipped} succeeded() is False and succeededOrFailed()
    True; names narrow the set, ignore case, and an unknown name makes the answer False; an
    abandoned one leaves only always().
    """

    def __init__(self, status: Status, dependencies: Mapping[str, Dependency]) -> None:
        self._is_canceled = status.is_canceled
        results = status.results
        if results is None:
            results = {name: one.result for name, one in dependencies.items()}
        self._results = {name.lower(): result for name, result in results.items()}

    def canceled(self) -> bool:
        return self._is_canceled

    def failed(self, names: Sequence[str]) -> bool:
        chosen = self._chosen(names)
        return chosen is not None and not self._is_canceled and "Failed" in chosen

    def succeeded(self, names: Sequence[str]) -> bool:
        chosen = self._chosen(names)
        if chosen is None or self._is_canceled:
            return False
        return all(one in ("Succeeded", "SucceededWithIssues") for one in chosen)

    def succeeded_or_failed(self, names: Sequence[str]) -> bool:
        chosen = self._chosen(names)
        if chosen is None or self._is_canceled or "Abandoned" in chosen:
            return False
        return not chosen or any(
            one in ("Succeeded", "SucceededWithIssues", "Failed") for one in chosen
        )

    def _chosen(self, names: Sequence[str]) -> list[Result] | None:
        if not names:
            return list(self._results.values())
        if any(name.lower() not in self._results for name in names):
            return None
        return [self._results[name.lower()] for name in names]
