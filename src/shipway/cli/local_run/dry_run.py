"""What a run would do, told without a server: stages, jobs and steps, and what would wait.

Everything that runs is taken to succeed. What only the server knows (checks, groups, variables of
the pipeline) is named, not guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shipway.azpipelines import forecast
from shipway.azpipelines.diagnostics import Diagnostic, Position
from shipway.azpipelines.forecast import Outcome
from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan, StepPlan, VariablePlan

_CONNECTIONS = (
    "azuresubscription", "connectedservicename", "connectedservicenamearm", "serviceconnection",
    "backendservicearm", "environmentservicenameazurerm", "containerregistry",
)  # fmt: skip
_PEOPLE = {"manualvalidation": "a person to resume it"}
_LONGEST = 48
_SET_BY_STEPS = ("build.", "system.", "agent.", "pipeline.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stage, job, hook or step as it would be; `waits` are what a person or a check gives."""

    kind: str
    name: str
    display_name: str
    outcome: Outcome = "runs"
    reason: str = ""
    after: tuple[str, ...] = ()
    task: str = ""
    facts: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    column: int = 0
    problem: str = ""
    children: tuple["Entry", ...] = field(default=())

    def to_wire(self) -> dict[str, Any]:
        """For `--json`; empty parts are left out."""
        body: dict[str, Any] = {
            "kind": self.kind, "name": self.name, "displayName": self.display_name,
            "outcome": self.outcome, "reason": self.reason, "after": list(self.after),
            "task": self.task, "facts": list(self.facts), "waits": list(self.waits),
            "file": self.file, "line": self.line, "column": self.column,
            "problem": self.problem, f"{_BELOW[self.kind]}": [c.to_wire() for c in self.children],
        }  # fmt: skip
        return {name: value for name, value in body.items() if value not in ("", [], 0)}

    def everything(self) -> Iterator["Entry"]:
        """Itself and all below."""
        yield self
        for one in self.children:
            yield from one.everything()


_BELOW = {"stage": "jobs", "job": "steps", "hook": "steps", "step": "steps"}


class Forecast:
    """Walks a plan. `problems` are what the agents here lack."""

    def __init__(
        self, plan: RunPlan, variables: Mapping[str, str], problems: Sequence[Diagnostic]
    ) -> None:
        self._plan = plan
        self._variables = _certain(plan.variables, dict(variables))
        self._problems = _by_step(plan, problems)

    def stages(self) -> list[Entry]:
        """Every stage in its order."""
        outcomes: dict[str, Outcome] = {}
        graph = {stage.name: stage.depends_on for stage in self._plan.stages}
        return [self._stage(stage, graph, outcomes) for stage in self._plan.stages]

    def _stage(
        self, stage: StagePlan, graph: Mapping[str, tuple[str, ...]], outcomes: dict[str, Outcome]
    ) -> Entry:
        variables = _certain(stage.variables, self._variables)
        before = {name: outcomes[name] for name in _ancestors(graph, stage.name)}
        verdict = forecast.forecast(stage.condition, variables=variables, before=before)
        outcomes[stage.name] = verdict
        of_jobs: dict[str, Outcome] = {}
        jobs_graph = {job.name: job.depends_on for job in stage.jobs}
        jobs = tuple(self._job(job, variables, jobs_graph, of_jobs) for job in stage.jobs)
        waits = ["somebody to start it (trigger: manual)"] if stage.trigger == "manual" else []
        waits += _guards(self._plan, stage)
        return Entry(
            kind="stage", name=stage.name, display_name=stage.display_name, outcome=verdict,
            reason=_reason(stage.condition, verdict), after=stage.depends_on, waits=tuple(waits),
            file=stage.position.file, line=stage.position.line, column=stage.position.column,
            children=jobs,
        )  # fmt: skip

    def _job(
        self, job: JobPlan, variables: Mapping[str, str], graph: Mapping[str, tuple[str, ...]],
        outcomes: dict[str, Outcome],
    ) -> Entry:  # fmt: skip
        known = _certain(job.variables, variables)
        before = {name: outcomes[name] for name in _ancestors(graph, job.name) if name in outcomes}
        verdict = forecast.forecast(job.condition, variables=known, before=before)
        outcomes[job.name] = verdict
        children = [self._step(step, known) for step in job.steps]
        for hook in job.hooks:
            steps = tuple(self._step(step, known) for step in hook.steps)
            children.append(
                Entry(kind="hook", name=hook.name, display_name=hook.name, children=steps)
            )
        return Entry(
            kind="job", name=job.name, display_name=job.display_name, outcome=verdict,
            reason=_reason(job.condition, verdict), after=job.depends_on, facts=_facts(job),
            file=job.position.file, line=job.position.line, column=job.position.column,
            children=tuple(children),
        )  # fmt: skip

    def _step(self, step: StepPlan, variables: Mapping[str, str]) -> Entry:
        # another step may have set a variable by then; these no step sets
        fixed = {n: v for n, v in variables.items() if n.lower().startswith(_SET_BY_STEPS)}
        verdict = forecast.forecast(step.condition, variables=fixed, before={})
        reason = _reason(step.condition, verdict)
        if not step.enabled:
            verdict, reason = "skipped", "it is disabled"
        at = step.position
        waits = [why for name, why in _PEOPLE.items() if step.task.name.lower() == name]
        return Entry(
            kind="step", name=step.ref_name, display_name=step.display_name, outcome=verdict,
            reason=reason, waits=tuple(waits) if verdict != "skipped" else (),
            task=str(step.task) if step.shorthand == "task" else step.shorthand,
            facts=_preview(step), file=at.file, line=at.line, column=at.column,
            problem=self._problems.get(at, ""),
        )  # fmt: skip


