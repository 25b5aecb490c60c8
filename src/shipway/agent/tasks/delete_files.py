"""DeleteFiles@1: what matches patterns below a folder, files and folders.

Source: deletefiles.ts of microsoft/azure-pipelines-tasks.
"""

import bisect
from pathlib import Path

from shipway.agent import file_matching
from shipway.agent.glob_patterns import GlobOptions
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths
from shipway.base.errors import ShipwayError


def _run(step: StepRun) -> StepResult:
    patterns = paths.lines(paths.required(step, "Contents"))
    source = paths.path_of(step, step.input("SourceFolder"))
    found = file_matching.find(source)
    if not found:
        step.log("No files to delete.")
        return "succeeded"
    chosen = _chosen(found, patterns, source, GlobOptions(dot=step.flag("RemoveDotFiles")))
    failed = False
    # the longest first: what is in a folder goes before the folder
    for path in sorted(chosen, key=len, reverse=True):
        if step.should_stop():
            return "canceled"
        try:
            paths.remove(step, Path(path))
        except ShipwayError as error:
            step.error(str(error))
            failed = True
    if failed:
        step.error("Couldn't delete one or more files")
        return "failed"
    if step.flag("RemoveSourceFolder") and len(file_matching.find(source)) == 1:
        paths.remove(step, source)
    return "succeeded"


def _chosen(
    found: list[str], patterns: list[str], source: Path, options: GlobOptions
) -> list[str]:  # fmt: skip
    # the task puts every pattern below the folder, also one that begins with `/`
    rooted = [p[: _marks(p)] + p[_marks(p) :].lstrip("/") for p in patterns]
    chosen = file_matching.match(found, rooted, root=str(source), options=options)
    if not any(_marks(p) % 2 for p in patterns):
        return chosen
    # a folder stays when anything below it does; in order, what begins with it comes next
    kept = sorted(set(found) - set(chosen))
    places = {path: bisect.bisect_left(kept, path) for path in chosen}
    return [p for p, at in places.items() if at == len(kept) or not kept[at].startswith(p)]


def _marks(pattern: str) -> int:
    return len(pattern) - len(pattern.lstrip("!"))


DELETE_FILES = Task(name="DeleteFiles", version=1, run=_run)
