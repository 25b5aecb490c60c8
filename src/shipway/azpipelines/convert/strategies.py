"""`strategy:` of ordinary jobs: matrix and parallel."""

import re

from shipway.azpipelines import limits
from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.plan import FanOut, LegPlan
from shipway.azpipelines.tokens import Mapping, Scalar, Token, is_empty

_LEG = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


def convert(token: Token | None, setting: Setting) -> FanOut | None:
    """Legs or slices; None for a job that runs once."""
    reader = setting.reader
    body = reader.mapping(token, allowed=("matrix", "parallel", "maxParallel"))
    if body is None:
        return None
    matrix, parallel = body.get("matrix"), body.get("parallel")
    if matrix is not None and parallel is not None:
        key = body.key("parallel")
        setting.problems.error(
            "matrix-and-parallel",
            "Unexpected value 'parallel'",
            key.position if key else body.position,
            hint="A job has either a matrix or parallel.",
        )
        return None
    maximum = reader.whole(body, "maxParallel", default=0)
    if parallel is not None:
        return _parallel(body, setting)
    if matrix is None or is_empty(matrix):
        return None
    if isinstance(matrix, Scalar):
        return _late_matrix(matrix, maximum, setting)
    return FanOut(kind="matrix", legs=_legs(matrix, setting), max_parallel=maximum)


def _late_matrix(matrix: Scalar, maximum: int, setting: Setting) -> FanOut | None:
    if not matrix.text.lstrip().startswith("$["):
        setting.problems.error("expected-mapping", "A scalar was not expected", matrix.position)
        return None
    return FanOut(kind="matrix", matrix_expression=matrix.text, max_parallel=maximum)


def _parallel(body: Mapping, setting: Setting) -> FanOut | None:
    token = body.get("parallel")
    count = setting.reader.whole(body, "parallel", default=1)
    if count > limits.MAX_MATRIX_LEGS and token is not None:
        setting.problems.error(
            "too-many-legs", f"A job runs at most {limits.MAX_MATRIX_LEGS} times", token.position
        )
        return None
    return FanOut(
        kind="parallel", legs=tuple(LegPlan(name=str(one + 1)) for one in range(max(count, 1)))
    )


def _legs(token: Token, setting: Setting) -> tuple[LegPlan, ...]:
    body = setting.reader.mapping(token, allowed=None)
    legs: list[LegPlan] = []
    for entry in body.entries if body else ():
        name = entry.key.text
        if not _LEG.match(name) or len(name) > limits.MAX_NAME_LENGTH:
            # the documents forbid it, pipelines that run on the service do it
            setting.problems.warning(
                "invalid-name",
                f"The matrix name '{name}' should hold letters, digits and '_' alone and begin "
                "with a letter",
                entry.key.position,
                hint="Outputs of the job are read under this name.",
            )
        legs.append(LegPlan(name=name, variables=setting.reader.text_map(entry.value)))
    if len(legs) > limits.MAX_MATRIX_LEGS:
        setting.problems.error(
            "too-many-legs", f"A matrix has at most {limits.MAX_MATRIX_LEGS} legs", token.position
        )
    return tuple(legs)
