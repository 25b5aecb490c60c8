"""The `shipway` command: one table of verbs, one module each.

A verb's module is imported when the verb is called, so that no command pays for another's imports.
"""

import argparse
import gc
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shipway.base import config
from shipway.base.clock import SystemClock, timestamp
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.cli import output

OK, KNOWN_ERROR, USAGE, UNEXPECTED, INTERRUPTED = 0, 1, 2, 3, 130


class VerbModule(Protocol):
    """What a module in `cli/commands/` offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Describe the verb's arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code. Raises `ShipwayError` for what the user can mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A row of the table; the module is `shipway.cli.commands.<module>`."""

    name: str
    module: str
    summary: str


VERBS: tuple[Verb, ...] = (
    Verb(name="up", module="up", summary="start the server"),
    Verb(name="down", module="down", summary="stop the server"),
    Verb(name="status", module="status", summary="how the server is, and what it refused"),
    Verb(name="env", module="env", summary="print the variables that send clients here"),
    Verb(name="exec", module="exec", summary="run a command with these variables"),
    Verb(name="tf", module="tf", summary="run terraform with shipway's providers"),
    Verb(name="open", module="open", summary="open the studio with a link that works once"),
    Verb(name="new", module="new", summary="copy the reference stack as a new repository"),
    Verb(name="seed", module="seed", summary="make what the stack needs, dev and prod"),
    Verb(name="pipelines", module="pipelines", summary="validate, expand, run azure-pipelines.yml"),
    Verb(name="runs", module="runs", summary="list, show, watch, cancel, rerun pipeline runs"),
    Verb(name="prs", module="prs", summary="list, show, create, approve, complete pull requests"),
    Verb(name="repos", module="repos", summary="bind GitHub repositories to git ones here"),
    Verb(name="environments", module="environments", summary="list; machines for deployments"),
    Verb(name="approve", module="approve", summary="agree to what waits, as a named person"),
    Verb(name="reject", module="reject", summary="refuse what waits, as a named person"),
    Verb(
        name="checks", module="checks", summary="what guards resources, what runs wait for; bypass"
    ),
    Verb(name="permit", module="permit", summary="let a pipeline use what its run waits for"),
    Verb(name="jobs", module="jobs", summary="submit, list, show, stream, cancel ML jobs; and why"),
    Verb(name="models", module="model_versions", summary="registered versions"),
    Verb(name="endpoints", module="endpoints", summary="online endpoints and their traffic"),
    Verb(name="invoke", module="invoke", summary="call an endpoint"),
    Verb(name="schedules", module="schedules", summary="what retrains, and when next"),
    Verb(name="lineage", module="lineage", summary="commit to deployment, read back"),
    Verb(name="logs", module="logs", summary="the server's, a run's, a job's or a deployment's"),
    Verb(
        name="demo", module="demo", summary="the whole loop, from push to endpoint, on a fresh home"
    ),
    Verb(name="git-credential", module="git_credential", summary="git's password for our clones"),
    Verb(name="doctor", module="doctor", summary="check this machine and say what to mend"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code (0, 1 known error, 2 usage, 3 unexpected, 130 interrupted)."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(given)
    except ShipwayError as error:
        output.show_error(error)
        return KNOWN_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        output.quiet_pipe()
        return OK
    except Exception as error:
        return _unexpected(error, given)


def _run(given: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="shipway", description="Azure ML and Azure DevOps on this machine."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    asked = next((word for word in given if not word.startswith("-")), "")
    chosen: VerbModule | None = None
    # a parser for each verb takes a while: all are made only where their list is to be shown
    for verb in [one for one in VERBS if one.name == asked] or VERBS:
        child = verbs.add_parser(verb.name, help=verb.summary, description=verb.summary)
        if verb.name == asked:
            chosen = importlib.import_module(f"shipway.cli.commands.{verb.module}")
            chosen.add_arguments(child)
    gc.freeze()
    gc.enable()
    try:
        arguments = parser.parse_args(given)
    except SystemExit as end:
        return int(end.code or OK)
    return OK if chosen is None else chosen.run(arguments)


class _Version(argparse.Action):
    """Reads the version when it is asked for: its module would slow every command down."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        del namespace, values, option_string
        print(importlib.import_module("importlib.metadata").version("shipway"))
        parser.exit()


def _unexpected(error: Exception, given: list[str]) -> int:
    """A fault of our own: a log to send, not a traceback to read."""
    home = Home(config.default_home())
    home.create()
    path = home.logs / "command.log"
    with path.open("a") as log:
        log.write(f"{timestamp(SystemClock().now())} shipway {' '.join(given[:1])}\n")
        told = importlib.import_module("traceback").format_exception(error)
        log.write("".join(told))
    sys.stderr.write(f"error: shipway failed unexpectedly: {type(error).__name__}: {error}\n")
    sys.stderr.write(f"  where: {path}\n  to do: look there; the end of it tells the story\n")
    return UNEXPECTED
