"""What a compilation knows from outside the YAML."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

Feature = Literal[
    "builds",
    "packages",
    "webhooks",
    "downloadBuild",
    "getPackage",
    "reviewApp",
    "checks",
    "otherSystem",
]

NOT_RUN: frozenset[Feature] = frozenset(
    (
        "builds",
        "packages",
        "webhooks",
        "downloadBuild",
        "getPackage",
        "reviewApp",
        "checks",
        "otherSystem",
    )
)
"""Features of the language that compile but that no agent here can run yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTarget:
    """A task in full: its exact version, and whether agents or agentless jobs may run it."""

    version: str
    agent: bool = True
    server: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileContext:
    """Everything besides the files. Each part has a default for plain validation.

    - `parameters`: values given when the run was queued, by parameter name.
    - `variables`: known at queue time: set in the UI or by the caller, and predefined ones
      (`Build.SourceBranch`, `System.TeamProject`).
    - `groups`: variable groups that may be used, name to variables; None: any name, no values.
      Secrets stand there with an empty value and are named in `secret_names`.
    - `known_tasks`: task name (or id) to its major versions; None: any task.
    - `qualified_tasks_exist`: whether a task named with its extension counts as installed.
    - `missing_task_hint`: what to do about a task that is not known; `TASK` stands for its name.
    - `task_reasons`: why a task is not there, by name in small letters; told before the hint.
    - `task_names`: the name behind a task's id, by id in small letters.
    - `task_targets`: where tasks may run, by `name@major` in small letters; others: anywhere.
    - `environments`: names of AzDO environments that exist; None: any name.
    - `environment_resources`: names of the resources of environments; None: any name.
    - `refuse`: features that are an error. Empty for a tool that only validates.
    """

    parameters: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] | None = None
    secret_names: frozenset[str] = frozenset()
    known_tasks: Mapping[str, Collection[int]] | None = None
    qualified_tasks_exist: bool = False
    missing_task_hint: str = ""
    task_reasons: Mapping[str, str] = field(default_factory=dict)
    task_names: Mapping[str, str] = field(default_factory=dict)
    task_targets: Mapping[str, TaskTarget] = field(default_factory=dict)
    environments: Collection[str] | None = None
    environment_resources: Mapping[str, Collection[str]] | None = None
    refuse: frozenset[Feature] = NOT_RUN

    def public_variables(self) -> dict[str, str]:
        """Variables without the secret ones: no secret may enter a plan."""
        secret = {one.lower() for one in self.secret_names}
        return {name: value for name, value in self.variables.items() if name.lower() not in secret}

    def group_values(self, name: str) -> dict[str, str]:
        """The values of a variable group that are not secret."""
        secret = {one.lower() for one in self.secret_names}
        for group, values in (self.groups or {}).items():
            if group.lower() == name.lower():
                return {key: value for key, value in values.items() if key.lower() not in secret}
        return {}
