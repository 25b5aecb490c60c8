"""Runs one command: prepares its folder, starts its process or adopts it, gathers its outputs.

Every step can be repeated: whatever kills the worker, the next one looks at the folder and goes
on where this one stopped. The process itself starts once (`base/process.py`).
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from shipway.azure.entra import managed_identities
from shipway.base import crash_points, process
from shipway.base.clock import timestamp
from shipway.base.errors import ShipwayError, Unavailable
from shipway.compute import (
    command_lines,
    images,
    inputs,
    job_folders,
    job_variables,
    outputs,
)
from shipway.compute.images import Interpreter
from shipway.compute.job_variables import SharedVariables
from shipway.compute.outputs import Gathered
from shipway.ml.job_plans import PlannedCommand
from shipway.store.files import StoredFile
from shipway.store.queue import WorkItem
from shipway.store.store import Store

_TAIL_LINES, _TAIL_BYTES = 20, 4000
_CANCEL_GRACE_SECONDS = 0.0
_NO_SUCH_SCRIPT = "can't open file"


class Gate:
    """Holds back a process until its lease is on disk; preparing its folder need not wait."""

    def __init__(self) -> None:
        self._decided = threading.Event()
        self._is_open = False

    def open(self) -> None:
        """The lease is on disk."""
        self._is_open = True
        self._decided.set()

    def shut(self) -> None:
        """It will never be, unless the gate is open already."""
        self._decided.set()

    def wait(self) -> None:
        """Hold the thread until it is decided. Raises `Unavailable` when it is shut."""
        self._decided.wait()
        if not self._is_open:
            raise Unavailable("the lease could not be written", code="ComputeError")


class OnExit(Protocol):
    """Told once when the process is gone; `is_large`: gathering its outputs takes a while."""

    def __call__(self, *, is_large: bool) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended, with the contents that wait to be named."""

    status: str
    started_at: str
    ended_at: str
    exit_code: int = -1
    error: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    gathered: Gathered = field(default_factory=lambda: Gathered(outputs={}, artifacts={}))


