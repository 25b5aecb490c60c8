"""The variables of one job: names in any letter case, each with its secrecy and its lock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shipway.agent import logging_commands
from shipway.agent.locked_variables import LOCKED
from shipway.azpipelines import macros
from shipway.base.errors import Forbidden

# others choose their texts: no command may come in through them
_FROM_OUTSIDE = frozenset(
    (
        "agent.machinename", "agent.name", "build.definitionname", "build.sourceversionauthor",
        "build.sourceversionmessage", "system.definitionname", "system.jobdisplayname",
        "system.phasedisplayname", "system.sourceversionmessage", "system.stagedisplayname",
    )
)  # fmt: skip
_RESERVED = (
    "ENDPOINT_AUTH_", "ENDPOINT_DATA_", "ENDPOINT_URL_", "INPUT_", "SECRET_",
    "SECUREFILE_TICKET_", "VSTS_TASKVARIABLE_",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class JobVariable:
    """One variable as a job sees it."""

    name: str
    value: str
    is_secret: bool = False
    is_read_only: bool = False
    preserves_case: bool = False
    """Whether its environment variable is written as the name is."""


class JobVariables:
    """Set by the run, then by the steps; the last one to set a name wins."""

    def __init__(self) -> None:
        self._by_name: dict[str, JobVariable] = {}
        self._cache: macros.ExpandedVariables | None = None

    def define(
        self, name: str, value: str, *, is_secret: bool = False, is_read_only: bool = False
    ) -> None:
        """Set a variable without asking whether it is locked."""
        self._cache = None
        if name.lower() in _FROM_OUTSIDE:
            value = logging_commands.deactivated(value)
        self._by_name[name.lower()] = JobVariable(
            name=name, value=value, is_secret=is_secret, is_read_only=is_read_only
        )

    def require_unlocked(self, name: str) -> None:
        """Raises `Forbidden` for a variable that no step may set."""
        before = self._by_name.get(name.lower())
        if name.lower() in LOCKED or (before is not None and before.is_read_only):
            raise Forbidden(
                f"Overwriting readonly variable '{name}' is not permitted. See "
                "https://github.com/microsoft/azure-pipelines-yaml/blob/master/design/"
                "readonly-variables.md for details.",
                code="ReadOnlyVariable",
            )

    def set(
        self, name: str, value: str, *, is_secret: bool = False, is_read_only: bool = False,
        preserves_case: bool = False,
    ) -> None:  # fmt: skip
        """A step sets a variable; secrecy and locks never go away."""
        before = self._by_name.get(name.lower())
        self._cache = None
        self._by_name[name.lower()] = JobVariable(
            name=name, value=value, preserves_case=preserves_case,
            is_secret=is_secret or (before is not None and before.is_secret),
            is_read_only=is_read_only or (before is not None and before.is_read_only),
        )  # fmt: skip

    def assign(
        self, name: str, value: str, *, is_secret: bool = False, is_read_only: bool = False
    ) -> None:
        """`set`, for a task. Raises `Forbidden` when the variable is locked."""
        self.require_unlocked(name)
        self.set(name, value, is_secret=is_secret, is_read_only=is_read_only)

    def is_secret(self, name: str) -> bool:
        """Whether the value may never be shown."""
        found = self._by_name.get(name.lower())
        return found is not None and found.is_secret

    def get(self, name: str, default: str = "") -> str:
        """A value."""
        found = self._by_name.get(name.lower())
        return default if found is None else found.value

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name

    def __iter__(self) -> Iterator[JobVariable]:
        return iter(list(self._by_name.values()))

    def values(self) -> Mapping[str, str]:
        """Name to value, expanded among themselves, for conditions."""
        return self._expanded().values

    def warnings(self) -> tuple[str, ...]:
        """What could not be expanded, and why."""
        return self._expanded().warnings

    def secrets(self) -> list[str]:
        """The values that may never be shown, and what holds one of them through a macro."""
        expanded = self._expanded()
        given = [v.value for v in self if v.is_secret]
        return [v for v in {*given, *(expanded.values[n] for n in expanded.secret_names)} if v]

    def expand(self, text: str) -> str:
        """Replace each `$(name)` once; an unknown one stays."""
        return macros.expand(text, self._expanded().values)

    def environment(self) -> dict[str, str]:
        """The public variables as a step's environment has them; secrets are never among them."""
        expanded = self._expanded()
        secret = {name.lower() for name in expanded.secret_names}
        # of two names that come to the same, the one with the point wins: so the service does
        names = sorted(expanded.values, key=lambda name: "." in name)
        return {
            self._environment_name(name): expanded.values[name]
            for name in names
            if name.lower() not in secret and not _is_kept_from_scripts(name)
        }

    def _environment_name(self, name: str) -> str:
        found = self._by_name.get(name.lower())
        preserves = found is not None and found.preserves_case
        return macros.variable_to_env_name(name, preserve_case=preserves)

    def _expanded(self) -> macros.ExpandedVariables:
        if self._cache is None:
            self._cache = macros.expand_all(
                {v.name: v.value for v in self},
                secret_names=[v.name for v in self if v.is_secret],
            )
        return self._cache


def _is_kept_from_scripts(name: str) -> bool:
    """Names that would look like what a task is given: tasks take those away before they run."""
    return macros.variable_to_env_name(name).startswith(_RESERVED)
