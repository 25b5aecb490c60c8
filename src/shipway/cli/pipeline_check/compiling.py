"""One pipeline file compiled as Azure would, with what is wrong by the paths of this machine."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from shipway.azpipelines import compiler, part_compiler
from shipway.azpipelines.compiler import CompileContext, CompileResult
from shipway.azpipelines.diagnostics import Diagnostic, did_you_mean
from shipway.azpipelines.expand.includes import SELF
from shipway.azpipelines.part_compiler import PartResult
from shipway.azpipelines.plan import RunPlan
from shipway.base.errors import BadInput
from shipway.cli.pipeline_check import step_tasks, working_tree
from shipway.cli.pipeline_check.working_tree import WorkingTree
from shipway.devops import task_inputs

_NAME = re.compile(r"\bname[ \t]*:[ \t]*['\"]?([^'\"#\s,}]+)")
_NEEDED = re.compile(r"A value for the '(.+)' parameter must be provided\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the caller says besides the file."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, Path] = field(default_factory=dict)
    stages: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A diagnostic at a path of this machine."""

    path: Path
    diagnostic: Diagnostic

    def text(self) -> str:
        """`file:line:column: error: message`, as compilers print it, and the hint below."""
        one = self.diagnostic
        line = f"{shown(self.path)}:{max(one.line, 1)}:{max(one.column, 1)}: "
        line += f"{one.severity}: {one.message}"
        return line + (f"\n  hint: {one.hint}" if one.hint else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A pipeline file and what came of it.

    `outline` and `left_out` are those of the part that was wanted, for `check_part` only.
    """

    path: Path
    result: CompileResult
    findings: tuple[Finding, ...]
    outline: RunPlan | None = None
    left_out: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether there is no error, whatever the warnings."""
        return self.result.plan is not None


def fitting(path: Path, given: Given) -> Given:
    """What is given to many files at once: a parameter counts for those that have its name."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return given
    named = {one.lower() for one in _NAME.findall(text)}
    kept = {name: value for name, value in given.parameters.items() if name.lower() in named}
    return replace(given, parameters=kept)


def shown(path: Path) -> str:
    """The path as one would type it from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def tree_of(path: Path, given: Given) -> WorkingTree:
    """The working tree of a file: the git repository around it, or what was given as `self`."""
    root = next((folder for alias, folder in given.folders.items() if alias.lower() == SELF), None)
    return WorkingTree(root=root or working_tree.root_of(path), folders=given.folders)


def check(path: Path, given: Given, tree: WorkingTree | None = None) -> Checked:
    """Compile a file of a working tree; `tree` may be shared by the files of one repository.

    Raises `BadInput` for a file that lies outside of the folder given as `self`.
    """
    return _check(path, given, tree, whole=True)


def check_part(path: Path, given: Given, tree: WorkingTree | None = None) -> Checked:
    """The same of the stages and jobs that are wanted: the rest need not be able to run."""
    return _check(path, given, tree, whole=False)


def _check(path: Path, given: Given, tree: WorkingTree | None, *, whole: bool) -> Checked:
    path = working_tree.absolute(path)
    tree = tree or tree_of(path, given)
    if not path.is_relative_to(tree.root):
        raise BadInput(
            f"'{path}' does not lie in the repository '{tree.root}'", code="PipelineFileOutside",
            where="--repository self", hint="Name a folder above the file.",
        )  # fmt: skip
    entry = path.relative_to(tree.root).as_posix()
    stubs = step_tasks.stubs_of(tree)
    context = step_tasks.as_service(_context(tree.root, given), stubs)
    if whole:
        part = PartResult(result=compiler.compile(files=tree, path=entry, context=context))
    else:
        part = part_compiler.compile_part(
            files=tree, path=entry, context=context, stages=given.stages, jobs=given.jobs
        )
    result = part.result
    found = [*(_hinted(one, tree, entry) for one in result.diagnostics), *stubs.problems]
    plan = result.plan or part.outline
    if plan is not None:
        found += step_tasks.not_here(plan, stubs, told=found)
        found += task_inputs.warnings_of(plan, stubs)
    if not stubs.are_right:
        result = replace(result, plan=None)
    findings = [Finding(path=tree.place(one.file) if one.file else path, diagnostic=one)
                for one in found]  # fmt: skip
    return Checked(
        path=path, result=result, findings=tuple(findings), outline=part.outline,
        left_out=part.left_out,
    )  # fmt: skip


def _context(root: Path, given: Given) -> CompileContext:
    branch = given.branch or working_tree.branch_of(root)
    variables = {
        "Build.Reason": "Manual",
        "Build.Repository.Name": root.name,
        "Build.SourceBranch": branch,
        "Build.SourceBranchName": branch.rpartition("/")[2],
    }
    taken = {name.lower() for name in given.variables}
    variables = {name: value for name, value in variables.items() if name.lower() not in taken}
    return CompileContext(
        parameters=dict(given.parameters),
        variables=variables | dict(given.variables),
        refuse=frozenset(),
    )


def _hinted(one: Diagnostic, tree: WorkingTree, entry: str) -> Diagnostic:
    """With what this side knows besides: which folder is missing, which file is near."""
    if one.hint:
        return one
    missing = _NEEDED.fullmatch(one.message)
    if missing:
        return replace(one, hint=_how_to_give(missing[1], one, tree, entry))
    if one.code == "unknown-repository":
        alias = one.message.partition("'")[2].rpartition("'")[0]
        return replace(one, hint=f"Say where a clone of it lies: --repository {alias}=FOLDER.")
    if one.code == "file-missing" and one.message.startswith("File /"):
        return replace(one, hint=_near(one.message[len("File /") :].partition(" not ")[0], tree))
    return one


def _how_to_give(name: str, one: Diagnostic, tree: WorkingTree, entry: str) -> str:
    """A parameter of the pipeline is for who runs it, one of a template for who includes it."""
    text = tree.read(SELF, entry).decode("utf-8", "replace") if one.file == entry else ""
    lines = text.splitlines()
    line = lines[one.line - 1] if 0 < one.line <= len(lines) else ""
    if lines and "template" not in line:
        return f"Give it: --parameter {name}=VALUE."
    return f"The template asks for it: add '{name}' to the 'parameters' beside 'template'."


def _near(path: str, tree: WorkingTree) -> str:
    """The file that is meant: the same in another letter case, or one beside with a near name."""
    spelled = _in_other_case(tree.root, path.split("/"))
    if spelled:
        return f"It is spelled '{spelled}': letter case counts."
    return did_you_mean(path.rpartition("/")[2], _names((tree.root / path).parent))


def _in_other_case(root: Path, parts: Sequence[str]) -> str:
    found: list[str] = []
    for part in parts:
        names = _names(root.joinpath(*found))
        same = next((one for one in names if one.lower() == part.lower()), "")
        if not same:
            return ""
        found.append(same)
    return "/".join(found)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(one.name for one in folder.iterdir())
    except OSError:
        return []
