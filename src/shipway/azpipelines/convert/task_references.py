"""Whether the task that a step names exists, and whether it may run where its job does."""

import re
from collections.abc import Iterator

from shipway.azpipelines.context import CompileContext
from shipway.azpipelines.diagnostics import Position, Problems, did_you_mean
from shipway.azpipelines.plan import JobPlan, RunPlan, StepPlan, TaskReference

_MOST_VERSIONS = 10
_QUALIFIERS = 3
"""`publisher.extension.contribution.Task` has so many dots."""
_TITLES = {
    "checkout": "Checkout",
    "download": "DownloadPipelineArtifact",
    "publish": "PublishPipelineArtifact",
}
"""The tasks that stand behind shorthands under an id."""


def check_known(
    task: TaskReference,
    context: CompileContext,
    problems: Problems,
    where: Position,
    *,
    job_name: str,
    step_name: str,
) -> None:
    """Record a task that the service would not find, in its words, which have no place."""
    known = context.known_tasks
    if known is None:
        return
    major = int(task.version.partition(".")[0])
    if major in known.get(task.name, ()):
        return
    wanted = {task.name.lower(), task.name.rpartition(".")[2].lower()}
    matching = [majors for name, majors in known.items() if name.lower() in wanted]
    if any(major in majors for majors in matching):
        return
    if not matching and context.qualified_tasks_exist and task.name.count(".") >= _QUALIFIERS:
        return
    if matching:
        versions = sorted({one for majors in matching for one in majors})[:_MOST_VERSIONS]
        hint = f"Known versions: {', '.join(f'{task.name}@{one}' for one in versions)}."
    else:
        initial = task.name[:1].lower()
        hint = did_you_mean(task.name, (one for one in known if one[:1].lower() == initial))
    reason = context.task_reasons.get(task.name.rpartition(".")[2].lower(), "")
    advice = (hint, reason, context.missing_task_hint.replace("TASK", str(task)))
    problems.error(
        "unknown-task",
        f"A task is missing. The pipeline references a task called '{task.name}'. This usually "
        "indicates the task isn't installed, and you may be able to install it from the "
        f"Marketplace: https://marketplace.visualstudio.com. (Task version {task.version}, "
        f"job '{job_name}', step '{step_name}'.)",
        where,
        hint=" ".join(part for part in advice if part),
        shown="message",
    )


def check_targets(plan: RunPlan, context: CompileContext, problems: Problems) -> None:
    """Record each task of a job on agents that only a server runs, and the other way round."""
    if not context.task_targets:
        return
    for stage in plan.stages:
        for job in stage.jobs:
            for step, on_server in _steps(job):
                _check_target(step, job, context, problems, on_server=on_server)


def _steps(job: JobPlan) -> Iterator[tuple[StepPlan, bool]]:
    for step in job.steps:
        yield step, job.pool.is_server
    for hook in job.hooks:
        for step in hook.steps:
            yield step, hook.pool.is_server


def _check_target(
    step: StepPlan, job: JobPlan, context: CompileContext, problems: Problems, *, on_server: bool
) -> None:
    name = step.task.name.rpartition(".")[2]
    target = context.task_targets.get(f"{name.lower()}@{step.task.version.partition('.')[0]}")
    if target is None or (target.server if on_server else target.agent):
        return
    places = ["an agentless job (pool: server)"] if target.server else []
    places += ["a job on an agent"] if target.agent else []
    problems.error(
        "task-target",
        f"Job {job.name}: Step {_given_name(step)} references task "
        f"'{_TITLES.get(step.shorthand, name)}' at version "
        f"'{target.version}' which is not valid for the given job target.",
        step.position,
        hint=f"{step.task} runs in {' or '.join(places)}." if places else "",
        shown="message",
    )


def _given_name(step: StepPlan) -> str:
    """The step's `name:`; empty for a name that was made up from its task."""
    title = _TITLES.get(step.shorthand, step.task.name.rpartition(".")[2])
    made = re.sub(r"[^A-Za-z0-9_]", "_", title) or "Step"
    return "" if re.fullmatch(rf"{made}[0-9]*", step.ref_name) else step.ref_name