class CommandRun:
    """One leased work item of the queue `compute`."""

    def __init__(self, store: Store, item: WorkItem, shared: SharedVariables) -> None:
        self.item = item.item
        self.payload = item.payload
        self.plan = PlannedCommand.read(item.payload["plan"])
        self.workspace = str(item.payload["workspace"])
        self.name = str(item.payload["name"])
        self.folder = job_folders.folder_of(store.home, self.workspace, self.name)
        self.interpreter: Interpreter | None = None
        self._store = store
        self._shared = shared
        self._canceled = threading.Event()
        self._started_at = ""
        # an earlier worker may have started its process
        self.was_started = (self.folder.control / "claim").exists()
        if item.cancel_requested:
            self._canceled.set()

    @property
    def is_canceled(self) -> bool:
        """Whether somebody asked to stop it."""
        return self._canceled.is_set()

    def has_image(self) -> bool:
        """Whether its environment is there, so that it can start at once."""
        self.interpreter = images.find_ready(
            self._store, workspace=self.workspace, reference=self.plan.environment
        )
        return self.interpreter is not None

    def build_image(self) -> None:
        """Build its environment. Raises `EnvironmentFailed`."""
        self.folder.claim_for(self.item)
        self.interpreter = images.ensure(
            self._store, workspace=self.workspace, reference=self.plan.environment,
            log=self.folder.build_log,
        )  # fmt: skip

    def cancel(self) -> None:
        """End the process tree; the run then reports Canceled."""
        self._canceled.set()
        process.kill_tree(self.folder.control, grace_seconds=_CANCEL_GRACE_SECONDS)

    def execute(self, on_exit: OnExit, gate: Gate) -> Outcome:
        """Run to the end and gather; `on_exit` is called when the process is gone.

        The process starts once `gate` is open.
        Never raises a `ShipwayError`: what goes wrong is a Failed outcome.
        """
        self._started_at = timestamp(self._begun())
        exited = False
        try:
            if self.is_canceled:
                return self._ended("Canceled")
            if process.look(self.folder.control).state == "absent":
                self._start(gate)
                crash_points.reach("compute-after-spawn")
            status = process.wait(self.folder.control, seconds=self._left())
            timed_out = status.state == "running"
            if timed_out:
                process.kill_tree(self.folder.control)
            on_exit(is_large=outputs.are_large(self.folder.data, self.folder.working))
            exited = True
            crash_points.reach("compute-after-exit")
            return self._finish(status, timed_out=timed_out)
        except ShipwayError as error:
            return self.failed(error)
        except OSError as error:
            return self.failed(
                ShipwayError(f"the job's folder cannot be used: {error}", code="ComputeError")
            )
        finally:
            if not exited:
                on_exit(is_large=False)

    def _begun(self) -> datetime:
        """When the process was started, by an earlier worker perhaps; else now."""
        try:
            claimed = (self.folder.control / "claim").stat().st_mtime
        except FileNotFoundError:
            return self._store.clock.now()
        return datetime.fromtimestamp(claimed, UTC)

    def _left(self) -> float | None:
        """What is left of the time limit, which goes on while no worker is there."""
        limit = self.plan.timeout_seconds
        if limit is None:
            return None
        return max(0.0, limit - (self._store.clock.now() - self._begun()).total_seconds())

    def failed(self, error: ShipwayError) -> Outcome:
        """The outcome of a run that could not be carried out."""
        if self.is_canceled:
            return self._ended("Canceled")
        return self._ended("Failed", error={"code": error.code, "message": str(error)})

    def clear(self) -> None:
        """Everything is stored: the folder goes."""
        self.folder.remove()

    def drop_identity(self) -> None:
        """The process has ended: its identity secret is worth nothing from now on."""
        if self.plan.principal_id and self.folder.identity.exists():
            managed_identities.drop_header(self._store, self.folder.identity.read_text())

    def _start(self, gate: Gate) -> None:
        folder, plan = self.folder, self.plan
        folder.claim_for(self.item)
        interpreter = self.interpreter or images.ensure(
            self._store, workspace=self.workspace, reference=plan.environment,
            log=folder.build_log,
        )  # fmt: skip
        folder.create()
        inputs.bring_code(self._store, plan, folder.working)
        values = inputs.bring(self._store, plan, folder.data)
        written = outputs.paths(plan, folder.data)
        header = job_variables.identity_header(self._store, plan)
        if header:
            folder.identity.write_text(header.partition(".")[0])
        env_vars = job_variables.build(
            self._store, plan, self._facts(), folder=folder, interpreter=interpreter,
            values=values, outputs=written, identity_header=header,
            run_token=self._shared.run_token(self.workspace), door=self._shared.door(),
        )  # fmt: skip
        line = command_lines.render(plan.command, values=values, outputs=written)
        notes = tuple(f"shipway: {warning}" for warning in interpreter.warnings)
        gate.wait()
        if self.is_canceled:
            return
        process.start(
            command_lines.announced(command_lines.arguments(line), notes),
            control=folder.control, cwd=folder.working, env_vars=env_vars,
        )  # fmt: skip

    def _finish(self, status: process.ProcessStatus, *, timed_out: bool) -> Outcome:
        code = status.exit_code
        if self.is_canceled:
            return self._ended("Canceled", exit_code=code)
        if timed_out:
            limit = f"{self.plan.timeout_seconds:g} s"
            return self._ended("Failed", exit_code=code, error={
                "code": "JobTimedOut", "message": f"The job was stopped after its limit of {limit}."
            })  # fmt: skip
        if status.state == "lost":
            return self._ended("Failed", error={
                "code": "ProcessLost",
                "message": "The process was ended from outside, or the machine stopped.",
            })  # fmt: skip
        if code != 0:
            self._hint()
            return self._ended("Failed", exit_code=code, error=self._exit_error(code))
        return self._ended("Completed", exit_code=0)

    def _ended(
        self, status: str, *, exit_code: int = -1, error: Mapping[str, str] | None = None
    ) -> Outcome:
        """The outcome with whatever there is to keep; a missing output makes it Failed."""
        try:
            gathered = outputs.gather(
                self._store, self.plan, data=self.folder.data, working=self.folder.working,
                with_outputs=status == "Completed",
            )  # fmt: skip
        except ShipwayError as missing:
            self._say(f"shipway: {missing}")
            return self._ended(
                "Failed", exit_code=exit_code,
                error={"code": missing.code, "message": str(missing)},
            )  # fmt: skip
        if error and not self.folder.log.exists():
            self._say(f"shipway: {error['message']}")
        logs = self._logs()
        return Outcome(
            status=status, exit_code=exit_code, error=error or {},
            started_at=self._started_at, ended_at=timestamp(self._store.clock.now()),
            tags=self.interpreter.tags if self.interpreter else {},
            gathered=Gathered(
                outputs=gathered.outputs, artifacts={**gathered.artifacts, **logs}
            ),
        )  # fmt: skip

    def _logs(self) -> dict[str, StoredFile]:
        found = {}
        if self.folder.log.exists():
            found[outputs.STD_LOG] = outputs.keep(self._store, self.folder.log)
        if self.folder.build_log.exists():
            found[outputs.BUILD_LOG] = outputs.keep(self._store, self.folder.build_log)
        return found

    def _say(self, line: str) -> None:
        """Add a line of ours to the job's log."""
        self.folder.claim_for(self.item)
        self.folder.control.mkdir(exist_ok=True)
        with self.folder.log.open("ab") as log:
            log.write(f"{line}\n".encode())

    def _hint(self) -> None:
        """Say what the interpreter cannot know: that the job brought no code."""
        if self.plan.code is None and _NO_SUCH_SCRIPT in self._tail():
            self._say(
                "shipway: this job has no `code`, so its working folder is empty. Give the"
                ' component the folder that holds the script, as in code="./src".'
            )

    def _exit_error(self, code: int) -> dict[str, str]:
        return {
            "code": "UserError",
            "message": f"Execution failed. User process exited with status code {code}. Please"
            f" check log file '{outputs.STD_LOG}' for error details. Error: {self._tail()}",
        }

    def _tail(self) -> str:
        try:
            with self.folder.log.open("rb") as log:
                size = log.seek(0, 2)
                log.seek(max(0, size - _TAIL_BYTES))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-_TAIL_LINES:])

    def _facts(self) -> dict[str, str]:
        names = ("workspace", "name", "parent", "root", "node", "experiment", "display_name")
        return {name: str(self.payload.get(name) or "") for name in names}


def ended_data(run: CommandRun, outcome: Outcome) -> dict[str, Any]:
    """The facts of the journal's `JobEnded`."""
    return {
        "workspace": run.workspace, "name": run.name, "status": outcome.status,
        "exit_code": outcome.exit_code, "error": dict(outcome.error), "tags": dict(outcome.tags),
        "started_at": outcome.started_at, "ended_at": outcome.ended_at,
    }  # fmt: skip
