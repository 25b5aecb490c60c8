"""What every step of one job shares: variables, folders, secrets, path, identity."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.agent.directories import JobDirectories
from shipway.agent.masking import Masker
from shipway.agent.started_containers import StartedContainers
from shipway.agent.variables import JobVariables
from shipway.base import clock
from shipway.devops.runs import Run
from shipway.store.store import Store


class JobStop(threading.Event):
    """Set when the job shall end: somebody cancelled it, or its time is up.

    Steps whose condition holds all the same (`always()`) may run for `grace_seconds` more:
    `cancelTimeoutInMinutes`.
    """

    def __init__(self, *, grace_seconds: float = 300.0) -> None:
        super().__init__()
        self._grace_seconds = grace_seconds
        self._ends_at: float | None = None

    def set(self) -> None:
        """Begin the end; the first time counts."""
        if self._ends_at is None:
            self._ends_at = clock.monotonic() + self._grace_seconds
        super().set()

    def is_over(self) -> bool:
        """Whether the grace is used up as well."""
        return self._ends_at is not None and clock.monotonic() > self._ends_at


@dataclass(kw_only=True)
class JobContext:
    """Changes while the job runs, and only from its own thread (but `stop`)."""

    store: Store
    run: Run
    stage_name: str
    job_name: str
    job_record_id: str
    directories: JobDirectories
    variables: JobVariables
    masker: Masker
    access_token: str
    sealing_key: bytes
    base_environment: Mapping[str, str]
    path_prefix: list[str] = field(default_factory=list)
    outputs: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """`step.name` -> value and whether it is secret."""
    issues: list[tuple[str, str]] = field(default_factory=list)
    stop: JobStop = field(default_factory=JobStop)
    has_several_checkouts: bool = False
    containers: StartedContainers = field(default_factory=lambda: StartedContainers(program=""))
    endpoint_changes: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """What steps changed of service connections: id, field and key to the value."""

    def search_path(self) -> str:
        """PATH for a step: the latest `prependpath` first."""
        return ":".join([*reversed(self.path_prefix), self.base_environment["PATH"]])

    def environment(self) -> dict[str, str]:
        """The environment of a step, built from nothing: base, public variables, path."""
        return {
            **self.base_environment,
            **self.variables.environment(),
            "PATH": self.search_path(),
        }