def _by_step(plan: RunPlan, problems: Sequence[Diagnostic]) -> dict[Position, str]:
    """Each problem by the place of the step in which it stands: the last one that begins before."""
    places = sorted(
        (one.position for stage in plan.stages for job in stage.jobs for one in steps_of(job)),
        key=lambda at: (at.file, at.line, at.column),
    )
    found: dict[Position, str] = {}
    for one in problems:
        around = [
            at for at in places
            if at.file == one.file and (at.line, at.column) <= (one.line, one.column)
        ]  # fmt: skip
        if around:
            found[around[-1]] = one.message
    return found


def steps_of(job: JobPlan) -> list[StepPlan]:
    """All steps of a job, those of its hooks too."""
    return [*job.steps, *(step for hook in job.hooks for step in hook.steps)]


def _preview(step: StepPlan) -> tuple[str, ...]:
    """The first line of a script that has no name of its own."""
    if step.display_name not in ("CmdLine", "Bash", "PowerShell", "AzureCLI"):
        return ()
    for name in ("script", "inlineScript"):
        lines = [line.strip() for line in step.inputs.get(name, "").splitlines() if line.strip()]
        if lines:
            cut = lines[0] if len(lines[0]) <= _LONGEST else f"{lines[0][: _LONGEST - 1]}…"
            return (cut + (" …" if len(lines) > 1 else ""),)
    return ()


def _certain(block: Sequence[VariablePlan], around: Mapping[str, str]) -> dict[str, str]:
    """Variables whose value is written; a group may hide any that is not the system's own."""
    found = dict(around)
    for one in block:
        if one.group is not None:
            found = {n: v for n, v in found.items() if n.lower().startswith(_SET_BY_STEPS)}
            continue
        same = [name for name in found if name.lower() == one.name.lower()]
        for name in same:
            del found[name]
        if "$(" not in one.value and "$[" not in one.value:
            found[one.name] = one.value
    return found


def _reason(condition: str | None, verdict: Outcome) -> str:
    if verdict == "runs":
        return ""
    if not condition:
        return "what it depends on is skipped" if verdict == "skipped" else ""
    return f"its condition is false: {condition}" if verdict == "skipped" else f"if {condition}"


def _ancestors(graph: Mapping[str, tuple[str, ...]], name: str) -> list[str]:
    found: list[str] = []
    waiting = list(graph[name])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.append(one)
            waiting += graph.get(one, ())
    return found


def _guards(plan: RunPlan, stage: StagePlan) -> list[str]:
    """The resources of a stage on which checks may stand."""
    found: list[str] = []
    for job in stage.jobs:
        if job.environment is not None:
            found.append(f"the checks of environment '{job.environment.name}'")
        found += [
            f"the checks of service connection '{value}'"
            for step in steps_of(job)
            for name, value in step.inputs.items()
            if name.lower() in _CONNECTIONS and value
        ]
    blocks = [plan.variables, stage.variables, *(job.variables for job in stage.jobs)]
    groups = [one.group for block in blocks for one in block if one.group]
    found += [f"the checks of variable group '{name}'" for name in groups]
    if stage.lock_behavior or plan.lock_behavior:
        found.append("an exclusive lock, if one of these has it")
    return list(dict.fromkeys(found))


def _facts(job: JobPlan) -> tuple[str, ...]:
    found: list[str] = []
    if job.kind == "deployment":
        found.append(f"deployment, {job.deployment_strategy or 'runOnce'}")
    if job.pool.is_server:
        found.append("agentless")
    if job.fan_out is not None:
        legs = ", ".join(leg.name for leg in job.fan_out.legs)
        kind = job.fan_out.kind
        found.append(f"{kind}: {legs or 'known when it runs'}")
    if job.container is not None:
        found.append(f"in container {job.container.alias or job.container.image}")
    found += [f"with service {name}" for name in job.services]
    return tuple(found)
