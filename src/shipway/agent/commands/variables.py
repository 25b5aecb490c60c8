"""task.setvariable, task.settaskvariable, task.setsecret, task.prependpath.

Source: https://learn.microsoft.com/azure/devops/pipelines/process/set-variables-scripts
"""

import fnmatch
from typing import Protocol

from shipway.agent.commands.target import (
    CommandFailed,
    CommandTarget,
    Restricted,
    missing,
)
from shipway.agent.logging_commands import LoggingCommand
from shipway.azpipelines.plan import StepTarget


class _Limited(Protocol):
    @property
    def target(self) -> StepTarget | None: ...


_ONE_LINE = "Secrets cannot contain multiple lines"


def set_variable(step: CommandTarget, command: LoggingCommand) -> None:
    """The variable counts from the next step on; with isOutput also for other jobs."""
    name = command.get("variable")
    if not name:
        raise missing("Required field 'variable' is missing in ##vso[task.setvariable] command.")
    value, secret = command.data, command.flag("issecret")
    step.job.variables.require_unlocked(name)
    if secret and "\n" in value:
        raise CommandFailed(_ONE_LINE)
    require_settable(step, name)
    is_output, is_read_only = command.flag("isoutput"), command.flag("isreadonly")
    if is_output:
        if not step.ref_name:
            raise missing("RefName")
        step.set_output(name, value, is_secret=secret)
        name, is_read_only = f"{step.ref_name}.{name}", True
    step.job.variables.set(
        name, value, is_secret=secret, is_read_only=is_read_only,
        preserves_case=command.flag("preservecase"),
    )  # fmt: skip
    if secret or step.job.variables.is_secret(name):
        step.job.masker.add(value)


def set_task_variable(step: CommandTarget, command: LoggingCommand) -> None:
    """A variable of this step alone, for what the same task does later."""
    name = command.get("variable")
    if not name:
        raise missing(
            "Required field 'variable' is missing in ##vso[task.settaskvariable] command."
        )
    value, secret = command.data, command.flag("issecret")
    if secret and "\n" in value:
        raise CommandFailed(_ONE_LINE)
    if step.task_variables.get(name.lower(), ("", False))[1]:
        raise CommandFailed(
            f"Overwriting readonly task variable '{name}' is not permitted. See https://github.com/"
            "microsoft/azure-pipelines-yaml/blob/master/design/readonly-variables.md for details."
        )
    if secret:
        step.job.masker.add(value)
    step.task_variables[name.lower()] = (value, command.flag("isreadonly"))


def set_secret(step: CommandTarget, command: LoggingCommand) -> None:
    """Mask a text from now on."""
    step.job.masker.add(command.data)


def prepend_path(step: CommandTarget, command: LoggingCommand) -> None:
    """A folder that stands first in PATH from the next step on."""
    require_settable(step, "path")
    if not command.data:
        raise missing("prependpath")
    prefix = step.job.path_prefix
    if command.data in prefix:
        prefix.remove(command.data)
    prefix.append(command.data)


def require_settable(step: _Limited, name: str) -> None:
    """Raises `Restricted` for a name that the step's `settableVariables` does not have."""
    settable = step.target.settable_variables if step.target else None
    if settable is None:
        return
    if not any(fnmatch.fnmatchcase(name.lower(), one.lower()) for one in settable):
        raise Restricted(
            f"Setting variable '{name}' has been disabled by the task or build definition."
        )
