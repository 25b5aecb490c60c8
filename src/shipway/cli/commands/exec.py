"""`shipway exec -- COMMAND`: run a command with the variables of `shipway env --terraform`."""

import argparse
import os

from shipway.base import config
from shipway.base.errors import BadInput
from shipway.base.home import Home
from shipway.cli.commands import env


class CommandNotFound(BadInput):
    """The command to run is not there or cannot be run."""

    default_code = "CommandNotFound"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command, after `--`."""
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...",
        help="the command and its arguments, after two dashes",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Become the command: signals, terminal and exit code are its own.

    Raises `CommandNotFound`, and `Unavailable` when no server runs.
    """
    command = list(arguments.command)
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        raise BadInput(
            "there is no command to run", code="NoCommand", where="shipway exec",
            hint="Write it after two dashes: shipway exec -- python train.py",
        )  # fmt: skip
    env_vars = {**config.environment(), **env.terraform_variables(Home(config.default_home()))}
    try:
        os.execvpe(command[0], command, env_vars)  # noqa: S606  # no shell between, on purpose
    except OSError as error:
        raise CommandNotFound(
            f"'{command[0]}' cannot be run: {error.strerror}", where=command[0],
            hint="Is it installed and on PATH?",
        ) from None  # fmt: skip
