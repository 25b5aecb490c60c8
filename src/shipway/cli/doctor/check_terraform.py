"""Terraform: there, new enough, and able to install shipway's providers."""

import re
import shutil
from pathlib import Path

from shipway.base import process
from shipway.base.home import Home
from shipway.cli.doctor.check import Finding
from shipway.terraform import mirror

_SECONDS = 20.0
_AT_LEAST = (1, 5)
_FROM = "https://developer.hashicorp.com/terraform/install"


def check_terraform(home: Home) -> Finding:
    """Terraform is there and new enough; needed for the stack's infrastructure only."""
    path = shutil.which("terraform")
    if path is None:
        return Finding(
            check="terraform", level="warning", found="not on PATH",
            remedy=f"Only `shipway tf` and the stack's infrastructure need it: get it from {_FROM}",
        )  # fmt: skip
    said = _version(path)
    numbers = re.search(r"v(\d+)\.(\d+)", said)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < _AT_LEAST:
        return Finding(
            check="terraform", level="warning", found=f"{said or 'does not answer'} at {path}",
            remedy=f"It is too old for shipway's providers: get 1.5 or newer from {_FROM}",
        )  # fmt: skip
    if mirror.is_stale(home):
        return Finding(
            check="terraform", level="warning",
            found=f"{said}; the providers' mirror is of another version of shipway",
            remedy="`shipway up` or any `shipway tf` writes it anew; then `shipway tf -- init`.",
        )  # fmt: skip
    return Finding(check="terraform", level="ok", found=said)


def check_terraform_lock(home: Home) -> Finding:
    """The lock file of the current folder, if there is one, holds for our providers."""
    del home
    path = Path.cwd() / ".terraform.lock.hcl"
    entries = mirror.locked(path)
    others = [f"{one.provider} {one.version}" for one in entries if one.is_other_version]
    lacking = [one.provider for one in entries if not one.has_our_hash]
    if others:
        return Finding(
            check="terraform lock", level="warning",
            found=f"{path} selects {', '.join(others)}, which shipway does not mirror",
            remedy="Run `shipway tf -- init -upgrade` there.",
        )  # fmt: skip
    if lacking:
        return Finding(
            check="terraform lock", level="warning",
            found=f"{path} has no checksum of shipway's {', '.join(lacking)}",
            remedy="Run `shipway tf -- init` there: it adds them beside the real ones.",
        )  # fmt: skip
    found = "holds for shipway's providers" if entries else "none in this folder"
    return Finding(check="terraform lock", level="ok", found=found)


def _version(path: str) -> str:
    try:
        said = process.run([path, "version"], seconds=_SECONDS).stdout.decode(errors="replace")
    except (OSError, process.TimeoutExpired):
        return ""
    return said.partition("\n")[0].strip()
