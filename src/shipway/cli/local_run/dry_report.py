"""`--dry-run`: the forecast of a run as lines for a person, or as JSON."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from shipway.cli import output
from shipway.cli.local_run.dry_run import Entry, Forecast
from shipway.cli.pipeline_check import compiling, working_tree
from shipway.cli.pipeline_check.compiling import Checked, Given
from shipway.cli.pipeline_check.working_tree import WorkingTree

_NOT_HERE = ("task-not-here", "unknown-task")
_MARKS = {"runs": ("●", "blue"), "skipped": ("-", "grey"), "unknown": ("?", "yellow")}
_DEPTH = {"stage": 0, "job": 1, "hook": 2, "step": 3}
_IMPLIED = "__default"
_COLUMN = 34
OK, NOTHING_RUN = 0, 2


def show(checked: Checked, given: Given, *, as_json: bool) -> int:
    """Print the forecast of `checked.outline`; 2 where a run would be refused."""
    plan, tree = checked.outline, compiling.tree_of(checked.path, given)
    problems = [f.diagnostic for f in checked.findings if f.diagnostic.code in _NOT_HERE]
    known = {"Build.Reason": "Manual", **_branch(given.branch or working_tree.branch_of(tree.root))}
    entries = Forecast(plan, known | dict(given.variables), problems).stages() if plan else []
    missing = [one for entry in entries for one in entry.everything() if one.problem]
    code = OK if checked.is_right and not missing else NOTHING_RUN
    if as_json:
        output.show_json(_wire(checked, entries, missing, code))
        return code
    for line in _lines(checked, entries, tree):
        print(line)
    return code


def left_out(checked: Checked) -> list[str]:
    """What is said about the part that does not run, with an empty line after it."""
    if not checked.left_out:
        return [""]
    return [
        f"left out: {', '.join(checked.left_out)}",
        output.paint("  what depends on them starts without them; their results and outputs are "
                     "empty", "grey"),
        "",
    ]  # fmt: skip


def _branch(ref: str) -> dict[str, str]:
    return {"Build.SourceBranch": ref, "Build.SourceBranchName": ref.rpartition("/")[2]}


def _wire(
    checked: Checked, entries: Sequence[Entry], missing: Sequence[Entry], code: int
) -> dict[str, Any]:
    return {
        "file": compiling.shown(checked.path), "dry_run": True,
        "stages": [entry.to_wire() for entry in entries], "left_out": list(checked.left_out),
        "missing_tasks": [
            {"task": one.task, "file": one.file, "line": one.line, "column": one.column}
            for one in missing
        ],
        "exit_code": code,
    }  # fmt: skip


def _lines(checked: Checked, entries: Sequence[Entry], tree: WorkingTree) -> Iterator[str]:
    name = output.paint(compiling.shown(checked.path), "bold")
    yield f"{name}: what would run; nothing is started"
    yield from left_out(checked)
    for stage in entries:
        is_implied = stage.name == _IMPLIED
        for entry in _told(stage):
            if entry is stage and is_implied and not stage.waits:
                continue
            depth = _DEPTH[entry.kind] - (1 if is_implied else 0)
            yield from _entry(entry, max(depth, 0), tree)
    yield ""
    yield _sum(entries)


def _told(entry: Entry) -> Iterator[Entry]:
    """What does not run is told in one line."""
    yield entry
    for one in entry.children if entry.outcome != "skipped" else ():
        yield from _told(one)


def _entry(entry: Entry, depth: int, tree: WorkingTree) -> Iterator[str]:
    sign, colour = _MARKS[entry.outcome]
    before = "  " * depth
    mark = output.paint(sign, colour) if entry.kind != "step" or entry.outcome != "runs" else " "
    name = f"{before}{mark} {entry.display_name or entry.name}"
    width = _COLUMN + len(mark) - 1  # colours take no column
    notes = [entry.task] if entry.task else []
    if entry.after and entry.outcome != "skipped":
        notes.append(f"after {', '.join(entry.after)}")
    notes += entry.facts
    if entry.outcome == "skipped":
        notes.append(f"skipped: {entry.reason}")
    elif entry.reason:
        notes.append(entry.reason)
    if entry.kind == "step" and entry.line:
        place = os.path.relpath(tree.place(entry.file))
        notes.append(f"{place}:{entry.line}")
    text = output.paint("  ".join(notes), "grey")
    yield f"{name:<{width}}  {text}".rstrip()
    for one in entry.waits if entry.outcome != "skipped" else ():
        yield f"{before}    {output.paint('○', 'yellow')} waits for {one}"
    if entry.problem:
        yield f"{before}    {output.paint('✗ no agent here has this task', 'red')}"


def _sum(entries: Sequence[Entry]) -> str:
    everything = [one for stage in entries for one in _told(stage)]
    parts = []
    for kind in ("stage", "job", "step"):
        number = sum(one.kind == kind for one in everything)
        parts.append(f"{number} {kind}{'' if number == 1 else 's'}")
    text = ", ".join(parts)
    skipped = sum(one.outcome == "skipped" for one in everything)
    unknown = sum(one.outcome == "unknown" for one in everything)
    missing = sum(bool(one.problem) for one in everything)
    text += f"; {skipped} skipped" if skipped else ""
    text += f"; {unknown} decided when it runs" if unknown else ""
    if missing:
        text += output.paint(f"; {missing} with a task that is not here", "red")
    return text
