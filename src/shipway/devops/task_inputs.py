"""What is wrong with the inputs of a step, as far as its text tells.

The service takes such a pipeline and the step fails when it runs ("Input required: ..."); what is
found here are warnings at the step's line.
Source: https://github.com/microsoft/azure-pipelines-tasks/issues/18034
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shipway.azpipelines.diagnostics import Diagnostic, did_you_mean
from shipway.azpipelines.plan import JobPlan, RunPlan, StepPlan
from shipway.devops import task_definitions, task_visibility
from shipway.devops.task_definition import TaskDefinition
from shipway.devops.task_stubs import NO_STUBS, TaskStubs

_RUN_TIME = ("$(", "$[")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputProblem:
    """One finding: its code, its words and what to do."""

    code: str
    message: str
    hint: str = ""


def missing(definition: TaskDefinition, given: Mapping[str, str]) -> list[str]:
    """The required inputs that are seen and empty, in the order of the definition."""
    values = _values(definition, given)
    return [
        name
        for name in definition.required
        if not values[name.lower()].strip() and _is_seen(definition, name, values)
    ]


def problems_of(definition: TaskDefinition, given: Mapping[str, str]) -> list[InputProblem]:
    """Everything about the inputs of one step."""
    title = f"{definition.name}@{definition.version}"
    return [
        *(_unknown(definition, title, name) for name in given if not definition.canonical(name)),
        *_missing_problems(definition, title, given),
        *_wrong_values(definition, title, given),
    ]


def warnings_of(plan: RunPlan, stubs: TaskStubs = NO_STUBS) -> Iterator[Diagnostic]:
    """Warnings for the inputs of every step of a plan that has a task of ours and no stub."""
    for step in _steps(plan):
        major = step.task.version.partition(".")[0]
        if step.shorthand != "task" or not major.isdigit():
            continue
        definition = task_definitions.find(step.task.name, int(major))
        if definition is None or stubs.find(step.task.name, int(major)) is not None:
            continue
        for problem in problems_of(definition, step.inputs):
            yield Diagnostic(
                code=problem.code, severity="warning", message=problem.message, hint=problem.hint,
                file=step.position.file, line=step.position.line, column=step.position.column,
            )  # fmt: skip


def _values(definition: TaskDefinition, given: Mapping[str, str]) -> dict[str, str]:
    values = {name.lower(): value for name, value in definition.inputs.items()}
    for name, value in given.items():
        real = definition.canonical(name)
        if real is not None:
            values[real.lower()] = value
    return values


def _is_seen(definition: TaskDefinition, name: str, values: Mapping[str, str]) -> bool:
    """Whether an input is certainly seen; one behind a value of run time is not."""
    rule = definition.visible.get(name)
    return rule is None or task_visibility.is_visible(rule, values) is True


def _unknown(definition: TaskDefinition, title: str, name: str) -> InputProblem:
    return InputProblem(
        code="task-input-unknown",
        message=f"The task {title} has no input '{name}'.",
        hint=did_you_mean(name, [*definition.inputs, *definition.aliases]),
    )


def _missing_problems(
    definition: TaskDefinition, title: str, given: Mapping[str, str]
) -> Iterator[InputProblem]:
    for name in missing(definition, given):
        rule = definition.visible.get(name)
        why = f" with {rule}" if rule else ""
        yield InputProblem(
            code="task-input-missing",
            message=f"Input required: {name} ({title}{why}).",
            hint="Azure takes the pipeline; most tasks then fail when they start.",
        )


def _wrong_values(
    definition: TaskDefinition, title: str, given: Mapping[str, str]
) -> Iterator[InputProblem]:
    for name, value in given.items():
        real = definition.canonical(name)
        options = definition.options.get(real or "", ())
        if not options or not value.strip() or any(mark in value for mark in _RUN_TIME):
            continue
        if value.strip().lower() not in (one.lower() for one in options):
            yield InputProblem(
                code="task-input-value",
                message=f"'{value}' is not a value of the input '{name}' of {title}.",
                hint=f"It takes {', '.join(options)}.",
            )


def _steps(plan: RunPlan) -> Iterator[StepPlan]:
    jobs: Iterator[JobPlan] = (job for stage in plan.stages for job in stage.jobs)
    for job in jobs:
        yield from job.steps
        for hook in job.hooks:
            yield from hook.steps
