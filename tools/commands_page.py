"""Writes the page of the commands: every verb, argument and option that the parser knows.

Knows `argparse`'s own lists of actions, which it keeps to itself, and nothing else of the commands.
`--check` only says whether the page is current.
"""

import argparse
import importlib
import sys
from collections.abc import Iterator

from tools import written_page

from shipway.cli.main import VERBS, Verb

_HEAD = """\
# Commands

`shipway VERB --help` says the same as this page, which `make commands-page` writes from the parser.

All commands work on the state folder that `SHIPWAY_HOME` names, by default `~/.shipway`.
Where `--json` is taken, standard output is one JSON document and nothing else.
An error has three parts, on standard error: what happened, where, and what to do.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | an error that you can mend, or a run or job that failed |
| 2 | wrong usage |
| 3 | a defect of shipway's own: `logs/command.log` in the state folder has its story |
| 4 | `runs watch --until-waiting`: the run waits for an approval |
| 130 | interrupted |

`exec` gives the exit code of the command that it runs.
"""


def page() -> str:
    """The whole page as Markdown."""
    text = [_HEAD, "## All verbs\n", "| verb | does |", "|---|---|"]
    text += [f"| [`{verb.name}`](#shipway-{verb.name}) | {verb.summary} |" for verb in VERBS]
    for verb in VERBS:
        text += ["", *_section(f"shipway {verb.name}", _parser_of(verb), verb.summary, level=2)]
    return "\n".join(text).rstrip() + "\n"


def _parser_of(verb: Verb) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"shipway {verb.name}", add_help=False)
    importlib.import_module(f"shipway.cli.commands.{verb.module}").add_arguments(parser)
    return parser


def _section(
    name: str, parser: argparse.ArgumentParser, summary: str, *, level: int
) -> Iterator[str]:
    yield f"{'#' * level} {name}\n"
    yield f"{summary[:1].upper()}{summary[1:]}.\n"
    actions = [one for one in parser._actions if one.dest != "help"]
    for one in actions:
        if isinstance(one, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in one._choices_actions}
            for action_name, child in one.choices.items():
                yield from _section(f"{name} {action_name}", child, helps[action_name], level=3)
                yield ""
            return
    places = [one for one in actions if not one.option_strings]
    words = " ".join(_placeholder(one) for one in places)
    options = " [OPTIONS]" if len(places) < len(actions) else ""
    yield f"```sh\n{name}{options}{' ' if words else ''}{words}\n```\n"
    if actions:
        yield "| argument | meaning |"
        yield "|---|---|"
        yield from map(_row, actions)


def _placeholder(action: argparse.Action) -> str:
    name = _metavar(action)
    return f"[{name}]" if action.nargs == "?" else name


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return action.dest.upper()


def _row(action: argparse.Action) -> str:
    names = ", ".join(action.option_strings) or _metavar(action)
    if action.option_strings and action.nargs != 0:
        names += f" {_metavar(action)}"
    cells = (f"`{names}`", action.help or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(written_page.main(page, description=__doc__, again="make commands-page"))
