"""Logging commands take effect: an unknown area is a warning, a failing command fails its step.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands and what the
agent does with each; its messages are told as it tells them.
"""

from collections.abc import Callable, Mapping

from shipway.agent import logging_commands
from shipway.agent.commands import (
    artifacts,
    details,
    endpoints,
    files,
    outcome,
    reports,
    run_facts,
    variables,
)
from shipway.agent.commands.target import HELP, CommandFailed, CommandTarget, Restricted
from shipway.agent.logging_commands import LoggingCommand
from shipway.base.errors import ShipwayError

Effect = Callable[[CommandTarget, LoggingCommand], None]

# what `target: {commands: restricted}` leaves
_RESTRICTED = frozenset(
    (
        "task.complete", "task.debug", "task.issue", "task.logdetail", "task.logissue",
        "task.setprogress", "task.setsecret", "task.settaskvariable", "task.setvariable",
    )
)  # fmt: skip


def apply(step: CommandTarget, command: LoggingCommand, line: str) -> bool:
    """Do what the command asks; problems become issues of the step.

    Whether the line was taken; one that was not is a line of the log.
    """
    if command.area not in _AREAS:
        step.warning(f"Cannot find command extension for ##vso[{command.area}.command]. {HELP}")
        return True
    if command.area == "release":
        step.error(f"release commands are not supported for Build flow. {HELP}")
        step.fail()
        return False
    try:
        _run(step, command)
    except Restricted as reason:
        step.warning(str(reason))
    except (CommandFailed, ShipwayError) as error:
        shown = line.strip()
        step.error(f"Unable to process command '{shown}' successfully. {HELP}")
        step.error(error.message if isinstance(error, ShipwayError) else str(error))
        step.fail()
    if command.name != "task.debug":
        step.debug(f"Processed: {logging_commands.unescape(line)}")
    return True


def _run(step: CommandTarget, command: LoggingCommand) -> None:
    effect = EFFECTS.get(command.name)
    if effect is None:
        raise CommandFailed(
            f"##vso[{command.name}] is not a recognized command for {command.area} command "
            f"extension. {HELP}."
        )
    if (
        step.target is not None
        and step.target.commands == "restricted"
        and command.name not in _RESTRICTED
    ):
        raise Restricted(
            f"##vso[{command.name}] is not allowed in this step due to policy restrictions. {HELP}"
        )
    effect(step, command)


def _ignore(step: CommandTarget, command: LoggingCommand) -> None:
    """Telemetry of tasks: nobody is told."""
    del step, command


EFFECTS: Mapping[str, Effect] = {
    "task.setvariable": variables.set_variable,
    "task.settaskvariable": variables.set_task_variable,
    "task.setsecret": variables.set_secret,
    "task.prependpath": variables.prepend_path,
    "task.complete": outcome.complete,
    "task.logissue": outcome.log_issue,
    "task.issue": outcome.log_issue,
    "task.debug": outcome.debug,
    "task.setprogress": outcome.set_progress,
    "task.logdetail": details.log_detail,
    "task.uploadsummary": files.upload_summary,
    "task.uploadfile": files.upload_file,
    "task.addattachment": files.add_attachment,
    "task.setendpoint": endpoints.set_endpoint,
    "artifact.upload": artifacts.upload,
    "artifact.associate": artifacts.associate,
    "build.uploadlog": files.upload_log,
    "build.uploadsummary": files.upload_build_summary,
    "build.updatebuildnumber": run_facts.update_build_number,
    "build.addbuildtag": run_facts.add_build_tag,
    "results.publish": reports.publish_results,
    "codecoverage.publish": reports.publish_coverage,
    "telemetry.publish": _ignore,
}
_AREAS = frozenset(("release", *(name.partition(".")[0] for name in EFFECTS)))
