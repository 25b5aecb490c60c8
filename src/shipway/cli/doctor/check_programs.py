"""Programs that shipway calls: Python, git, uv."""

import shutil
import sys
from pathlib import Path

from shipway.base import process
from shipway.base.home import Home
from shipway.cli.doctor.check import Finding

_SECONDS = 20.0
_GIT_AT_LEAST = (2, 28)  # `git init --initial-branch`


def check_python(home: Home) -> Finding:
    """3.11 to 3.13, the versions that the official SDKs and shipway share."""
    del home
    version = ".".join(str(part) for part in sys.version_info[:3])
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding(
        check="python", level="ok" if fits else "failure", found=f"{version} at {sys.executable}",
        remedy="" if fits else "Install Python 3.11, 3.12 or 3.13 and set up again.",
    )  # fmt: skip


def check_git(home: Home) -> Finding:
    """git is there, new enough, and can serve over HTTP."""
    del home
    path = shutil.which("git")
    if path is None:
        return Finding(
            check="git", level="failure", found="not on PATH",
            remedy="Install it: apt install git, or your system's equivalent.",
        )  # fmt: skip
    words = _output([path, "--version"]).split()
    version = words[2] if len(words) > 2 else "?"
    backend = Path(_output([path, "--exec-path"]).strip()) / "git-http-backend"
    if _numbers(version) < _GIT_AT_LEAST:
        return Finding(
            check="git", level="failure", found=f"{version} is too old", remedy="Install git 2.28."
        )
    if not backend.exists():
        return Finding(
            check="git", level="failure", found=f"{version}, without git-http-backend",
            remedy="Install git's HTTP server part (on Alpine: apk add git-daemon).",
        )  # fmt: skip
    return Finding(check="git", level="ok", found=f"{version} at {path}")


def check_uv(home: Home) -> Finding:
    """uv, which builds the environments of jobs, stands beside this Python."""
    del home
    beside = Path(sys.executable).parent / "uv"
    path = str(beside) if beside.exists() else shutil.which("uv")
    if path is None:
        return Finding(
            check="uv", level="failure", found="not found", remedy="Set up again: ./shipway-setup"
        )
    return Finding(check="uv", level="ok", found=f"{_output([path, '--version']).strip()}")


def _output(command: list[str]) -> str:
    try:
        return process.run(command, seconds=_SECONDS).stdout.decode(errors="replace")
    except (OSError, process.TimeoutExpired):
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(part) for part in parts if part.isdecimal())
