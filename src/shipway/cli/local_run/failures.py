"""Why a run failed: each failed step with its place in the YAML and the end of its log.

A job whose time was up is told as well: the run is canceled, and nobody canceled it.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shipway.cli import output, run_tree
from shipway.cli.local_run import timeline
from shipway.cli.local_run.step_logs import StepLogs
from shipway.cli.local_run.timeline import Facts, Timeline
from shipway.cli.pipeline_check import compiling
from shipway.cli.pipeline_check.working_tree import WorkingTree

_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A step, job or stage that failed by itself."""

    path: str
    kind: str
    name: str
    file: str
    line: int
    column: int
    log_id: int | None
    errors: tuple[str, ...]
    tail: tuple[str, ...]

    @property
    def place(self) -> str:
        """`file:line:column` by a path of this machine."""
        return f"{self.file}:{self.line}:{self.column}" if self.file else ""

    def to_wire(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "path": self.path, "kind": self.kind, "name": self.name, "file": self.file,
            "line": self.line, "column": self.column, "log_id": self.log_id,
            "errors": list(self.errors), "tail": list(self.tail),
        }  # fmt: skip


def find(
    run: Facts, places: Mapping[str, Mapping[str, Any]], tree: WorkingTree, logs: StepLogs,
    *, lines: int,
) -> list[Failure]:  # fmt: skip
    """What failed, the innermost that says why; in the order of the run."""
    told = Timeline(run)
    found: list[Failure] = []
    for record in told.shown():
        own = timeline.is_bad(record) and not any(map(timeline.is_bad, told.children(record)))
        if not own and not timeline.ran_too_long(record):
            continue
        at = places.get(record["record_id"], {})
        shown = compiling.shown(tree.place(at["file"])) if at else ""
        errors = tuple(i["message"] for i in record["issues"] if i["kind"] == "error")
        found.append(
            Failure(
                path=told.path(record),
                kind=record["kind"],
                name=record["name"],
                file=shown,
                line=at.get("line", 0),
                column=at.get("column", 0),
                log_id=record["log_id"],
                errors=errors or ((record["reason"],) if record["reason"] else ()),
                tail=_tail(record, logs, lines),
            )
        )
    return found


def show(failures: list[Failure], run_id: int) -> Iterator[str]:
    """The lines for a person; the first ones whole, the rest by name."""
    for one in failures[:_MOST]:
        place = output.paint(f"  {one.place}", "bold") if one.place else ""
        yield ""
        yield f"{run_tree.mark('failed')} {output.paint(one.path, 'red')}{place}"
        for line in one.tail:
            yield f"{output.paint('  │', 'grey')} {line}".rstrip()
        for error in one.errors:
            if not _is_told(error, one.tail):
                yield f"  {output.paint('error:', 'red')} {error}"
        if one.log_id:
            command = f"shipway logs {run_id} --step {shlex.quote(one.name)}"
            yield output.paint(f"  all of it: {command}", "grey")
    if len(failures) > _MOST:
        yield ""
        yield f"and {len(failures) - _MOST} more: shipway runs show {run_id}"


def jobs_of(run: Facts) -> list[str]:
    """The failed jobs as `--job` takes them; none where all jobs failed, or too many."""
    told = Timeline(run)
    phases = [one for one in told.records if one["kind"] == "Phase"]
    failed = [told.job_name(one) for one in phases if timeline.is_bad(one)]
    return failed if 0 < len(failed) < min(len(phases), _MOST) else []


def _tail(record: Facts, logs: StepLogs, lines: int) -> tuple[str, ...]:
    if record["kind"] != "Task":
        return ()
    # two of them only say that the step begins and ends
    read = timeline.without_preamble(logs.tail(record, lines + 2))
    dressed = ((line, timeline.dress(line)) for line in read)
    kept = [shown for line, shown in dressed if shown or not line]
    return tuple(kept[-lines:]) if lines else ()


def _is_told(error: str, tail: tuple[str, ...]) -> bool:
    first = (error.splitlines() or [""])[0]
    return any(first in line for line in tail)


__all__ = ["Failure", "find", "show"]
