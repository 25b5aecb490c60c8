"""The Azure CLI's stand-in: `az ...` with the ml extension, as far as the table goes."""

import difflib
import sys
import traceback
from collections.abc import Sequence

from azure.ai.ml.exceptions import MlException
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from marshmallow.exceptions import ValidationError

from shipway.az import output
from shipway.az.all_commands import COMMANDS
from shipway.az.command import Command, parser_of
from shipway.az.failure import CommandFailed, usage


def main(arguments: Sequence[str]) -> int:
    """Run one command; the Azure CLI's exit codes (0, 1 error, 2 usage, 3 not found)."""
    try:
        return _run(list(arguments))
    except CommandFailed as failure:
        print(f"ERROR: {failure.message}", file=sys.stderr)
        return failure.code
    except ResourceNotFoundError as error:
        print(f"ERROR: {_text(error)}", file=sys.stderr)
        return 3
    except (AzureError, MlException, ValidationError, FileNotFoundError) as error:
        print(f"ERROR: {_text(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        raise
    except Exception:
        said = "The command failed with an unexpected error. Here is the traceback:"
        print(f"ERROR: {said}\n{traceback.format_exc()}", file=sys.stderr)
        return 1


def _run(arguments: list[str]) -> int:
    if not arguments or arguments in (["--help"], ["-h"], ["help"]):
        _help("")
        return 0
    if arguments == ["--version"]:
        arguments = ["version"]
    command, rest = _command(arguments)
    if command is None:
        _help(" ".join(rest))
        return 0
    parsed = parser_of(command).parse_args(rest)
    value = command.run(parsed)
    if (
        isinstance(value, str)
        and parsed.output in ("json", "jsonc")
        and "get-logs" in command.words
    ):
        text = value
    else:
        text = output.render(value, form=parsed.output, query=parsed.query)
    sys.stdout.write(text)
    return 0


def _command(arguments: list[str]) -> tuple[Command | None, list[str]]:
    """The command that the words name, and what is left; None to show help of a group."""
    words = []
    for word in arguments:
        if word.startswith("-"):
            break
        words.append(word)
        found = COMMANDS.get(" ".join(words))
        if found is not None:
            return found, arguments[len(words) :]
    group = " ".join(words)
    is_group = any(name.startswith(f"{group} ") for name in COMMANDS)
    if is_group and (len(words) == len(arguments) or arguments[-1] in ("-h", "--help")):
        return None, words
    close = difflib.get_close_matches(group, COMMANDS, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise usage(
        f"'{group or arguments[0]}' is misspelled or not recognized by the system.{hint}\n"
        "This az is shipway's stand-in; `az --help` lists what it knows. "
        "Install the real Azure CLI with its ml extension for everything else."
    )


def _help(group: str) -> None:
    print(f"Group\n    az {group}\n\nCommands:")
    prefix = f"{group} " if group else ""
    for name, command in sorted(COMMANDS.items()):
        if name.startswith(prefix):
            print(f"    {name.removeprefix(prefix):40} : {command.summary}")


def _text(error: Exception) -> str:
    if isinstance(error, HttpResponseError) and error.error is not None:
        return f"({error.error.code}) {error.error.message}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
