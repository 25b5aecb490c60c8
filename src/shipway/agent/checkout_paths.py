"""Where the sources of a job lie: pure rules for one checkout, and for several.

A lone checkout fills `s`; of several, each goes to `s/REPOSITORY`. `path` moves it, and then the
variables that follow it. Source: `BuildJobExtension` and `RepositoryUtil` of the agent.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from shipway.agent.directories import JobDirectories
from shipway.azpipelines.plan import StepPlan
from shipway.base.errors import BadInput
from shipway.devops.checkout_sources import clone_directory

_SOURCES = "Build.SourcesDirectory"
_LOCAL = "Build.Repository.LocalPath"
_DEFAULT = "System.DefaultWorkingDirectory"


def checkouts_of(steps: Sequence[StepPlan]) -> list[StepPlan]:
    """The steps that check something out."""
    return [s for s in steps if s.shorthand == "checkout" and _alias(s) != "none"]


def at_start(
    steps: Sequence[StepPlan], *, names: Mapping[str, str], directories: JobDirectories
) -> dict[str, str]:
    """The three variables before any step; `names` are the repositories' by folded alias."""
    checkouts = checkouts_of(steps)
    sources = directories.sources
    values = {_SOURCES: str(sources), _LOCAL: str(sources), _DEFAULT: str(sources)}
    if len(checkouts) < 2:
        return values
    for step in checkouts:
        usual = sources / clone_directory(names.get(_alias(step), _alias(step)))
        path = step.inputs.get("path", "")
        is_moved = bool(path) and _joined(directories.workspace, path) != usual
        if _alias(step) == "self" and is_moved:
            values[_LOCAL] = str(usual)
    for step in checkouts:
        if is_workspace(step):
            values[_DEFAULT] = str(sources / clone_directory(names.get(_alias(step), _alias(step))))
            break
    return values


def of_primary(steps: Sequence[StepPlan]) -> dict[str, str]:
    """Build.Repository.Clean and .Git.SubmoduleCheckout: what `self`, or the only one, asks for."""
    checkouts = checkouts_of(steps)
    primary = [s for s in checkouts if len(checkouts) == 1 or _alias(s) == "self"]
    clean = any(s.inputs.get("clean", "").strip().lower() not in ("", "false") for s in primary)
    nested = any(s.inputs.get("submodules", "").lower() not in ("", "false") for s in primary)
    return {
        "Build.Repository.Clean": str(clean),
        "Build.Repository.Git.SubmoduleCheckout": str(nested),
    }


def folder_of(path: str, name: str, *, several: bool, directories: JobDirectories) -> Path:
    """Where a checkout goes. Raises `BadInput` for a path outside of the job's workspace."""
    if not path:
        sources = directories.sources
        return sources / clone_directory(name) if several else sources
    folder = _joined(directories.workspace, path)
    if directories.workspace not in folder.parents:
        raise BadInput(
            f"Input path '{path}' should resolve to a directory under "
            f"'{directories.workspace}', current resolved path '{folder}'.",
            code="CheckoutPathOutside", where="path",
        )  # fmt: skip
    return folder


def after_checkout(
    folder: Path, name: str, *, is_self: bool, several: bool, is_workspace: bool,
    directories: JobDirectories,
) -> dict[str, str]:  # fmt: skip
    """The variables that follow a checkout to a `path`; none where it went to its usual place."""
    usual = folder_of("", name, several=several, directories=directories)
    if folder == usual:
        return {}
    found: dict[str, str] = {}
    if not several:
        found = dict.fromkeys((_SOURCES, _LOCAL, _DEFAULT), str(folder))
    elif is_self:
        found[_LOCAL] = str(folder)
    if is_workspace:
        found[_DEFAULT] = str(folder)
    return found


def is_workspace(step: StepPlan) -> bool:
    """Whether scripts begin in the folder of this checkout: `workspaceRepo`."""
    return step.inputs.get("workspaceRepo", "").strip().lower() == "true"


def _alias(step: StepPlan) -> str:
    return step.inputs.get("repository", "self").lower()


def _joined(workspace: Path, path: str) -> Path:
    return Path(os.path.normpath(workspace / path))
