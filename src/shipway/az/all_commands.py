"""Every command of the stand-in: the explicit table."""

from collections.abc import Mapping

from shipway.az.command import Command
from shipway.az.commands import account, general, ml_assets, ml_endpoint, ml_job, ml_workspace

COMMANDS: Mapping[str, Command] = {
    command.words: command
    for command in (
        *account.COMMANDS,
        *general.COMMANDS,
        *ml_job.COMMANDS,
        *ml_assets.COMMANDS,
        *ml_endpoint.COMMANDS,
        *ml_workspace.COMMANDS,
    )
}
