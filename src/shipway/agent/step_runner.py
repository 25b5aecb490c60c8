"""Runs one step: its condition was met, its task is known, its record exists.

Every process of a step has a control folder of its own under the job's, so that an agent that
starts anew adopts it; the step's log is written again from the process's output.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shipway.agent import command_effects, container_exec, logging_commands
from shipway.agent.job_context import JobContext
from shipway.agent.output_tail import OutputTail
from shipway.agent.task import ProcessOrder
from shipway.azpipelines import results
from shipway.azpipelines.macros import variable_to_env_name
from shipway.azpipelines.plan import StepPlan, StepTarget
from shipway.azpipelines.results import Result
from shipway.base import clock, crash_points, process
from shipway.base.sealing import seal, unseal
from shipway.devops import runs
from shipway.devops.logs import LogWriter
from shipway.devops.runs import Issue
from shipway.devops.task_definition import TaskDefinition

_POLL_SECONDS = 0.05
_GRACE_SECONDS = 5.0
_MOST_ISSUES = 10


class StepRunner:
    """A step while it runs; what tasks see of it is `agent.task.StepRun`."""

    def __init__(
        self,
        *,
        job: JobContext,
        plan: StepPlan,
        definition: TaskDefinition,
        record_id: str,
        control: Path,
        log: LogWriter | None,
        deadline: float | None,
        outlives_cancel: bool = False,
    ) -> None:
        self._job = job
        self._plan = plan
        self._definition = definition
        self._record_id = record_id
        self._control = control
        self._log = log
        self._deadline = deadline
        self._outlives_cancel = outlives_cancel
        self._attempt = 0
        self.result: Result = "Succeeded"
        self.issues: list[Issue] = []
        self.error_count = 0
        self.warning_count = 0
        self.task_variables: dict[str, tuple[str, bool]] = {}
        self._ends_at: float | None = None
        self.is_out_of_time = False
        self._is_canceled = False

    @property
    def job(self) -> JobContext:
        return self._job

    @property
    def target(self) -> StepTarget | None:
        return self._plan.target

    @property
    def ref_name(self) -> str:
        return self._plan.ref_name

    @property
    def record_id(self) -> str:
        return self._record_id

    @property
    def plan(self) -> StepPlan:
        """The step with its runtime values filled in."""
        return self._plan

    @property
    def name(self) -> str:
        return self._job.masker.mask(self._job.variables.expand(self._plan.display_name))

    @property
    def time_limit_minutes(self) -> int:
        return self._plan.timeout_in_minutes

    @property
    def is_canceled(self) -> bool:
        return self._is_canceled

    def begin_attempt(self, number: int) -> None:
        """A new try of the same step: its own control folders, a clean result."""
        self._attempt = number
        self.result = "Succeeded"

    def input(self, name: str, default: str = "") -> str:
        wanted = self._canonical(name)
        for given, value in self._plan.inputs.items():
            if self._canonical(given) == wanted:
                # trimmed first, as the agent does: what a variable brings stays as it is
                return self._job.variables.expand(value.strip()) or default
        known = {n.lower(): v for n, v in self._definition.inputs.items()}
        return self._job.variables.expand(known.get(wanted, "")) or default

    def unknown_inputs(self) -> list[str]:
        """The inputs that the task does not have; they change nothing."""
        known = {name.lower() for name in self._definition.inputs}
        return [name for name in self._plan.inputs if self._canonical(name) not in known]

    def flag(self, name: str, *, default: bool = False) -> bool:
        text = self.input(name).lower()
        if text not in ("true", "false", ""):
            self.log(f"##[warning]The input '{name}' is '{text}', which counts as false.")
        return text == "true" if text else default

    def log(self, line: str) -> None:
        if self._log is not None:
            self._log.write(self._job.masker.mask(line))

    def debug(self, message: str) -> None:
        if self._job.variables.get("System.Debug").lower() == "true":
            self.log(f"##[debug]{message}")

    def error(self, message: str) -> None:
        # a task that is ended from outside tells of its end, which is no fault of its own
        if not self._is_canceled and not self.is_out_of_time:
            self.issue(Issue(kind="error", message=message))

    def warning(self, message: str) -> None:
        self.issue(Issue(kind="warning", message=message))

    def issue(self, found: Issue) -> None:
        """Show a problem; the first ten of each kind are kept, all are counted."""
        text = self._job.masker.mask(found.message)
        data = {name: self._job.masker.mask(value) for name, value in found.data.items()}
        if text and self._log is not None:
            data["logFileLineNumber"] = str(self._log.line_count + 1)
            self.log(f"##[{found.kind}]{text}")
        if found.kind == "error":
            self.error_count += 1
        else:
            self.warning_count += 1
        if (self.error_count if found.kind == "error" else self.warning_count) <= _MOST_ISSUES:
            self.issues.append(replace(found, message=text, data=data))

    def progress(self, percent: int, operation: str) -> None:
        store, run_id = self._job.store, self._job.run.run_id
        before = runs.find_record(store, run_id, self._record_id)
        if before is None:
            return
        runs.change_record(
            store, run_id, self._record_id,
            percent_complete=max(percent, before.percent_complete or 0),
            current_operation=self._job.masker.mask(operation) or before.current_operation,
        )  # fmt: skip

    def end_soon(self) -> None:
        """The step says that it is done: what it has left running gets five seconds more."""
        self._ends_at = clock.monotonic() + _GRACE_SECONDS

    def fail(self) -> None:
        self.result = results.merge(self.result, "Failed")

    def complete(self, result: Result) -> None:
        self.result = results.merge(self.result, result)

    def set_output(self, name: str, value: str, *, is_secret: bool) -> None:
        key = f"{self.ref_name}.{name}" if self.ref_name else name
        self._job.outputs[key] = (value, is_secret)

    def should_stop(self) -> bool:
        if self._deadline is not None and clock.monotonic() > self._deadline:
            self.is_out_of_time = True
        stop = self._job.stop
        if stop.is_set() and (stop.is_over() or not self._outlives_cancel):
            self._is_canceled = True
        return self.is_out_of_time or self._is_canceled

    def script(self, text: str, *, suffix: str, label: str = "main") -> tuple[str, Sequence[int]]:
        """A file in the job's temporary folder; with a secret in it, a memory file instead."""
        if self._job.masker.mask(text) != text:
            descriptor = _memory_file(text.encode(), f"{label}{suffix}")
            return f"/proc/self/fd/{descriptor}", (descriptor,)
        path = self._job.directories.temporary / f"{self._record_id}-{label}{suffix}"
        path.write_text(text)
        path.chmod(0o700)
        return str(path), ()

    def run_process(self, order: ProcessOrder) -> int:
        inside = self._job.containers.of(self._plan)
        if not inside:
            return self._run(order)
        pid = container_exec.pid_file(self._job.directories.temporary, self._record_id, order.label)
        code = self._run(
            container_exec.wrapped(
                order, self._job.containers, container=inside, pid=pid,
                names=self._environment(order), path_prefix=self._job.path_prefix,
            )
        )  # fmt: skip
        if self.is_out_of_time or self._is_canceled:
            self._job.containers.kill(inside, pid)
        return code

    def _run(self, order: ProcessOrder) -> int:
        control = self._folder(order.label)
        control.mkdir(parents=True, exist_ok=True)
        (control / "secrets").write_text(
            seal(json.dumps(self._secrets(order)), self._job.sealing_key)
        )
        try:
            process.start(
                order.command,
                control=control,
                cwd=order.cwd,
                env_vars=self._environment(order),
                output_filter=[
                    sys.executable, "-I", "-m", "shipway.agent.output_filter",
                    str(control), str(self._job.store.home.secrets_key),
                ],
                pass_fds=order.fds,
            )  # fmt: skip
        finally:
            for descriptor in order.fds:
                os.close(descriptor)
        crash_points.reach("agent-after-spawn")
        return self._follow(control)

    def replay(self) -> None:
        """Take the effects of a step that ended before this agent was there.

        What its task does once more then belongs to its last attempt.
        """
        for control in sorted(self._control.parent.glob(f"{self._control.name}-*")):
            OutputTail(control / "output", self.take).finish()
            attempt = control.name.rpartition("-")[2]
            self._attempt = max(self._attempt, int(attempt) if attempt.isdigit() else 0)

    def _follow(self, control: Path) -> int:
        tail = OutputTail(control / "output", self.take)
        while True:
            status = process.wait(control, seconds=_POLL_SECONDS)
            tail.pump()
            if status.state in ("ended", "lost"):
                break
            if self._ends_at is not None and clock.monotonic() > self._ends_at:
                self.debug(
                    'The task was marked as "done", but the process has not closed after 5 '
                    "seconds. Treating the task as complete."
                )
                process.kill_tree(control, grace_seconds=0)
                tail.finish()
                return 0
            if self.should_stop():
                process.kill_tree(control, grace_seconds=_GRACE_SECONDS)
        crash_points.reach("agent-after-exit")
        tail.finish()
        if status.state == "lost":
            self.error("The process was killed from outside; its exit code is not known.")
            return 137
        unread = process.filter_failure(control)
        if unread:
            self.error(
                f"The output of the step is lost, with what it set: its filter failed; {unread}."
            )
            return status.exit_code or 1
        return status.exit_code

    def take(self, line: str) -> None:
        """A line of the step's output: a command, or a line of its log."""
        line = self._opened(line)
        command = logging_commands.parse(line)
        if command is None:
            self.log(line)
            if "##vso" in line:
                self.warning(
                    f"'{line}' contains logging command keyword '##vso', but it's not a legal "
                    "command. Please see the list of accepted commands: "
                    "https://go.microsoft.com/fwlink/?LinkId=817296"
                )
        elif not command_effects.apply(self, command, line):
            self.log(line)

    def _opened(self, line: str) -> str:
        """A line as the step printed it; what somebody else sealed stays as it is."""
        if not line.startswith(logging_commands.SEALED):
            return line
        try:
            text = line.removeprefix(logging_commands.SEALED)
            return unseal(text, self._job.sealing_key)
        except ValueError:
            return line

    def _environment(self, order: ProcessOrder) -> dict[str, str]:
        automatic = self._job.variables.environment()
        mapped = {
            variable_to_env_name(name, preserve_case=True): self._job.variables.expand(value)
            for name, value in self._plan.env.items()
        }
        return {
            **mapped,
            **self._job.environment(),
            **{n: v for n, v in mapped.items() if n not in automatic},
            **order.env_vars,
            **order.secret_env_vars,
        }

    def _secrets(self, order: ProcessOrder) -> dict[str, list[str]]:
        """What the filter of the step's output has to know."""
        known = self._job.variables
        values = {
            *known.secrets(),
            *order.secret_env_vars.values(),
            self._job.access_token,
            *self._job.masker.secrets(),
        }
        names = [variable.name.lower() for variable in known if variable.is_secret]
        return {"values": sorted(values), "names": names}

    def _folder(self, label: str) -> Path:
        suffix = f"-{self._attempt}" if self._attempt else ""
        return self._control.with_name(f"{self._control.name}-{label}{suffix}")

    def _canonical(self, name: str) -> str:
        folded = {alias.lower(): real for alias, real in self._definition.aliases.items()}
        return folded.get(name.lower(), name).lower()


def _memory_file(content: bytes, name: str) -> int:
    """A file that exists in memory only, its offset at the start."""
    descriptor = os.memfd_create(name, 0)
    while content:
        content = content[os.write(descriptor, content) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
