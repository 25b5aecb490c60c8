"""A run as lines of text: its stages, jobs and steps with marks and times."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from shipway.base.clock import parse_timestamp
from shipway.base.errors import NotFound
from shipway.cli import output

_MARKS = {
    "succeeded": ("✓", "green"), "succeededWithIssues": ("!", "yellow"), "failed": ("✗", "red"),
    "canceled": ("■", "yellow"), "skipped": ("-", "grey"), "abandoned": ("✗", "red"),
    "inProgress": ("●", "blue"), "pending": ("○", "grey"),
}  # fmt: skip
_WAITS = {
    "Checkpoint.Authorization": "needs permission", "Checkpoint.Approval": "waits for approval",
    "Checkpoint.ExclusiveLock": "waits for an exclusive lock",
    "Checkpoint.TaskCheck": "waits for a check",
}  # fmt: skip
_INDENT = {"Stage": 0, "Phase": 1, "Job": 1, "Task": 2, "Checkpoint": 1}


def no_runs() -> NotFound:
    """What is raised where there is no run."""
    return NotFound("there is no run yet", where="runs", hint="Push to a pipeline's repository.")


def head(run: Mapping[str, Any]) -> list[str]:
    """What run it is."""
    state = run["result"] or run["state"]
    lines = [
        f"{mark(state)} run {run['run_id']}  {run['pipeline']} {run['name']}  {state}",
        output.paint(
            f"  {run['branch']} {run['commit'][:10]}, {run['reason']}, for {run['requested_for']}",
            "grey",
        ),
    ]
    for item in run.get("diagnostics", ()):
        place = f"{item.get('file', '')}:{item.get('line', '')}:{item.get('column', '')}"
        colour = "red" if item.get("severity") == "error" else "yellow"
        lines.append(f"  {output.paint(str(item.get('severity')), colour)} {place} "
                     f"{item.get('message', '')}")  # fmt: skip
        if item.get("hint"):
            lines.append(f"    to do: {item['hint']}")
    return lines


def lines(run: Mapping[str, Any], now: datetime, *, with_steps: bool) -> Iterator[str]:
    """One line for each stage, job and, where wanted, step; errors below what failed."""
    records: Sequence[Mapping[str, Any]] = run["records"]
    legs = {r["parent_id"] for r in records if r["kind"] == "Job"}
    by_stage = waiting(run)
    for record in records:
        kind = record["kind"]
        # a phase with legs is shown by these
        if kind not in _INDENT or (kind == "Phase" and record["record_id"] in legs):
            continue
        if kind == "Checkpoint" and record["state"] == "completed" and not _failed(record):
            continue
        if kind == "Task" and not with_steps and not _failed(record):
            continue
        yield _line(record, now, waiting=by_stage)
        for issue in record["issues"] if _failed(record) or with_steps else ():
            first = (str(issue["message"]).splitlines() or [""])[0]
            yield "  " * (_INDENT[kind] + 2) + output.paint(first, "red" if
                  issue["kind"] == "error" else "yellow")  # fmt: skip


def foot(run: Mapping[str, Any], studio_port: int) -> Iterator[str]:
    """What came of it and what can be done now."""
    for tests in run["tests"]:
        yield (
            f"  tests: {tests['title']}: {tests['passed']} passed, {tests['failed']} failed, "
            f"{tests['skipped']} skipped"
        )
        for one in tests.get("failures", ()):
            name = " ".join(filter(None, (one["suite"], one["name"])))
            yield f"    {mark('failed')} {name}" + (f": {one['message']}" if one["message"] else "")
    for coverage in run.get("coverage", ()):
        shown = ", ".join(
            f"{c['label'].lower()} {c['percent']:.2f}% ({c['covered']} of {c['total']})"
            for c in coverage["counts"]
        )
        yield f"  coverage: {coverage['tool']}: {shown}"
    if run["artifacts"]:
        yield f"  artifacts: {', '.join(a['name'] for a in run['artifacts'])}"
    if run.get("tags"):
        yield f"  tags: {', '.join(run['tags'])}"
    for stage in run.get("to_start", ()):
        yield (
            f"  stage {stage} starts when somebody says so\n"
            f"    shipway runs start-stage {run['run_id']} {stage}"
        )
    for approval in run["approvals"]:
        if approval["status"] == "pending":
            names = ", ".join(step["approver"] for step in approval["steps"])
            yield (
                f"  waits for approval of {approval['resource']} by {names}\n"
                f"    shipway approve {run['run_id']} --as USER"
            )
            continue
        for step in approval["steps"]:
            if step["by"]:
                said = f': "{step["comment"]}"' if step["comment"] else ""
                yield f"  {approval['resource']}: {step['status']} by {step['by']}{said}"
    for one in run.get("permissions", ()):
        yield (
            f"  {one['message']}: {', '.join(one['resources'])}\n    shipway permit {run['run_id']}"
        )
    yield output.paint(f"  http://127.0.0.1:{studio_port}{run['page']}", "grey")


def mark(state: str) -> str:
    """The coloured sign of a state or result."""
    sign, colour = _MARKS.get(state, ("○", "grey"))
    return output.paint(sign, colour)


def duration(record: Mapping[str, Any], now: datetime) -> str:
    """`1:05` for what has begun; empty for the rest."""
    if not record["started_at"]:
        return ""
    end = parse_timestamp(record["finished_at"]) if record["finished_at"] else now
    seconds = max(0.0, (end - parse_timestamp(record["started_at"])).total_seconds())
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)}:{int(seconds % 60):02} min"


def state_of(record: Mapping[str, Any]) -> str:
    """Its result once it has one, else its state."""
    return str(record["result"] or record["state"])


def _line(record: Mapping[str, Any], now: datetime, *, waiting: Mapping[str, str]) -> str:
    state = state_of(record)
    wanting = waiting.get(record["ref_name"], "") if record["kind"] == "Stage" else ""
    note = output.paint(f"  {wanting}", "yellow") if wanting else ""
    took = output.paint(f"  {duration(record, now)}" if state != "skipped" else "", "grey")
    name = "checks" if record["kind"] == "Checkpoint" else record["name"]
    again = record.get("attempt", 1)
    if again > 1 and record["kind"] in ("Stage", "Job"):
        name += output.paint(f" (attempt {again})", "grey")
    return f"{'  ' * (_INDENT[record['kind']] + 1)}{mark(state)} {name}{took}{note}"


def waiting(run: Mapping[str, Any]) -> dict[str, str]:
    """What each stage waits for, by its name."""
    found = {a["stage"]: _WAITS["Checkpoint.Approval"] for a in run.get("approvals", ())
             if a["status"] == "pending"}  # fmt: skip
    found |= dict.fromkeys(run.get("to_start", ()), "starts by hand")
    records: Sequence[Mapping[str, Any]] = run["records"]
    by_id = {record["record_id"]: record for record in records}
    for record in records:
        if record["kind"] not in _WAITS or record["state"] != "inProgress":
            continue
        checkpoint = by_id.get(record["parent_id"], {})
        stage = by_id.get(checkpoint.get("parent_id"), {})
        found[stage.get("ref_name", "")] = _WAITS[record["kind"]]
    return found


def _failed(record: Mapping[str, Any]) -> bool:
    return record["result"] in ("failed", "abandoned")
