"""The words of expressions that are evaluated while a run goes on: conditions and `$[ ]`."""

from shipway.azpipelines.expr.functions.spec import MANY, Arguments, FunctionSpec
from shipway.azpipelines.expr.functions.table import FUNCTIONS
from shipway.azpipelines.expr.parser import Dialect
from shipway.azpipelines.expr.values import EvaluationError, Value

NAMES = frozenset({"variables", "dependencies", "stageDependencies", "pipeline", "resources"})
STATUS_NAMES = ("always", "canceled", "failed", "succeeded", "succeededOrFailed")


def _without_run(_: Arguments) -> Value:
    raise EvaluationError("this function needs a run")


CONDITION = Dialect(
    functions={
        **FUNCTIONS,
        **{
            name.lower(): FunctionSpec(
                name, 0, 0 if name in ("always", "canceled") else MANY, _without_run
            )
            for name in STATUS_NAMES
        },
    },
    names=NAMES,
)
"""Words of `condition:`; the status functions get their meaning when a condition is evaluated."""

VARIABLE = Dialect(
    functions={**FUNCTIONS, "counter": FunctionSpec("counter", 0, 2, _without_run)}, names=NAMES
)
"""Words of `$[ ]`; only here `counter` is known."""
