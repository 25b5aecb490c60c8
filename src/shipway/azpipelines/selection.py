"""A part of a plan: some of its stages and jobs, the rest taken out as if it were not written.

What depends on something that is left out depends on what that depended on, so the order stays.
Nothing is known of a left-out stage or job when a condition is evaluated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shipway.azpipelines.diagnostics import Position, did_you_mean
from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan

_IMPLIED = "__default"


class SelectionError(ValueError):
    """A name that is in no plan; `hint` has those that are."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What stays, and the names of what does not: `Stage` or `Stage.Job`, in the plan's order.

    `places` are where stages, jobs and steps stand, in the order of each file's lines, and
    whether the one there stays.
    """

    plan: RunPlan
    left_out: tuple[str, ...] = ()
    places: Mapping[str, tuple[tuple[int, int, bool], ...]] = field(default_factory=dict)

    def covers(self, file: str, line: int, column: int) -> bool:
        """Whether what stands there belongs to what stays, or to all of the pipeline."""
        found = True
        for at_line, at_column, stays in self.places.get(file, ()):
            if (at_line, at_column) > (line, column):
                break
            found = stays
        return found


def select(plan: RunPlan, *, stages: Sequence[str] = (), jobs: Sequence[str] = ()) -> Selection:
    """The plan with these stages (none given: all) and in them these jobs (none given: all).

    A stage or job is called by its name or what is shown for it; a job also `Stage.Job`. A stage
    without one of the jobs asked for is left out; one with `trigger: manual` that is asked for
    starts by itself. Raises `SelectionError` for an unknown name.
    """
    kept_stages = _named_stages(plan, stages)
    kept_jobs = _named_jobs(plan, kept_stages, jobs)
    kept = {stage: names for stage, names in kept_jobs.items() if names}
    left_out: list[str] = []
    made: list[StagePlan] = []
    for stage in plan.stages:
        if stage.name not in kept:
            left_out.append(stage.name)
            continue
        before = "" if stage.name == _IMPLIED else f"{stage.name}."
        left_out += [f"{before}{j.name}" for j in stage.jobs if j.name not in kept[stage.name]]
        depends_on = _depends_on(stage.name, {s.name: s.depends_on for s in plan.stages}, kept)
        made.append(
            replace(
                stage, depends_on=depends_on, jobs=_jobs(stage.jobs, kept[stage.name]),
                # who asks for a stage by its name has started it by hand
                trigger="automatic" if stages or jobs else stage.trigger,
            )
        )  # fmt: skip
    return Selection(
        plan=replace(plan, stages=tuple(made)), left_out=tuple(left_out),
        places=_places(plan.stages, kept),
    )  # fmt: skip


def _places(
    stages: Sequence[StagePlan], kept: Mapping[str, set[str]]
) -> dict[str, tuple[tuple[int, int, bool], ...]]:
    """A template that is used twice stays where one of its uses does."""
    found: dict[str, dict[tuple[int, int], bool]] = {}

    def note(at: Position, *, stays: bool) -> None:
        of_file = found.setdefault(at.file, {})
        of_file[at.line, at.column] = of_file.get((at.line, at.column), False) or stays

    for stage in stages:
        note(stage.position, stays=stage.name in kept)
        for job in stage.jobs:
            stays = job.name in kept.get(stage.name, ())
            note(job.position, stays=stays)
            for step in (*job.steps, *(one for hook in job.hooks for one in hook.steps)):
                note(step.position, stays=stays)
    return {
        file: tuple((line, column, stays) for (line, column), stays in sorted(of_file.items()))
        for file, of_file in found.items()
    }


def _named_stages(plan: RunPlan, asked: Sequence[str]) -> set[str]:
    if not asked:
        return {stage.name for stage in plan.stages}
    found: set[str] = set()
    for name in asked:
        same = [s.name for s in plan.stages if _is_called(name, s.name, s.display_name)]
        if not same:
            raise _unknown("stage", name, [stage.name for stage in plan.stages])
        found.update(same)
    return found


def _named_jobs(plan: RunPlan, stages: set[str], asked: Sequence[str]) -> dict[str, set[str]]:
    chosen = [stage for stage in plan.stages if stage.name in stages]
    if not asked:
        return {stage.name: {job.name for job in stage.jobs} for stage in chosen}
    found: dict[str, set[str]] = {stage.name: set() for stage in chosen}
    for name in asked:
        same = [
            (stage.name, job.name)
            for stage in chosen
            for job in stage.jobs
            if _is_called(name, job.name, job.display_name, f"{stage.name}.{job.name}")
        ]
        if not same:
            raise _unknown("job", name, [job.name for stage in chosen for job in stage.jobs])
        for stage_name, job_name in same:
            found[stage_name].add(job_name)
    return found


def _jobs(jobs: Sequence[JobPlan], kept: set[str]) -> tuple[JobPlan, ...]:
    graph = {job.name: job.depends_on for job in jobs}
    return tuple(
        replace(job, depends_on=_depends_on(job.name, graph, kept))
        for job in jobs
        if job.name in kept
    )


def _depends_on(
    name: str, graph: Mapping[str, tuple[str, ...]], kept: Mapping[str, object] | set[str]
) -> tuple[str, ...]:
    """What stays of the dependencies; instead of what does not, what stands behind it."""
    found: list[str] = []
    waiting = list(graph[name])
    seen: set[str] = set()
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        if one in kept:
            found.append(one)
        else:
            waiting += graph.get(one, ())
    return tuple(found)


def _is_called(asked: str, *names: str) -> bool:
    return asked.strip().lower() in {name.lower() for name in names if name}


def _unknown(kind: str, name: str, known: Sequence[str]) -> SelectionError:
    near = did_you_mean(name, known)
    listed = f"{kind.capitalize()}s: {', '.join(dict.fromkeys(known))}."
    return SelectionError(f"there is no {kind} '{name}'", f"{near} {listed}".strip())
