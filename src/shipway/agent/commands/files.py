"""Files that a step attaches to its run: summaries, logs, anything by type and name.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from pathlib import Path

from shipway.agent.commands.target import CommandFailed, CommandTarget, missing, path_of
from shipway.agent.logging_commands import LoggingCommand
from shipway.devops import attachments

_FORBIDDEN = ("\0", "/")


def upload_summary(step: CommandTarget, command: LoggingCommand) -> None:
    """A Markdown page that the run shows."""
    if not command.data:
        raise CommandFailed("Cannot upload summary file, summary file location is not specified.")
    _attach(step, attachments.SUMMARY, Path(command.data).name, command.data)


def upload_file(step: CommandTarget, command: LoggingCommand) -> None:
    """A file that comes with the logs of the run."""
    if not command.data:
        raise CommandFailed("Cannot upload file because file location is not specified.")
    _attach(step, attachments.FILE, Path(command.data).name, command.data)


def add_attachment(step: CommandTarget, command: LoggingCommand) -> None:
    """A file under a type and a name of its own."""
    kind, name = command.get("type"), command.get("name")
    if not kind:
        raise missing("Can't add task attachment, attachment type is not provided.")
    if not name:
        raise missing("Can't add task attachment, attachment name is not provided.")
    for label, text in (("Type", kind), ("Name", name)):
        if any(one in text for one in _FORBIDDEN):
            raise CommandFailed(f"{label} contains invalid characters. (\\0,/)")
    _attach(step, kind, name, command.data)


def upload_log(step: CommandTarget, command: LoggingCommand) -> None:
    """A log of a tool."""
    if not command.data or not path_of(step, command.data).is_file():
        raise CommandFailed(
            f"Log file path is not provided or file doesn't exist: '{command.data}'"
        )
    _attach(step, attachments.LOG, "CustomToolLog", command.data)


def upload_build_summary(step: CommandTarget, command: LoggingCommand) -> None:
    """The older form of task.uploadsummary."""
    if not command.data or not path_of(step, command.data).is_file():
        raise CommandFailed(
            f"Markdown summary file path is not provided or file doesn't exist: '{command.data}'"
        )
    name = f"CustomMarkDownSummary-{Path(command.data).name}"
    _attach(step, attachments.SUMMARY, name, command.data)


def _attach(step: CommandTarget, kind: str, name: str, text: str) -> None:
    path = path_of(step, text)
    if not text or not path.is_file():
        raise missing(
            "Cannot upload task attachment file, attachment file location is not specified or "
            "attachment file does not exist on disk."
        )
    attachments.add(
        step.job.store,
        run_id=step.job.run.run_id,
        record_id=step.record_id,
        kind=kind,
        name=name,
        content=path.read_bytes(),
    )
