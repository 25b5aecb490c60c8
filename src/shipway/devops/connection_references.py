"""The service connections that steps name: whether each is there and of the right kind.

The service looks at them when a run is queued and refuses it; so does shipway.
Source: https://learn.microsoft.com/azure/devops/pipelines/library/service-endpoints
"""

from collections.abc import Iterator, Mapping

from shipway.azpipelines import macros
from shipway.azpipelines.diagnostics import Diagnostic
from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan, StepPlan
from shipway.devops import run_variables, service_connections, task_definitions, task_visibility
from shipway.devops.runs import Run
from shipway.devops.service_connections import ServiceConnection
from shipway.devops.task_definition import TaskDefinition
from shipway.devops.task_stubs import NO_STUBS, TaskStubs
from shipway.store.store import Store

_HINT = (
    "Create it (REST, terraform or `shipway seed`), or give the task a stub in shipway.yml: "
    "tasks: {'TASK': succeed}."
)


def problems_of(
    store: Store, run: Run, plan: RunPlan, stubs: TaskStubs = NO_STUBS
) -> Iterator[Diagnostic]:
    """An error for each input that names a connection that is missing or of another kind.

    Steps whose task has a stub need none.
    """
    for stage in plan.stages:
        for job in stage.jobs:
            for step in _steps(job):
                definition = _definition(step, stubs)
                if definition is not None:
                    yield from _of_step(store, run, plan, stage, job, step, definition)


def _definition(step: StepPlan, stubs: TaskStubs) -> TaskDefinition | None:
    major = step.task.version.partition(".")[0]
    if step.shorthand != "task" or not step.enabled or not major.isdigit():
        return None
    if stubs.find(step.task.name, int(major)) is not None:
        return None
    found = task_definitions.find(step.task.name, int(major))
    return found if found is not None and found.connections else None


def _of_step(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan, step: StepPlan,
    definition: TaskDefinition,
) -> Iterator[Diagnostic]:  # fmt: skip
    values = {name.lower(): value for name, value in definition.inputs.items()}
    values |= {(definition.canonical(name) or name).lower(): v for name, v in step.inputs.items()}
    for written, text in step.inputs.items():
        name = definition.canonical(written) or ""
        kind = definition.connections.get(name)
        if kind is None or not _is_seen(definition, name, values):
            continue
        whole = _expanded(store, run, plan, stage, job, text)
        # one input of one task names several
        parts = whole.split(",") if name == "customEndpoint" else [whole]
        for one in filter(None, (part.strip() for part in parts)):
            connection = service_connections.find(store, project_id=run.project_id, name_or_id=one)
            problem = _problem(written, kind, one, connection)
            if problem:
                yield _diagnostic(job, step, problem)


def _is_seen(definition: TaskDefinition, name: str, values: Mapping[str, str]) -> bool:
    rule = definition.visible.get(name)
    return rule is None or task_visibility.is_visible(rule, values) is not False


def _expanded(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan, text: str
) -> str:
    """An input, its variables replaced by what is known when the run is queued."""
    if "$(" not in text:
        return text
    known = run_variables.all_of(store, run, plan, stage=stage, job=job)
    expanded = macros.expand_all(run_variables.shown(known), secret_names=())
    return macros.expand(text, expanded.values)


def _problem(
    written: str, kind: str, name: str, connection: ServiceConnection | None
) -> str:  # fmt: skip
    if connection is None:
        return (
            f"input {written} references service connection {name} which could not be found. The "
            "service connection does not exist, has been disabled or has not been authorized for "
            "use. For authorization details, refer to https://aka.ms/yamlauthz."
        )
    if connection.kind.lower() != kind.lower():
        return (
            f"input {written} expects a service connection of type {kind} but the provided service "
            f"connection {name} is of type {connection.kind}."
        )
    return ""


def _diagnostic(job: JobPlan, step: StepPlan, problem: str) -> Diagnostic:
    title = step.task.name.rpartition(".")[2]
    # a step that was given no name has its task's, with a number
    named = step.ref_name.rstrip("0123456789_") != title
    shown = f"Step {step.ref_name} " if named and step.ref_name else "Step "
    return Diagnostic(
        code="service-connection", severity="error", message=f"Job {job.name}: {shown}{problem}",
        hint=_HINT.replace("TASK", str(step.task)), shown="message", file=step.position.file,
        line=step.position.line, column=step.position.column,
    )  # fmt: skip


def _steps(job: JobPlan) -> Iterator[StepPlan]:
    yield from job.steps
    for hook in job.hooks:
        yield from hook.steps
