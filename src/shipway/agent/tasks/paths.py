"""The paths among a task's inputs: what they are relative to, and what may be removed.

Tasks that remove things do so only below the job's own folders: this machine is nobody's hosted
agent, and what lies beside them is its owner's.
"""

import shutil
from pathlib import Path

from shipway.agent.task import StepRun
from shipway.base.errors import BadInput, Forbidden


def required(step: StepRun, name: str) -> str:
    """An input that must be there. Raises `BadInput` in the words of the tasks' library."""
    value = step.input(name)
    if not value:
        raise BadInput(f"Input required: {name}", code="InputMissing", where=name)
    return value


def path_of(step: StepRun, text: str) -> Path:
    """A path, relative to `$(System.DefaultWorkingDirectory)`, without `.` and `..`."""
    default = Path(step.job.variables.get("System.DefaultWorkingDirectory"))
    joined = default / text.strip()
    made: list[str] = []
    for part in joined.parts:
        if part == "..":
            made = made[:-1] if len(made) > 1 else made
        elif part != ".":
            made.append(part)
    return Path(*made)


def lines(text: str) -> list[str]:
    """The patterns of an input with several lines."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def check_removable(step: StepRun, path: Path) -> None:
    """Raises `Forbidden` for what does not lie in the job's folders, links resolved."""
    roots = [folder.resolve() for folder in step.job.directories.roots]
    is_inside = any(path.parent.resolve().is_relative_to(root) for root in roots)
    if not is_inside or path.resolve() in roots:
        raise Forbidden(
            f"'{path}' is not in the folders of the job and is not removed",
            code="PathOutsideJob", where=str(path),
            hint="Remove what lies below $(Agent.BuildDirectory) or $(Agent.TempDirectory).",
        )  # fmt: skip


def remove(step: StepRun, path: Path) -> None:
    """Remove a file, a link or a whole folder of the job. Raises `Forbidden`, `BadInput`."""
    check_removable(step, path)
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"'{path}' cannot be removed: {error.strerror}", where=str(path)) from None


def clean(step: StepRun, folder: Path) -> None:
    """Leave nothing in a folder of the job; a file in its place goes."""
    if folder.is_dir():
        for item in sorted(folder.iterdir()):
            remove(step, item)
    elif folder.exists():
        remove(step, folder)
