"""Dependencies: names that exist, no cycles, an order in which each follows what it needs."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shipway.azpipelines.diagnostics import Position, Problems, did_you_mean
from shipway.azpipelines.plan import IMPLIED_STAGE, JobPlan, RunPlan, StagePlan

Places = Mapping[tuple[str, ...], Position]


def check(plan: RunPlan, *, places: Places, problems: Problems) -> RunPlan:
    """The plan with dependencies in their declared spelling and stages and jobs in order."""
    _check_unique(plan.stages, problems)
    names = {one.name.lower(): one.name for one in plan.stages}
    stages = tuple(replace(one, depends_on=_spelled(one.depends_on, names)) for one in plan.stages)
    edges = {one.name: one.depends_on for one in stages}
    if stages and all(edges.values()):
        problems.error(
            "no-first-stage",
            "The pipeline must contain at least one stage with no dependencies.",
            stages[0].position,
            shown="message",
        )
        return plan
    cycles = _cycles(edges)
    for one in stages:
        _check_stage(one, cycles, places, problems)
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
                shown="message",
            )
        seen.add(one.name.lower())


def _check_stage(
    stage: StagePlan, cycles: Mapping[str, int], places: Places, problems: Problems
) -> None:
    for needed in stage.depends_on:
        where = places.get((stage.name, needed.lower()), stage.position)
        if needed not in cycles:
            problems.error(
                "unknown-dependency",
                f"Stage {stage.name} depends on unknown stage {needed}.",
                where,
                hint=did_you_mean(needed, cycles),
                shown="message",
            )
        elif cycles[needed] == cycles[stage.name]:
            problems.error(
                "dependency-cycle",
                f"Stage {stage.name} depends on stage {needed} which creates a cycle in the "
                "dependency graph.",
                where,
                shown="message",
            )


def _checked_jobs(stage: StagePlan, places: Places, problems: Problems) -> StagePlan:
    names = {one.name.lower(): one.name for one in stage.jobs}
    jobs = tuple(replace(one, depends_on=_spelled(one.depends_on, names)) for one in stage.jobs)
    edges = {one.name: one.depends_on for one in jobs}
    if jobs and all(edges.values()):
        problems.error(
            "no-first-job",
            f"{_owner(stage)} must contain at least one job with no dependencies.",
            jobs[0].position,
            shown="message",
        )
        return stage
    cycles = _cycles(edges)
    for one in jobs:
        _check_job(stage, one, cycles, places, problems)
    by_name = {one.name: one for one in jobs}
    return replace(stage, jobs=tuple(by_name[name] for name in _order(edges)))


def _check_job(
    stage: StagePlan,
    job: JobPlan,
    cycles: Mapping[str, int],
    places: Places,
    problems: Problems,
) -> None:
    for needed in job.depends_on:
        where = places.get((stage.name, job.name, needed.lower()), job.position)
        if needed not in cycles:
            problems.error(
                "unknown-dependency",
                f"{_shown(stage, job)} depends on unknown job {needed}.",
                where,
                hint=did_you_mean(needed, cycles),
                shown="message",
            )
        elif cycles[needed] == cycles[job.name]:
            problems.error(
                "dependency-cycle",
                f"{_shown(stage, job)} depends on job {needed} which creates a "
                "cycle in the dependency graph.",
                where,
                shown="message",
            )


def _owner(stage: StagePlan) -> str:
    return "The pipeline" if stage.name == IMPLIED_STAGE else f"Stage {stage.name}"


def _shown(stage: StagePlan, job: JobPlan) -> str:
    """A job as messages name it: the stage that nobody wrote is not mentioned."""
    if stage.name == IMPLIED_STAGE:
        return f"Job {job.name}"
    return f"Stage {stage.name} job {job.name}"


def _spelled(needed: Sequence[str], declared: Mapping[str, str]) -> tuple[str, ...]:
    spelled = (declared.get(one.lower(), one) for one in needed if one)
    return tuple(dict.fromkeys(spelled))


def _cycles(edges: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Name to the number of its strongly connected component (Tarjan, without recursion).

    An edge is part of a cycle when both its ends have the same number.
    """
    component: dict[str, int] = {}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    for root in edges:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        path.append(root)
        work = [(root, iter(edges[root]))]
        while work:
            name, needed = work[-1]
            following = next((one for one in needed if one in edges and one not in component), None)
            if following is None:
                work.pop()
                _close(name, index, low, path, component)
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
            elif following in index:
                low[name] = min(low[name], index[following])
            else:
                index[following] = low[following] = len(index)
                path.append(following)
                work.append((following, iter(edges[following])))
    return component


def _close(
    name: str,
    index: Mapping[str, int],
    low: Mapping[str, int],
    path: list[str],
    component: dict[str, int],
) -> None:
    """Number the component whose first member is `name`, if it is one."""
    if low[name] != index[name]:
        return
    while True:
        member = path.pop()
        component[member] = index[name]
        if member == name:
            return


def _order(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Document order, each after what it needs; members of cycles come last."""
    rank = {name: number for number, name in enumerate(edges)}
    missing = {name: sum(one in edges for one in needed) for name, needed in edges.items()}
    waiting_for: dict[str, list[str]] = {}
    for name, needed in edges.items():
        for one in needed:
            waiting_for.setdefault(one, []).append(name)
    ready = [rank[name] for name, count in missing.items() if not count]
    names = list(edges)
    done: list[str] = []
    while ready:
        name = names[heapq.heappop(ready)]
        done.append(name)
        for one in waiting_for.get(name, ()):
            missing[one] -= 1
            if not missing[one]:
                heapq.heappush(ready, rank[one])
    return [*done, *(name for name in names if missing[name])]
