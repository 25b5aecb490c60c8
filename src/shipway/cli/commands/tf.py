"""`shipway tf -- ARGS`: the user's terraform, with shipway's providers and credentials."""

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from shipway.base import config
from shipway.base.errors import BadInput, ShipwayError
from shipway.base.home import Home
from shipway.cli.commands import env
from shipway.terraform import mirror

_LOCK_NAME = ".terraform.lock.hcl"


class TerraformMissing(BadInput):
    """There is no terraform on this machine."""

    default_code = "TerraformMissing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Terraform's own arguments, after `--`."""
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="-- ARGS ...",
        help="Terraform's own arguments, after two dashes: shipway tf -- plan",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Become terraform: signals, terminal and exit code are its own.

    Raises `TerraformMissing`, and `Unavailable` when no server runs.
    """
    given = list(arguments.arguments)
    if given[:1] == ["--"]:
        given = given[1:]
    env_vars = dict(config.environment())
    program = find_terraform(env_vars)
    env_vars.update(env.terraform_variables(Home(config.default_home())))
    env_vars.pop("TF_PLUGIN_CACHE_DIR", None)  # our providers do not belong among the real ones
    if _verb(given) == "init":
        mend_lock(_folder(given))
    try:
        os.execve(program, ["terraform", *given], env_vars)  # noqa: S606  # no shell between
    except OSError as error:
        raise TerraformMissing(f"{program} cannot be run: {error.strerror}") from None


def find_terraform(env_vars: Mapping[str, str]) -> str:
    """The terraform on PATH. Raises `TerraformMissing`."""
    found = shutil.which("terraform", path=env_vars.get("PATH"))
    if found is None:
        raise TerraformMissing(
            "terraform is not on PATH",
            where="PATH",
            hint="Get it from https://developer.hashicorp.com/terraform/install (1.5 or newer), "
            "or provision without it: shipway seed.",
        )
    return found


def mend_lock(folder: Path) -> None:
    """Add our providers' checksums to a lock file that was made with the real ones; say so."""
    entries = mirror.locked(folder / _LOCK_NAME)
    for one in entries:
        if one.is_other_version:
            _say(
                f"{_LOCK_NAME} selects {one.provider} {one.version}; shipway's mirrors "
                f"{one.ours}: run `shipway tf -- init -upgrade`."
            )
    lacking = [one for one in entries if not one.has_our_hash and not one.is_other_version]
    if not lacking:
        return
    try:
        mirror.add_hashes(folder / _LOCK_NAME, [one.provider for one in lacking])
    except OSError as error:
        raise ShipwayError(
            f"the checksums of shipway's providers could not be added: {error.strerror}",
            code="LockNotMended", where=str(folder / _LOCK_NAME),
            hint="Make the file writable, or take it away for now.",
        ) from error  # fmt: skip
    names = ", ".join(one.provider for one in lacking)
    _say(
        f"{_LOCK_NAME} was made with the real providers: added the checksums of shipway's "
        f"({names}). The others stay, so it holds for both."
    )


def _verb(given: Sequence[str]) -> str:
    return next((word for word in given if not word.startswith("-")), "")


def _folder(given: Sequence[str]) -> Path:
    """Where terraform will work: the current folder, or that of -chdir."""
    for word in given:
        if not word.startswith("-"):
            break
        if word.startswith(("-chdir=", "--chdir=")):
            return Path(word.partition("=")[2])
    return Path()


def _say(text: str) -> None:
    print(f"shipway: {text}", file=sys.stderr)
