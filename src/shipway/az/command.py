"""What a command of the stand-in is: its words, its arguments, what it does."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from shipway.az.failure import usage
from shipway.az.output import FORMATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A row of `all_commands.COMMANDS`. `run` gives the result to print, or None.

    `form` is the output format when none is asked for (most: json; `login` and streams differ).
    """

    words: str
    summary: str
    run: Callable[[argparse.Namespace], Any]
    arguments: Callable[["CommandParser"], None]
    form: str = "json"


class CommandParser(argparse.ArgumentParser):
    """argparse with the Azure CLI's words and exit code for wrong usage."""

    def error(self, message: str) -> NoReturn:
        """Raise `CommandFailed` with code 2."""
        raise usage(f"{message}\n\nTry this: az {self.prog} --help")


def parser_of(command: Command) -> CommandParser:
    """The parser of a command with the options that every command has."""
    parser = CommandParser(prog=command.words, description=command.summary)
    command.arguments(parser)
    parser.add_argument("--output", "-o", choices=FORMATS, default=command.form)
    parser.add_argument("--query", default="", help="JMESPath query string")
    parser.add_argument("--only-show-errors", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--debug", action="store_true")
    return parser


def workspace_arguments(parser: CommandParser) -> None:
    """Which workspace a command speaks to."""
    parser.add_argument("--workspace-name", "-w", default="")
    parser.add_argument("--resource-group", "-g", default="")
    parser.add_argument("--subscription", default="")
