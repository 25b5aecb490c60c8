"""build.updatebuildnumber and build.addbuildtag: what a step says of its run."""

from shipway.agent.commands.target import CommandFailed, CommandTarget
from shipway.agent.logging_commands import LoggingCommand
from shipway.azpipelines import run_names
from shipway.base.errors import BadInput
from shipway.devops import run_tags, runs


def update_build_number(step: CommandTarget, command: LoggingCommand) -> None:
    """A new name for the run."""
    number, run_id = command.data, step.job.run.run_id
    if not number:
        raise CommandFailed("Build number is required.")
    step.job.variables.define("Build.BuildNumber", number, is_read_only=True)
    if not run_names.is_valid(number):  # the service says so, after the agent took the command
        step.error(f"TF209010: The build number format {number} {run_names.RULES}")
        step.fail()
        return
    runs.set_run(step.job.store, run_id, run_name=number)
    step.log(f"Update build number to {number} for build {run_id}")


def add_build_tag(step: CommandTarget, command: LoggingCommand) -> None:
    """One more tag on the run."""
    run_id, tag = step.job.run.run_id, command.data.strip()
    if not tag:
        raise CommandFailed("Build tag is required.")
    try:
        if ":" in tag:  # the service takes none with a colon in this way
            raise BadInput(f"The tag '{tag}' is not valid.", where="tag")
        changed = run_tags.change(step.job.store, run_id, add=(tag,))
    except BadInput:
        raise CommandFailed(f"Build tag '{tag}' was not added successfully.") from None
    step.log(f"Build '{run_id}' has following tags now: {', '.join(changed.tags)}")
