"""CopyFiles@2: files that match patterns, into another folder.

Source: copyfiles.ts of microsoft/azure-pipelines-tasks.
"""

import os
import shutil
from pathlib import Path

from shipway.agent import file_matching
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths
from shipway.base.errors import BadInput

_MOST_DELAY_SECONDS = 60.0


def _number(text: str) -> int:
    """A count as the task reads it: what is none counts as 0."""
    return int(text) if text.isdecimal() else 0


def _copy(step: StepRun, file: Path, target: Path, *, overwrite: bool) -> None:
    if target.is_dir():
        raise BadInput(
            f"Unable to copy file {file} to {target}. The target path already exists as a "
            "directory.", code="TargetIsFolder", where=str(target),
        )  # fmt: skip
    if target.exists() and not overwrite:
        step.log(f"File {file} already exist at {target}")
        return
    step.log(f"Copying {file} to {target}")
    _attempts(step, file, target)
    if step.flag("preserveTimestamp"):
        facts = file.stat()
        os.utime(target, (facts.st_atime, facts.st_mtime))


def _attempts(step: StepRun, file: Path, target: Path) -> None:
    tries = _number(step.input("retryCount")) + 1
    delay = min(_number(step.input("delayBetweenRetries", "1000")) / 1000, _MOST_DELAY_SECONDS)
    for attempt in range(tries):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_symlink():
                target.unlink()
            shutil.copyfile(file, target)
            target.chmod(file.stat().st_mode & 0o777 | 0o200)
        except OSError as error:
            if attempt + 1 == tries or step.should_stop():
                raise BadInput(
                    f"cannot copy {file} to {target}: {error.strerror}", where=str(file)
                ) from None
            step.log(f"Error while copying {file} to {target}: {error.strerror}. Trying again.")
            step.job.stop.wait(delay)
        else:
            return


def _run(step: StepRun) -> StepResult:
    source = paths.path_of(step, step.input("SourceFolder"))
    patterns = paths.lines(paths.required(step, "Contents"))
    target = paths.path_of(step, paths.required(step, "TargetFolder"))
    if not source.exists():
        raise BadInput(f"Not found SourceFolder: {source}", code="PathMissing", where=str(source))
    found = file_matching.match(file_matching.find(source), patterns, root=str(source))
    files = [Path(p) for p in found if not Path(p).is_dir()]
    step.log(f"found {len(files)} files")
    if not files:
        return "succeeded"
    missing = next((f for f in files if not f.exists()), None)
    if missing is not None:
        raise BadInput(f'Entry "{missing}" does not exist', code="PathMissing", where=str(missing))
    if step.flag("CleanTargetFolder"):
        step.log(f"Cleaning target folder: {target}")
        paths.clean(step, target)
    if not _made(step, target):
        return "succeeded"
    for file in files:
        if step.should_stop():
            return "canceled"
        name = file.name if step.flag("flattenFolders") else str(file.relative_to(source))
        _copy(step, file, target / name, overwrite=step.flag("OverWrite"))
    return "succeeded"


def _made(step: StepRun, target: Path) -> bool:
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if not step.flag("ignoreMakeDirErrors"):
            raise BadInput(
                f"cannot make the folder {target}: {error.strerror}", where=str(target)
            ) from None
        step.log(f"Unable to create target folder ({target}): {error.strerror}.")
        return False
    return True


COPY_FILES = Task(name="CopyFiles", version=2, run=_run)
