"""Copies the stack as a new repository."""

import shutil
from pathlib import Path

from shipway.base.errors import Conflict, Unavailable

_LEFT_OUT = (
    "__pycache__", ".pytest_cache", ".ruff_cache", ".venv", ".coverage", "*.pyc", "coverage.xml",
    ".terraform", ".terraform.lock.hcl", "*.tfstate*",
)  # fmt: skip


def stack_folder() -> Path:
    """The stack that came with this installation, or that of the checkout that it runs from."""
    packaged = Path(__file__).parent / "stack"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[4] / "stack"
    if checkout.is_dir():
        return checkout
    raise Unavailable(
        "the stack is not part of this installation",
        where=str(packaged),
        hint="Give its folder with --stack.",
    )


def worse_change() -> Path:
    """A plausible mistake as a patch: a feature joined on the wrong key."""
    return Path(__file__).parent / "worse.patch"


def copy(target: Path) -> None:
    """Copy the stack to a new or empty folder. Raises `Conflict` when it holds anything."""
    if target.exists() and any(target.iterdir()):
        raise Conflict(
            f"{target} is not empty", where=str(target), hint="Choose another folder, or empty it."
        )
    shutil.copytree(
        stack_folder(), target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_LEFT_OUT)
    )
