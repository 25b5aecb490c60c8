"""The step that printed a command, as far as commands may touch it, and how a command fails."""

from pathlib import Path
from typing import Protocol

from shipway.agent.job_context import JobContext
from shipway.azpipelines.plan import StepTarget
from shipway.azpipelines.results import Result
from shipway.devops.runs import Issue

HELP = "Please reference documentation (http://go.microsoft.com/fwlink/?LinkId=817296)"


class CommandTarget(Protocol):
    """The step behind a command."""

    @property
    def job(self) -> JobContext: ...

    @property
    def target(self) -> StepTarget | None: ...

    @property
    def ref_name(self) -> str: ...

    @property
    def record_id(self) -> str: ...

    @property
    def task_variables(self) -> dict[str, tuple[str, bool]]: ...

    def log(self, line: str) -> None: ...

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...

    def issue(self, found: Issue) -> None: ...

    def progress(self, percent: int, operation: str) -> None: ...

    def fail(self) -> None: ...

    def complete(self, result: Result) -> None: ...

    def end_soon(self) -> None: ...

    def set_output(self, name: str, value: str, *, is_secret: bool) -> None: ...


class CommandFailed(Exception):
    """A command cannot be done; the text is the agent's. Its step fails."""


class Restricted(Exception):
    """What the step's `target:` does not allow. The command is left out with a warning."""


def missing(text: str) -> CommandFailed:
    """A property or value that must be given, in the form in which .NET tells it."""
    return CommandFailed(f"Value cannot be null. (Parameter '{text}')")


def path_of(step: CommandTarget, text: str) -> Path:
    """A path; a relative one counts from the job's default folder."""
    path = Path(text)
    if path.is_absolute():
        return path
    return Path(step.job.variables.get("System.DefaultWorkingDirectory")) / path
