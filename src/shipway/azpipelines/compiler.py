"""The one door: files and surroundings in, plan or diagnostics out."""

from collections.abc import Iterator
from collections.abc import Sequence as ListOf
from dataclasses import dataclass, replace

from shipway.azpipelines import final_yaml, graph, limits
from shipway.azpipelines.budget import Budget, Exceeded
from shipway.azpipelines.context import CompileContext
from shipway.azpipelines.convert import pipeline, task_references
from shipway.azpipelines.diagnostics import Diagnostic, Position, Problems
from shipway.azpipelines.expand import document
from shipway.azpipelines.expand.includes import SELF, FileMissing, FileProvider, Library, Location
from shipway.azpipelines.expr.functions import convert_to_json
from shipway.azpipelines.expr.values import CastFailed, Value, to_text
from shipway.azpipelines.plan import RunPlan
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Mapping

__all__ = ["CompileContext", "CompileResult", "FileMissing", "FileProvider", "compile"]


_UNREADABLE = ("expression-syntax", "expression-unclosed")
_OF_PLAN = frozenset((
    "unknown-task", "task-target", "unknown-group", "unknown-environment", "unknown-repository",
    "invalid-name", "duplicate-name", "unknown-dependency", "dependency-cycle", "no-first-stage",
    "no-first-job", "condition-syntax", "runtime-expression-syntax",
))  # fmt: skip
"""What the service looks for in a pipeline whose files are right."""
_EVALUATED = ("expression-name", "expression-evaluation", "empty-mapping")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileResult:
    """A plan, or None when any diagnostic is an error."""

    plan: RunPlan | None
    diagnostics: tuple[Diagnostic, ...]
    expanded: Mapping | None = None
    """The document with every template inserted; there when there is a plan."""
    path: str = ""

    @property
    def final_yaml(self) -> str:
        """The expanded document as the service prints it; empty without a plan."""
        return final_yaml.render(self.expanded) if self.expanded is not None else ""

    @property
    def error_text(self) -> str:
        """All errors as the service prints them, one per line.

        It evaluates nothing of a pipeline whose file has an expression that it cannot read, and
        looks for no task and no dependency of one whose files it refuses.
        """
        errors = [one for one in self.diagnostics if one.severity == "error"]
        if any(one.code in _UNREADABLE and one.file == self.path for one in errors):
            errors = [one for one in errors if one.code not in _EVALUATED]
        if any(one.shown != "message" for one in errors):
            errors = [one for one in errors if one.shown != "message" or one.code not in _OF_PLAN]
        tails = (one.tail for one in errors if one.tail and one.file == self.path)
        return "\n".join((*_printed(errors), *tails))


def _printed(errors: ListOf[Diagnostic]) -> Iterator[str]:
    """What is wrong with a file is printed in part, what is wrong with the plan in whole."""
    left = limits.MAX_PRINTED_ERRORS
    for one in errors:
        text = one.service_text()
        if one.shown == "message":
            yield text
        elif left:
            left -= 1
            is_long = len(text) > limits.MAX_PRINTED_LENGTH
            yield f"{text[: limits.MAX_PRINTED_LENGTH]}[...]" if is_long else text


def compile(
    *, files: FileProvider, path: str, context: CompileContext | None = None
) -> CompileResult:
    """Compile the pipeline at `path` in the repository `self`.

    Never raises for errors of the text: each is a diagnostic, all in one go.
    """
    context = context or CompileContext()
    problems = Problems()
    path = path.replace("\\", "/").lstrip("/")
    library = Library(files=files, problems=problems, budget=Budget(problems))
    plan, expanded = None, None
    try:
        plan, expanded = _compiled(library, path, context, problems)
    except Exceeded:
        pass
    except RecursionError:
        problems.error(
            "too-deep", "Maximum object depth exceeded", Position(file=path, line=1, column=1)
        )
    if problems.has_errors():
        plan, expanded = None, None
    return CompileResult(plan=plan, diagnostics=problems.result(), expanded=expanded, path=path)


def _compiled(
    library: Library, path: str, context: CompileContext, problems: Problems
) -> tuple[RunPlan | None, Mapping | None]:
    root = library.load(Location(SELF, path))
    if root is None:
        return None, None
    if not isinstance(root, Mapping):
        Reader(problems).mapping(root, allowed=None)
        return None, None
    expanded = document.expand(
        root,
        path=path,
        given=context.parameters,
        variables=context.public_variables(),
        library=library,
        problems=problems,
    )
    plan, setting = pipeline.convert(expanded.root, context=context, problems=problems)
    plan = graph.check(plan, places=setting.places, problems=problems)
    task_references.check_targets(plan, context, problems)
    values = {name: _shown(value) for name, value in expanded.parameters.items()}
    plan = replace(
        plan,
        parameters=values,
        files=tuple(library.read),
        extends=tuple(library.extended),
        repositories=tuple(library.located(one) for one in plan.repositories),
    )
    return plan, expanded.root


def _shown(value: Value) -> str:
    try:
        return to_text(value)
    except CastFailed:
        return convert_to_json.json_text(value)
