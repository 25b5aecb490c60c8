"""What becomes known while a run goes on: variables, late values, matrix legs.

`$[ expression ]` is evaluated when a job starts, `$(macro)` before each step (`macros`).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from shipway.azpipelines import limits, macros
from shipway.azpipelines.conditions import Dependency, StageDependencies, contexts
from shipway.azpipelines.expr import evaluator, parser
from shipway.azpipelines.expr.functions.spec import Arguments, FunctionSpec
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.expr.values import EvaluationError, Value, to_number, to_text
from shipway.azpipelines.plan import JobPlan, LegPlan, StepPlan, VariablePlan
from shipway.azpipelines.reader import boolean_of
from shipway.azpipelines.runtime_words import VARIABLE

Counter = Callable[[str, int], int]
"""Next value of `counter(prefix, seed)`; kept by the caller, per pipeline and prefix."""


class RuntimeValueError(Exception):
    """A value that is known at run time only cannot be made; the text says why."""


def is_runtime_expression(text: str) -> bool:
    """Whether the whole text is one `$[ ... ]`."""
    stripped = text.strip()
    return stripped.startswith("$[") and stripped.endswith("]")


def evaluate(
    text: str,
    *,
    variables: Mapping[str, str],
    dependencies: Mapping[str, Dependency] | None = None,
    stage_dependencies: StageDependencies | None = None,
    pipeline: Mapping[str, str] | None = None,
    resources: Value = None,
    counter: Counter | None = None,
) -> str:
    """The value of `$[ ... ]` as text; any other text is given back as it is.

    `pipeline` holds `startTime`; without it the variables say when the run began. `resources` is
    what `resource_context` makes. Raises `RuntimeValueError`.
    """
    if not is_runtime_expression(text):
        return text
    functions = {**VARIABLE.functions, "counter": _counter_function(counter)}
    values = contexts(variables, dependencies, stage_dependencies)
    if pipeline is not None:
        values["pipeline"] = dict(pipeline)
    values["resources"] = resources
    try:
        tree = parser.parse(text.strip()[2:-1].strip(), VARIABLE)
        return to_text(evaluator.value_of(tree, functions=functions, contexts=values))
    except (ExpressionSyntaxError, EvaluationError) as error:
        raise RuntimeValueError(str(error)) from error


def variables_of(
    plans: Iterable[VariablePlan], groups: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """The values of a `variables:` block in order, groups in their place, last one wins.

    Names ignore case and keep their first spelling. Raises `RuntimeValueError` for a group that
    is not there.
    """
    by_name = {name.lower(): values for name, values in groups.items()}
    found: dict[str, tuple[str, str]] = {}
    for plan in plans:
        if plan.group is None:
            found[plan.name.lower()] = (_spelling(found, plan.name), plan.value)
            continue
        if plan.group.lower() not in by_name:
            raise RuntimeValueError(f"Variable group {plan.group} could not be found.")
        for name, value in by_name[plan.group.lower()].items():
            found[name.lower()] = (_spelling(found, name), value)
    return dict(found.values())


def overlaid(*layers: Mapping[str, str]) -> dict[str, str]:
    """Layers from the outermost to the innermost as one set; names ignore case.

    Order for a job: UI and queue time, root, stage, job, matrix leg, system variables.
    """
    found: dict[str, tuple[str, str]] = {}
    for layer in layers:
        for name, value in layer.items():
            found[name.lower()] = (_spelling(found, name), value)
    return dict(found.values())


def resolve_job(job: JobPlan, variables: Mapping[str, str]) -> JobPlan:
    """The job with its late values (`timeoutInMinutes: $[ ... ]`) filled in.

    Raises `RuntimeValueError` for a value that is no number or boolean.
    """
    if not job.runtime_values:
        return job
    late = {key: _resolved(text, variables) for key, text in job.runtime_values.items()}
    return replace(
        job,
        timeout_in_minutes=_whole(late, "timeoutInMinutes", job.timeout_in_minutes),
        cancel_timeout_in_minutes=_whole(
            late, "cancelTimeoutInMinutes", job.cancel_timeout_in_minutes
        ),
        continue_on_error=_boolean(late, "continueOnError", job.continue_on_error),
        runtime_values={},
    )


def resolve_step(step: StepPlan, variables: Mapping[str, str]) -> StepPlan:
    """The step with its late values filled in. Raises `RuntimeValueError`."""
    if not step.runtime_values:
        return step
    late = {key: _resolved(text, variables) for key, text in step.runtime_values.items()}
    return replace(
        step,
        enabled=_boolean(late, "enabled", step.enabled),
        continue_on_error=_boolean(late, "continueOnError", step.continue_on_error),
        timeout_in_minutes=_whole(late, "timeoutInMinutes", step.timeout_in_minutes),
        retry_count=_whole(late, "retryCountOnTaskFailure", step.retry_count),
        runtime_values={},
    )


def matrix_legs(text: str) -> tuple[LegPlan, ...]:
    """The legs of a matrix whose JSON was made at run time. Raises `RuntimeValueError`."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise RuntimeValueError(f"The matrix is not JSON: {error}") from error
    if not isinstance(body, dict) or not all(isinstance(one, dict) for one in body.values()):
        raise RuntimeValueError("The matrix is not an object of objects")
    if len(body) > limits.MAX_MATRIX_LEGS:
        raise RuntimeValueError(f"A matrix has at most {limits.MAX_MATRIX_LEGS} legs")
    return tuple(
        LegPlan(name=name, variables={key: _plain(value) for key, value in leg.items()})
        for name, leg in body.items()
    )


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    return value if isinstance(value, str) else json.dumps(value)


def _spelling(found: Mapping[str, tuple[str, str]], name: str) -> str:
    return found[name.lower()][0] if name.lower() in found else name


def _resolved(text: str, variables: Mapping[str, str]) -> str:
    return evaluate(macros.expand(text, variables), variables=variables)


def _whole(late: Mapping[str, str], key: str, default: int) -> int:
    text = late.get(key, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise RuntimeValueError(f"'{key}' is no whole number: '{text}'")
    return int(text)


def _boolean(late: Mapping[str, str], key: str, default: bool) -> bool:
    text = late.get(key, "")
    if not text:
        return default
    value = boolean_of(text)
    if value is None:
        raise RuntimeValueError(f"'{key}' is neither true nor false: '{text}'")
    return value


def _counter_function(counter: Counter | None) -> FunctionSpec:
    def evaluate_counter(arguments: Arguments) -> Value:
        if counter is None:
            raise EvaluationError("counter() can only define a variable of a run")
        prefix = to_text(arguments.value(0)) if len(arguments) else ""
        seed = int(to_number(arguments.value(1))) if len(arguments) > 1 else 0
        return to_text(str(counter(prefix, seed)))

    return FunctionSpec("counter", 1, 2, evaluate_counter)
