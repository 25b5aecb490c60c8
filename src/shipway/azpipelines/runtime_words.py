"""The words of expressions that are evaluated while a run goes on: conditions and `$[ ]`."""

from shipway.azpipelines.expr.functions.spec import MANY, Arguments, FunctionSpec
from shipway.azpipelines.expr.functions.table import FUNCTIONS
from shipway.azpipelines.expr.parser import Dialect
from shipway.azpipelines.expr.values import EvaluationError, Value

STATUS_NAMES = ("always", "canceled", "failed", "succeeded", "succeededOrFailed")


def _without_run(_: Arguments) -> Value:
    raise EvaluationError("this function needs a run")


def _status(most: int) -> dict[str, FunctionSpec]:
    """The status functions; they get their meaning when a condition is evaluated."""
    return {
        name.lower(): FunctionSpec(
            name, 0, 0 if name in ("always", "canceled") else most, _without_run
        )
        for name in STATUS_NAMES
    }


CONDITION = Dialect(
    functions={**FUNCTIONS, **_status(MANY)},
    names=frozenset({"variables", "dependencies", "stageDependencies", "pipeline"}),
)
"""Words of the `condition:` of a stage or job."""

STEP_CONDITION = Dialect(functions={**FUNCTIONS, **_status(0)}, names=frozenset({"variables"}))
"""Words of the `condition:` of a step, which its agent evaluates."""

_COUNTING = {**FUNCTIONS, "counter": FunctionSpec("counter", 1, 2, _without_run)}

ROOT_VARIABLE = Dialect(
    functions=_COUNTING, names=frozenset({"variables", "pipeline", "resources"})
)
"""Words of `$[ ]` in the variables of the whole pipeline; only in variables `counter` is known."""

VARIABLE = Dialect(
    functions=_COUNTING,
    names=frozenset({"variables", "pipeline", "resources", "dependencies", "stageDependencies"}),
)
"""Words of `$[ ]` in the variables of a stage or job."""
