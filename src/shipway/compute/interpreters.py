"""The Python interpreters of this machine, by version.

Looked for on PATH, where pyenv and uv keep theirs, and beneath this process; file names tell the
version, so none is run.
"""

import re
import sys
from pathlib import Path

from shipway.base import config
from shipway.base.errors import NotFound

_NAME = re.compile(r"python3\.(\d+)")
# uv makes environments for these
_OLDEST = 8


def find_all() -> dict[int, Path]:
    """Minor version of Python 3 -> interpreter; the first found of each, our own preferred."""
    own = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    found: dict[int, Path] = {}
    if own.exists():
        found[sys.version_info.minor] = own
    for folder in _folders():
        for file in sorted(folder.glob("python3.*")):
            match = _NAME.fullmatch(file.name)
            if match and int(match[1]) >= _OLDEST:
                found.setdefault(int(match[1]), file)
    if not found:
        found[sys.version_info.minor] = Path(sys.executable)
    return found


def nearest(wanted: str, available: dict[int, Path]) -> tuple[int, Path]:
    """The interpreter for `3.10`, else the nearest one, the newer of two equally near.

    Nothing wanted: our own. Raises `NotFound` for a Python 2.
    """
    major, _, minor = wanted.partition(".")
    if wanted and major != "3":
        raise NotFound(
            f"Python {wanted} cannot be had", code="PythonMissing", where=wanted,
            hint="Use Python 3.",
        )  # fmt: skip
    target = int(minor) if minor.isdecimal() else sys.version_info.minor
    best = min(available, key=lambda m: (abs(m - target), -m))
    return best, available[best]


def _folders() -> list[Path]:
    variables = config.environment()
    home = Path(variables.get("HOME") or "/root")
    on_path = [Path(part) for part in variables.get("PATH", "").split(":") if part]
    # pyenv's shims only work for the version that is switched on
    folders = [folder for folder in on_path if folder.name != "shims" and folder.is_dir()]
    folders += [Path("/usr/local/bin"), Path("/usr/bin")]
    pyenv = Path(variables.get("PYENV_ROOT") or home / ".pyenv")
    managed = Path(
        variables.get("UV_PYTHON_INSTALL_DIR") or home / ".local" / "share" / "uv" / "python"
    )
    for root in (pyenv / "versions", managed):
        folders += sorted((path / "bin" for path in root.glob("*")), reverse=True)
    venv = Path(sys.prefix).resolve() if sys.prefix != sys.base_prefix else None
    return [f for f in folders if venv is None or not f.resolve().is_relative_to(venv)]
