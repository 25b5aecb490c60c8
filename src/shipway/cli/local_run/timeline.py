"""A run's records as a follower shows them: names, marks, times, what it waits for.

Works on the owner API's JSON; knows nothing of terminals.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shipway.cli import output, run_tree

SHOWN = ("Stage", "Job", "Task")
_IMPLIED = "__default"
_BETWEEN = " › "
_LAST = "9999"

Facts = Mapping[str, Any]


class Timeline:
    """The records of one answer, by id and parent."""

    def __init__(self, run: Facts) -> None:
        self.run = run
        self.records: Sequence[Facts] = run["records"]
        self._by_id = {one["record_id"]: one for one in self.records}
        self._with_jobs = {one["parent_id"] for one in self.records if one["kind"] == "Job"}

    def shown(self) -> Iterator[Facts]:
        """Stages, jobs and steps, and the phases that came to no job."""
        for one in self.records:
            is_empty_phase = one["kind"] == "Phase" and one["record_id"] not in self._with_jobs
            if one["kind"] in SHOWN or is_empty_phase:
                yield one

    def in_time(self) -> list[Facts]:
        """The same as things happened: what is over by its end, the inner before the outer."""

        def moment(record: Facts) -> tuple[str, int]:
            if record["finished_at"]:
                return record["finished_at"], -self.depth(record)
            return record["started_at"] or _LAST, self.depth(record)

        return sorted(self.shown(), key=moment)

    def steps(self) -> list[Facts]:
        """The steps in their order."""
        return [one for one in self.records if one["kind"] == "Task"]

    def path(self, record: Facts) -> str:
        """`Build › Unit › Run tests`; a stage that nobody wrote is not named."""
        names: list[str] = []
        at: Facts | None = record
        while at is not None:
            is_named = at["kind"] in SHOWN or at is record
            if is_named and at["name"] != _IMPLIED:
                names.insert(0, at["name"])
            at = self._by_id.get(at["parent_id"] or "")
        return _BETWEEN.join(names) or "the run"

    def job_path(self, step: Facts) -> str:
        """The same of the job around a step."""
        return self.path(self._by_id.get(step["parent_id"] or "", step))

    def job_name(self, phase: Facts) -> str:
        """`Stage.Job` of a phase, by the names that the file has."""
        stage = self._by_id.get(phase["parent_id"] or "")
        is_named = stage is not None and stage["ref_name"] != _IMPLIED
        return (
            f"{stage['ref_name']}.{phase['ref_name']}" if is_named and stage else phase["ref_name"]
        )

    def depth(self, record: Facts) -> int:
        """How far a line is moved in."""
        around = 0
        at = self._by_id.get(record["parent_id"] or "")
        while at is not None:
            around += at["kind"] in SHOWN and at["name"] != _IMPLIED
            at = self._by_id.get(at["parent_id"] or "")
        return around

    def is_implied(self, record: Facts) -> bool:
        """A stage that nobody wrote."""
        return bool(record["kind"] == "Stage" and record["name"] == _IMPLIED)

    def children(self, record: Facts) -> list[Facts]:
        """What stands below, jobs instead of their phases."""
        found: list[Facts] = []
        for one in self.records:
            if one["parent_id"] != record["record_id"]:
                continue
            if one["kind"] == "Phase" and one["record_id"] in self._with_jobs:
                found += self.children(one)
            elif one["kind"] in (*SHOWN, "Phase"):
                found.append(one)
        return found

    def stages(self) -> list[Facts]:
        """The stages in their order."""
        return [one for one in self.records if one["kind"] == "Stage"]


def state(record: Facts) -> str:
    """Its result once it has one, else its state."""
    return run_tree.state_of(record)


def reason(record: Facts) -> str:
    """Why it did not run; of a job that came to no agent, its only issue says so."""
    told = str(record["reason"])
    if told or record["kind"] != "Phase" or record["result"] not in ("skipped", "canceled"):
        return told
    return next((str(one["message"]) for one in record["issues"]), "")


def ran_too_long(record: Facts) -> bool:
    """Whether it was canceled for a reason of its own, as when its time was up."""
    is_canceled = record["kind"] == "Job" and record["result"] == "canceled"
    return is_canceled and any(one["kind"] == "error" for one in record["issues"])


def is_bad(record: Facts) -> bool:
    """Whether the record itself is a reason for the run's failure."""
    return record["result"] in ("failed", "abandoned")


def is_at_work(run: Facts) -> bool:
    """Whether any job goes on by itself; one that a task lets wait for a person does not."""
    told = Timeline(run)
    asked = {one["record_id"] for one in run["approvals"] if one["status"] == "pending"}
    idle = {one["parent_id"] for one in run["records"] if one["record_id"] in asked}
    jobs = [one for one in run["records"] if one["kind"] == "Job"]
    if any(one["state"] != "completed" and one["record_id"] not in idle for one in jobs):
        return True
    # a stage that has begun is about to begin a job, unless one of its jobs is idle
    return any(
        stage["state"] == "inProgress"
        and not any(one["record_id"] in idle for one in told.children(stage))
        for stage in told.stages()
    )


def waits(run: Facts) -> list[tuple[str, str]]:
    """What the run waits for that a person can give, each with the command that gives it."""
    found: list[tuple[str, str]] = []
    for one in run["approvals"]:
        if one["status"] == "pending":
            names = ", ".join(step["approver"] for step in one["steps"])
            found.append(
                (_of(one["stage"], f"waits for approval of {one['resource']} by {names}"),
                 f"shipway approve {run['run_id']} --as USER")
            )  # fmt: skip
    for one in run["permissions"]:
        found.append((f"{one['message']}: {', '.join(one['resources'])}",
                      f"shipway permit {run['run_id']}"))  # fmt: skip
    for stage in run.get("to_start", ()):
        command = f"shipway runs start-stage {run['run_id']} {shlex.quote(stage)}"
        found.append((f"{stage} starts by hand", command))
    return found


def holds(run: Facts) -> list[str]:
    """What stages wait for that nobody is asked for: a lock, business hours, another service."""
    asked = {one["stage"] for one in run["approvals"] if one["status"] == "pending"}
    asked |= set(run.get("to_start", ()))
    return [
        _of(stage, text) for stage, text in run_tree.waiting(run).items()
        if stage not in asked and not run["permissions"]
    ]  # fmt: skip


def _of(stage: str, text: str) -> str:
    """What a stage does; one that nobody wrote is not named."""
    return f"the run {text}" if stage == _IMPLIED else f"{stage} {text}"


def without_preamble(lines: list[str]) -> list[str]:
    """The output of a step, without the script that is repeated before it."""
    for number, line in enumerate(lines):
        if line.startswith("====") and "Starting Command Output" in line:
            return lines[number + 1 :]
    return lines


def dress(line: str) -> str:
    """A line of a log with its formatting command as a colour; empty for begin and end marks."""
    for command, colour in (
        ("##[error]", "red"), ("##[warning]", "yellow"), ("##[command]", "blue"),
        ("##[debug]", "grey"), ("##[group]", "bold"),
    ):  # fmt: skip
        if line.startswith(command):
            return output.paint(line.removeprefix(command), colour)
    if line.startswith(("##[section]", "##[endgroup]")):
        return ""
    return line
