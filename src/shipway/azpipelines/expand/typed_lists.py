"""Steps, jobs and stages that are handed over: judged whole when they are, as on Azure.

What is wrong deep inside makes the parameter wrong, and is told beside it.
"""

from shipway.azpipelines.context import CompileContext
from shipway.azpipelines.convert import jobs, stages, steps
from shipway.azpipelines.convert.jobs import Surroundings
from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.diagnostics import Diagnostic, Problems
from shipway.azpipelines.plan import PoolPlan
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Token

_SHAPE = (
    "unexpected-value", "expected-mapping", "expected-sequence", "expected-scalar",
    "empty-mapping", "not-a-boolean", "duplicate-key",
)  # fmt: skip
"""Codes of what does not fit the form; names and graphs are judged with the whole pipeline."""


def faults(token: Token, kind: str) -> tuple[Diagnostic, ...]:
    """What does not fit in a list of `steps`, `jobs` or `stages`."""
    problems = Problems()
    setting = Setting(
        reader=Reader(problems),
        context=CompileContext(refuse=frozenset()),
        repositories=(),
        containers=(),
    )
    pool = PoolPlan()
    if kind == "steps":
        steps.convert(token, setting, job_name="")
    elif kind == "jobs":
        jobs.convert(token, setting, Surroundings(stage_name="", pool=pool, variables=()))
    else:
        stages.convert(token, setting, pool=pool, root_variables=())
    return tuple(one for one in problems.result() if one.code in _SHAPE)
