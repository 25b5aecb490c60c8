"""What a task must offer, and what it is given.

A task's `run` may be called again for the same step after the agent died: processes that were
started before are adopted (`StepRun.run_process` is idempotent per label), everything else must
be safe to repeat. It returns a result; "the user's step failed" is not an exception.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from shipway.agent.job_context import JobContext

StepResult = Literal["succeeded", "succeededWithIssues", "failed", "canceled", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOrder:
    """A process for a step. `label` names its control folder within the step."""

    command: Sequence[str]
    cwd: Path
    label: str = "main"
    env_vars: Mapping[str, str] = field(default_factory=dict)
    secret_env_vars: Mapping[str, str] = field(default_factory=dict)
    fds: Sequence[int] = ()


class StepRun(Protocol):
    """One step while it runs."""

    @property
    def job(self) -> JobContext: ...

    @property
    def name(self) -> str:
        """The display name, expanded."""
        ...

    @property
    def record_id(self) -> str:
        """The id of its line in the timeline."""
        ...

    @property
    def ref_name(self) -> str:
        """Its `name:`, or what stands for it."""
        ...

    def set_output(self, name: str, value: str, *, is_secret: bool) -> None:
        """An output variable, for other jobs."""
        ...

    def input(self, name: str, default: str = "") -> str:
        """An input with macros expanded, its name in any letter case."""
        ...

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Whether an input is true; any other text counts as false, as for tasks on Azure."""
        ...

    def log(self, line: str) -> None:
        """A line in the step's log, masked."""
        ...

    def error(self, message: str) -> None:
        """An issue of the step, shown in the log and in the run's summary."""
        ...

    def warning(self, message: str) -> None:
        """The same, milder."""
        ...

    def run_process(self, order: ProcessOrder) -> int:
        """Run a process to its end, its output in the log; the exit code.

        137 after a time-out or a cancel, and the step's result tells which.
        """
        ...

    def script(self, text: str, *, suffix: str, label: str = "main") -> tuple[str, Sequence[int]]:
        """A script as a path to run, and descriptors to pass; no secret reaches the disk."""
        ...

    @property
    def time_limit_minutes(self) -> int:
        """Its `timeoutInMinutes`; 0 is none of its own."""
        ...

    @property
    def is_canceled(self) -> bool:
        """Whether it ends because its job was canceled."""
        ...

    def should_stop(self) -> bool:
        """Whether the step was canceled or is out of time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A row of `all_tasks.TASKS`: what runs for `name@version`.

    `before_job` runs before the first step of the job, in a line of its own. What a task that
    `acts_on_job` does (variables, tools on the path) is done again by an agent that takes over.
    """

    name: str
    version: int
    run: Callable[[StepRun], StepResult]
    before_job: Callable[[StepRun], StepResult] | None = None
    acts_on_job: bool = False
