"""What `$[ ]` in a run's variables comes to: secrets stay secret, counters count once.

Knows: counters, the language. Must not know: where the variables come from, agents.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from shipway.azpipelines import runtime
from shipway.azpipelines.conditions import Dependency, StageDependencies
from shipway.azpipelines.plan import RunPlan
from shipway.azpipelines.runtime import Counter, RuntimeValueError
from shipway.devops import counters, predefined_variables, resource_context
from shipway.devops.runs import Run
from shipway.store.store import Store

# in the place of a secret, to see whether a value depends on it; nobody writes such a text
_UNLIKE = "\x00not this secret\x00"
# what says next to nothing of a secret, and would hide half of any log
_HARMLESS = frozenset(("", "true", "false"))
_SHORTEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVariable:
    """A variable as the run defines it; `value` may hold macros and runtime expressions."""

    name: str
    value: str
    is_secret: bool = False
    is_read_only: bool = False
    scope: str = ""
    """Whose block of variables it stands in: the pipeline's (empty), `Stage`, `Stage/Job`."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What an expression sees besides variables."""

    store: Store
    run: Run
    plan: RunPlan | None
    dependencies: Mapping[str, Dependency]
    stage_dependencies: StageDependencies
    secret_outputs: frozenset[str]

    def without_secrets(self) -> "_Moment":
        """The same, with something else in the place of each secret output."""

        def public(one: Dependency) -> Dependency:
            outputs = {
                name: _UNLIKE if value in self.secret_outputs else value
                for name, value in one.outputs.items()
            }
            return replace(one, outputs=outputs)

        return replace(
            self,
            dependencies={name: public(one) for name, one in self.dependencies.items()},
            stage_dependencies={
                stage: {name: public(one) for name, one in jobs.items()}
                for stage, jobs in self.stage_dependencies.items()
            },
        )


def resolved(
    store: Store,
    run: Run,
    variables: Sequence[RunVariable],
    *,
    plan: RunPlan | None = None,
    secret_outputs: Collection[str] = (),
    dependencies: Mapping[str, Dependency] | None = None,
    stage_dependencies: StageDependencies | None = None,
    is_lenient: bool = False,
) -> list[RunVariable]:
    """One variable for each name, the last that was given, its runtime expression evaluated.

    An expression sees the weaker layers, what its own block gives without an expression, and the
    expressions before it; with `plan` also `resources`. What comes of a secret, or of an output
    variable whose value is one of `secret_outputs`, is secret too.
    Raises `RuntimeValueError` naming the variable; with `is_lenient` it keeps its text instead.
    """
    hidden = frozenset(one for one in secret_outputs if one)
    moment = _Moment(store, run, plan, dependencies or {}, stage_dependencies or {}, hidden)
    found: dict[str, RunVariable] = {}
    for _, block in groupby(variables, key=lambda one: one.scope):
        last = {one.name.lower(): one for one in block}
        late = {n: v for n, v in last.items() if runtime.is_runtime_expression(v.value)}
        found |= {n: v for n, v in last.items() if n not in late}
        for name, variable in late.items():
            try:
                found[name] = _value(moment, variable, found)
            except RuntimeValueError as error:
                if not is_lenient:
                    raise RuntimeValueError(f"variable '{variable.name}': {error}") from None
                found[name] = variable
    return list(found.values())


def _value(moment: _Moment, variable: RunVariable, known: Mapping[str, RunVariable]) -> RunVariable:
    secrets = bool(moment.secret_outputs) or any(one.is_secret for one in known.values())
    value = _evaluated(moment, variable, {one.name: one.value for one in known.values()})
    is_secret = variable.is_secret
    if secrets and not _is_harmless(value):
        public = {one.name: _UNLIKE if one.is_secret else one.value for one in known.values()}
        other = _evaluated(moment.without_secrets(), variable, public)
        is_secret = is_secret or other != value
    return replace(variable, value=value, is_secret=is_secret)


def _is_harmless(value: str) -> bool:
    return value.lower() in _HARMLESS or len(value) < _SHORTEST


def _evaluated(moment: _Moment, variable: RunVariable, values: Mapping[str, str]) -> str:
    resources = None
    if moment.plan is not None and "resources" in variable.value.lower():
        resources = resource_context.of(moment.store, moment.run, moment.plan)
    return runtime.evaluate(
        variable.value,
        variables=values,
        dependencies=moment.dependencies,
        stage_dependencies=moment.stage_dependencies,
        pipeline={"startTime": predefined_variables.start_time(moment.run)},
        resources=resources,
        counter=_counter(moment, variable),
    )


def _counter(moment: _Moment, variable: RunVariable) -> Counter:
    """Counts for one variable: each call in its expression is a place of its own."""
    calls = 0

    def count(prefix: str, seed: int) -> int:
        nonlocal calls
        calls += 1
        return counters.take(
            moment.store, definition_id=moment.run.definition_id, run_id=moment.run.run_id,
            place=f"{variable.scope}/{variable.name.lower()}/{calls}", prefix=prefix, seed=seed,
        )  # fmt: skip

    return count
