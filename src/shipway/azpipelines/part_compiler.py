"""Compiles a pipeline of which only a part is wanted: the rest need not be able to run here.

A task that is not there or a feature that no agent has is an error only where it is in the part;
what is wrong with the language is an error wherever it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shipway.azpipelines import compiler, selection
from shipway.azpipelines.compiler import CompileResult
from shipway.azpipelines.context import CompileContext
from shipway.azpipelines.diagnostics import Diagnostic
from shipway.azpipelines.expand.includes import FileProvider
from shipway.azpipelines.plan import RunPlan
from shipway.azpipelines.selection import SelectionError


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """`outline` is the part's plan also where `result` has errors about what is not there."""

    result: CompileResult
    outline: RunPlan | None = None
    left_out: tuple[str, ...] = ()


def compile_part(
    *, files: FileProvider, path: str, context: CompileContext,
    stages: Sequence[str] = (), jobs: Sequence[str] = (),
) -> PartResult:  # fmt: skip
    """Compile, then take these stages and jobs, as `selection.select` does; none given: all.

    Never raises for errors of the text or an unknown name: each is a diagnostic.
    """
    strict = compiler.compile(files=files, path=path, context=context)
    made = strict
    if strict.plan is None:
        made = compiler.compile(files=files, path=path, context=_lenient(context))
    if made.plan is None:
        return PartResult(result=strict)
    try:
        chosen = selection.select(made.plan, stages=stages, jobs=jobs)
    except SelectionError as error:
        wrong = Diagnostic(
            code="unknown-selection", severity="error", message=str(error), file=path, line=1,
            column=1, hint=error.hint,
        )  # fmt: skip
        return PartResult(
            result=replace(strict, plan=None, diagnostics=(*strict.diagnostics, wrong))
        )
    told = tuple(d for d in strict.diagnostics if chosen.covers(d.file, d.line, d.column))
    is_right = all(one.severity != "error" for one in told)
    result = replace(made, plan=chosen.plan if is_right else None, diagnostics=told)
    return PartResult(result=result, outline=chosen.plan, left_out=chosen.left_out)


def _lenient(context: CompileContext) -> CompileContext:
    """Everything that may be there counts as there."""
    return replace(
        context, known_tasks=None, task_targets={}, environments=None,
        environment_resources=None, refuse=frozenset(),
    )  # fmt: skip
