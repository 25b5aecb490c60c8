"""The containers of a job that run, and which of them a step belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shipway.azpipelines.plan import CHECKOUT_TASK, StepPlan
from shipway.base import process


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedContainers:
    """The containers of a job that run: the job's own, and those that steps name."""

    program: str
    user: str = ""
    job: str = ""
    targets: Mapping[str, str] = field(default_factory=dict)
    env_vars: Mapping[str, str] = field(default_factory=dict)

    def of(self, step: StepPlan) -> str:
        """The container of a step; empty for the machine itself, as for a checkout."""
        named = step.target.container if step.target else ""
        if step.task.name == CHECKOUT_TASK or named.lower() == "host":
            return ""
        return self.targets.get(named.lower(), "") if named else self.job

    def kill(self, container: str, pid_file: Path) -> None:
        """End what a step has left running inside: its client alone does not."""
        try:
            pid = int(pid_file.read_text())
        except (OSError, ValueError):
            return
        text = f"kill -TERM -- -{pid} 2>/dev/null || kill -TERM {pid}"
        process.run(
            [self.program, "exec", container, "/bin/sh", "-c", text], env_vars=self.env_vars,
            seconds=30,
        )  # fmt: skip
