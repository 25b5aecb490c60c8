"""Dependencies: names that exist, no cycles, an order in which each follows what it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shipway.azpipelines.diagnostics import Position, Problems, did_you_mean
from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan

Places = Mapping[tuple[str, ...], Position]


def check(plan: RunPlan, *, places: Places, problems: Problems) -> RunPlan:
    """The plan with dependencies in their declared spelling and stages and jobs in order."""
    _check_unique(plan.stages, problems)
    stages = tuple(_with_names(one, [s.name for s in plan.stages]) for one in plan.stages)
    edges = {one.name: one.depends_on for one in stages}
    if stages and all(edges.values()):
        problems.error(
            "no-first-stage",
            "The pipeline must contain at least one stage with no dependencies.",
            stages[0].position,
        )
        return plan
    for one in stages:
        _check_stage(one, edges, places, problems)
    order = _order(edges)
    by_name = {one.name: one for one in stages}
    ordered = tuple(_checked_jobs(by_name[name], places, problems) for name in order)
    return replace(plan, stages=ordered)


def _check_unique(stages: Sequence[StagePlan], problems: Problems) -> None:
    seen: set[str] = set()
    for one in stages:
        if one.name.lower() in seen:
            problems.error(
                "duplicate-name",
                f"The stage name {one.name} appears more than once. Stage names must be unique "
                "within a pipeline.",
                one.position,
            )
        seen.add(one.name.lower())


def _check_stage(
    stage: StagePlan, edges: Mapping[str, Sequence[str]], places: Places, problems: Problems
) -> None:
    for needed in stage.depends_on:
        where = places.get((stage.name, needed.lower()), stage.position)
        if needed not in edges:
            problems.error(
                "unknown-dependency",
                f"Stage {stage.name} depends on unknown stage {needed}.",
                where,
                hint=did_you_mean(needed, edges),
            )
        elif _reaches(edges, needed, stage.name):
            problems.error(
                "dependency-cycle",
                f"Stage {stage.name} depends on stage {needed} which creates a cycle in the "
                "dependency graph.",
                where,
            )


def _checked_jobs(stage: StagePlan, places: Places, problems: Problems) -> StagePlan:
    names = [one.name for one in stage.jobs]
    jobs = tuple(_with_job_names(one, names) for one in stage.jobs)
    edges = {one.name: one.depends_on for one in jobs}
    if jobs and all(edges.values()):
        problems.error(
            "no-first-job",
            f"Stage {stage.name} must contain at least one job with no dependencies.",
            jobs[0].position,
        )
        return stage
    for one in jobs:
        _check_job(stage, one, edges, places, problems)
    by_name = {one.name: one for one in jobs}
    return replace(stage, jobs=tuple(by_name[name] for name in _order(edges)))


def _check_job(
    stage: StagePlan,
    job: JobPlan,
    edges: Mapping[str, Sequence[str]],
    places: Places,
    problems: Problems,
) -> None:
    for needed in job.depends_on:
        where = places.get((stage.name, job.name, needed.lower()), job.position)
        if needed not in edges:
            problems.error(
                "unknown-dependency",
                f"Stage {stage.name} job {job.name} depends on unknown job {needed}.",
                where,
                hint=did_you_mean(needed, edges),
            )
        elif _reaches(edges, needed, job.name):
            problems.error(
                "dependency-cycle",
                f"Stage {stage.name} job {job.name} depends on job {needed} which creates a "
                "cycle in the dependency graph.",
                where,
            )


def _with_names(stage: StagePlan, names: Sequence[str]) -> StagePlan:
    return replace(stage, depends_on=_spelled(stage.depends_on, names))


def _with_job_names(job: JobPlan, names: Sequence[str]) -> JobPlan:
    return replace(job, depends_on=_spelled(job.depends_on, names))


def _spelled(needed: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    declared = {name.lower(): name for name in names}
    spelled = (declared.get(one.lower(), one) for one in needed if one)
    return tuple(dict.fromkeys(spelled))


def _reaches(edges: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting.extend(edges.get(name, ()))
    return False


def _order(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Document order, each after what it needs; members of cycles come last."""
    done: list[str] = []
    left = list(edges)
    while left:
        ready = next(
            (name for name in left if all(one in done or one not in edges for one in edges[name])),
            left[0],
        )
        left.remove(ready)
        done.append(ready)
    return done
