"""`shipway new DIR`: the reference stack as a git repository of its own."""

import argparse
from pathlib import Path

from shipway.base import config, front_door, process
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.cli import output
from shipway.cli.scaffold import generate

_BRANCH = "main"
_AUTHOR = ("-c", "user.name=shipway", "-c", "user.email=owner@shipway.local")


class GitFailed(ShipwayError):
    """git could not make the repository; the message has its words."""

    default_code = "GitFailed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """DIR, `--json`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Copy, `git init`, first commit; with a server, git finds Azure Repos here at once.

    Raises `Conflict` when the folder holds anything, `GitFailed`.
    """
    folder = arguments.folder.absolute()
    create(folder)
    if arguments.json:
        output.show_json({"folder": str(folder), "branch": _BRANCH})
        return 0
    output.step(f"the stack is in {folder}, branch {_BRANCH}")
    print(
        "next: shipway seed, then push it:\n"
        f"  cd {arguments.folder}\n"
        "  git remote add origin https://dev.azure.com/shipway/flights/_git/flights\n"
        f"  shipway exec -- git push origin {_BRANCH}"
    )
    return 0


def create(folder: Path) -> None:
    """The repository, with its first commit. Raises `Conflict`, `GitFailed`."""
    generate.copy(folder)
    _git(folder, "init", "--quiet", "--initial-branch", _BRANCH)
    home = Home(config.default_home())
    if front_door.find_state(home) is not None:
        for name, value in front_door.git_settings(home):
            _git(folder, "config", "--local", name, value)
    _git(folder, "add", "--all")
    _git(folder, *_author(folder), "commit", "--quiet", "--message", "The reference stack")


def _author(folder: Path) -> tuple[str, ...]:
    """Who commits: the user as git knows them, else the owner of this machine."""
    known = process.run(
        ["git", "config", "user.email"], cwd=folder, env_vars=config.environment(), seconds=60
    )
    return () if known.returncode == 0 else _AUTHOR


def _git(folder: Path, *arguments: str) -> None:
    try:
        done = process.run(
            ["git", *arguments], cwd=folder, env_vars=config.environment(), seconds=60
        )
    except OSError as error:
        raise GitFailed(
            f"git cannot be started: {error.strerror}", where="git", hint="Install git."
        ) from None
    if done.returncode != 0:
        raise GitFailed(
            f"git {arguments[0]} ended with {done.returncode}: "
            f"{done.stderr.decode(errors='replace').strip()}",
            where=str(folder),
            hint="Mend what it says and run it again in an empty folder.",
        )
