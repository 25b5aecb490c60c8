"""The compilation of a run: its files, what is known when it is queued, its name.

Reads the commit that the run is for; knows nothing of how a run goes on.
"""

from dataclasses import replace

from shipway.azpipelines import compiler, part_compiler, run_names
from shipway.azpipelines.compiler import CompileResult
from shipway.azpipelines.context import CompileContext
from shipway.azpipelines.diagnostics import Diagnostic
from shipway.azpipelines.expand.includes import SELF
from shipway.azpipelines.plan import RunPlan
from shipway.devops import (
    connection_references,
    environments,
    known_tasks,
    run_stubs,
    run_variables,
    runs,
    task_inputs,
)
from shipway.devops.local_choices import LocalChoices
from shipway.devops.runs import Run
from shipway.loop.run_files import RunFiles
from shipway.store.store import Store


def compile_run(store: Store, run: Run, *, path: str) -> CompileResult:
    """The plan of a run, or what is wrong with its YAML."""
    stubs = run_stubs.of_run(store, run)
    context = replace(_context(store, run), known_tasks=known_tasks.of_runs(stubs))
    choices = run.local or LocalChoices(folder="")
    if choices.stages or choices.jobs:
        made = part_compiler.compile_part(
            files=RunFiles(store, run), path=path, context=context, stages=choices.stages,
            jobs=choices.jobs,
        ).result  # fmt: skip
    else:
        made = compiler.compile(files=RunFiles(store, run), path=path, context=context)
    if made.plan is not None:
        found = (
            *task_inputs.warnings_of(made.plan, stubs),
            *connection_references.problems_of(store, run, made.plan, stubs),
        )
        made = replace(made, diagnostics=(*made.diagnostics, *found))
    if stubs.problems:
        plan = made.plan if stubs.are_right else None
        made = replace(made, plan=plan, diagnostics=(*made.diagnostics, *stubs.problems))
    return made


def compile_preview(store: Store, run: Run, *, path: str, override: str) -> CompileResult:
    """What a run would be made of, for a run that is never queued.

    `override` stands in the place of the file at `path`, the committed one when it is empty. What
    only this machine cannot run is no error here: the service prints it.
    """
    stubs = run_stubs.of_run(store, run)
    context = replace(
        _context(store, run),
        known_tasks=known_tasks.of_service(stubs),
        qualified_tasks_exist=True,
        missing_task_hint=known_tasks.SERVICE_HINT,
        refuse=frozenset(),
    )
    files = RunFiles(store, run)
    if override:
        files = _Overridden(store, run, path, override)
    return compiler.compile(files=files, path=path, context=context)


def as_body(item: Diagnostic) -> dict[str, object]:
    """A diagnostic as the run keeps it."""
    return {
        "code": item.code,
        "severity": item.severity,
        "message": item.message,
        "file": item.file,
        "line": item.line,
        "column": item.column,
        "hint": item.hint,
    }


def name_of(store: Store, run: Run, plan: RunPlan) -> str:
    """`Build.BuildNumber` from the pipeline's `name:`; the default was given when it was queued."""
    if not plan.name_format:
        return run.run_name
    variables = run_variables.of_name(store, run, plan)
    now = store.clock.now()
    revision = 0
    if run_names.needs_revision(plan.name_format):
        rest = run_names.without_revision(plan.name_format, started=now, variables=variables)
        revision = runs.next_revision(store, run.definition_id, rest)
    return run_names.run_name(plan.name_format, started=now, revision=revision, variables=variables)


def wrong_name(plan: RunPlan, name: str, *, path: str) -> list[Diagnostic]:
    """What the service says of a `name:` that comes to a number which no run may have."""
    if run_names.is_valid(name):
        return []
    text = f"The build number format string {plan.name_format} generated a build number {name}"
    return [
        Diagnostic(
            code="run-name-invalid", severity="error", file=path, line=0, column=0,
            message=f"{text} which {run_names.RULES}", shown="message",
            hint="Take those characters out of `name:`, or out of the variables in it.",
        )
    ]  # fmt: skip


class _Overridden(RunFiles):
    """Files of which one of the run's own repository is replaced."""

    def __init__(self, store: Store, run: Run, path: str, text: str) -> None:
        super().__init__(store, run)
        self._path = _normal(path)
        self._text = text.encode()

    def read(self, repository_alias: str, path: str) -> bytes:
        if repository_alias == SELF and _normal(path) == self._path:
            return self._text
        return super().read(repository_alias, path)


def _normal(path: str) -> str:
    return path.replace("\\", "/").lstrip("/")


def _context(store: Store, run: Run) -> CompileContext:
    known = run_variables.in_templates(store, run)
    return CompileContext(
        parameters=dict(run.parameters),
        variables=run_variables.shown(known),
        groups=run_variables.group_values(store, run),
        secret_names=frozenset(v.name for v in known if v.is_secret),
        missing_task_hint=known_tasks.HINT,
        task_targets=known_tasks.targets(),
        task_names=known_tasks.names_by_id(),
        task_reasons=known_tasks.REASONS,
        environment_resources=environments.resource_names(store, project_id=run.project_id),
    )
