"""The tasks of a pipeline of a working tree: which Azure takes, which shipway lacks, the stubs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from shipway.azpipelines.context import CompileContext
from shipway.azpipelines.diagnostics import Diagnostic
from shipway.azpipelines.expand.includes import SELF, FileMissing
from shipway.azpipelines.plan import RunPlan, StepPlan
from shipway.cli.pipeline_check.working_tree import WorkingTree
from shipway.devops import known_tasks, task_definitions, task_stubs
from shipway.devops.task_stubs import FILE_NAME, NO_STUBS, TaskStubs


def stubs_of(tree: WorkingTree) -> TaskStubs:
    """The stubs in the tree's `shipway.yml`, saved or committed makes no difference."""
    try:
        return task_stubs.parse(tree.read(SELF, FILE_NAME))
    except FileMissing:
        return NO_STUBS


def as_service(context: CompileContext, stubs: TaskStubs) -> CompileContext:
    """The context with the tasks that Azure takes, and where it runs them."""
    return replace(
        context,
        known_tasks=known_tasks.of_service(stubs),
        qualified_tasks_exist=True,
        missing_task_hint=known_tasks.SERVICE_HINT,
        task_targets=known_tasks.targets(),
        task_names=known_tasks.names_by_id(),
    )


def not_here(
    plan: RunPlan, stubs: TaskStubs, *, told: Iterable[Diagnostic]
) -> Iterator[Diagnostic]:
    """Warnings for tasks that agents here lack: right for Azure, but a run would be refused.

    Those that Azure lacks as well are among `told` already.
    """
    lines = {(one.file, one.line) for one in told if one.code == "unknown-task"}
    for step in _steps(plan):
        if (step.position.file, step.position.line) in lines:
            continue
        task = step.task
        major = task.version.partition(".")[0]
        if step.shorthand != "task" or not major.isdigit():
            continue
        is_here = task_definitions.find(task.name, int(major)) is not None
        if not is_here and stubs.find(task.name, int(major)) is None:
            yield Diagnostic(
                code="task-not-here", severity="warning", file=step.position.file,
                line=step.position.line, column=step.position.column,
                message=f"shipway's agents do not have the task '{task}'",
                hint=_hint(task.name, str(task)),
            )  # fmt: skip


def _hint(name: str, task: str) -> str:
    known = task_definitions.KNOWN
    versions = next((found for one, found in known.items() if one.lower() == name.lower()), ())
    listed = ", ".join(f"{name}@{one}" for one in versions)
    near = f"Known versions: {listed}." if versions else ""
    reason = known_tasks.REASONS.get(name.rpartition(".")[2].lower(), "")
    parts = (near, reason, known_tasks.STUB_HINT.replace("TASK", task))
    return " ".join(part for part in parts if part)


def _steps(plan: RunPlan) -> Iterator[StepPlan]:
    for stage in plan.stages:
        for job in stage.jobs:
            yield from job.steps
            for hook in job.hooks:
                yield from hook.steps
