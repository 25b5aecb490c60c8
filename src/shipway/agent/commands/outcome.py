"""task.complete, task.logissue, task.debug, task.setprogress: how a step goes and ends."""

from pathlib import Path
from typing import Literal, cast

from shipway.agent.commands.target import CommandFailed, CommandTarget
from shipway.agent.logging_commands import LoggingCommand
from shipway.azpipelines.results import Result
from shipway.devops.runs import Issue

_RESULTS = ("Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped", "Abandoned")
_TRUE = ("true", "1", "$true", "-1")


def complete(step: CommandTarget, command: LoggingCommand) -> None:
    """Merge a result into the step's; it goes on all the same, unless `done` says otherwise."""
    result = command.get("result")
    if result not in _RESULTS:  # letter case counts
        raise CommandFailed("Command doesn't have valid result value.")
    step.complete(cast("Result", result))
    step.progress(100, command.data)
    if command.get("done").lower() in _TRUE:
        step.end_soon()


def log_issue(step: CommandTarget, command: LoggingCommand) -> None:
    """An error or warning that the step shows; it does not fail the step."""
    given = command.get("type")
    if not given:
        step.warning("Can't create TaskIssue from logging event.")
        return
    kind = given.lower()
    if kind not in ("error", "warning"):
        raise CommandFailed(f"issue type {given} is not an expected issue type.")
    data = {
        name.lower(): value
        for name, value in command.properties.items()
        if name.lower() not in ("correlationid", "source")
    }
    message, category = command.data, "General"
    if "sourcepath" in data:
        category = "Code"
        data["sourcepath"], data["repo"] = _in_repository(step, data["sourcepath"])
        message = (
            f"{data['sourcepath']}({data.get('linenumber', '')},{data.get('columnnumber', '')}): "
            f"{given} {data.get('code', '')}: {command.data}"
        )
    step.issue(
        Issue(
            kind=cast('Literal["error", "warning"]', kind), message=message, category=category,
            data={name: value for name, value in data.items() if value},
        )
    )  # fmt: skip


def _in_repository(step: CommandTarget, path: str) -> tuple[str, str]:
    """A path below the sources from their root, with the repository's name; others as they are."""
    variables = step.job.variables
    sources = variables.get("Build.SourcesDirectory")
    if sources and Path(path).is_relative_to(sources):
        name = variables.get("Build.Repository.Name")
        return Path(path).relative_to(sources).as_posix(), name
    return path, ""


def debug(step: CommandTarget, command: LoggingCommand) -> None:
    """A line that is shown when System.Debug is true."""
    step.debug(command.data)


def set_progress(step: CommandTarget, command: LoggingCommand) -> None:
    """How far the step is, in percent, and what it does at the moment."""
    text = command.get("value").strip()
    number = int(text) if text.lstrip("+-").isdecimal() else 0
    step.progress(min(max(number, 0), 100), command.data)
