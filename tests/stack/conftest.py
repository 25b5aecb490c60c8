"""The stack as its users have it: a copy of the folder, environments from its own pins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
STACK = REPOSITORY / "stack"
WORSE_PATCH = REPOSITORY / "src" / "shipway" / "cli" / "scaffold" / "worse.patch"
IGNORED = shutil.ignore_patterns("__pycache__", ".pytest_cache", ".ruff_cache", ".coverage")

#: What a process may know of the machine: a job starts from nothing as well.
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "UV_CACHE_DIR", "UV_INDEX_URL", "UV_DEFAULT_INDEX")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A virtual environment of the stack."""

    python: Path

    def run(
        self, *arguments: str | Path, cwd: Path, check: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs its Python; a failure shows what the process said."""
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        done = subprocess.run(
            [self.python, *map(str, arguments)],
            cwd=cwd,
            env={**kept, **variables},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"{arguments} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done


def _uv(*arguments: str | Path) -> None:
    uv = Path(sys.prefix) / "bin" / "uv"
    done = subprocess.run(
        [uv, *map(str, arguments)], capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stderr


def _environment(folder: Path, requirements: Path) -> Environment:
    _uv("venv", "--quiet", "--python", "3.11", folder)
    python = folder / "bin" / "python"
    _uv("pip", "install", "--quiet", "--python", python, "-r", requirements)
    return Environment(python=python)


def pins_of(conda_file: Path) -> list[str]:
    """The pip packages of a conda file."""
    return re.findall(r"^\s+- (\S+==\S+)$", conda_file.read_text(), re.MULTILINE)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Environment]:
    """`ci`, `cd`, `seed` from the requirement files; `job`, `serving` from the conda files."""
    root = tmp_path_factory.mktemp("environments")
    built: dict[str, Environment] = {}

    def build(name: str) -> Environment:
        if name not in built:
            requirements = STACK / f"requirements-{name}.txt"
            if name in ("job", "serving"):
                requirements = root / f"{name}.txt"
                conda = STACK / "pipelines" / "environments" / f"{name}.conda.yml"
                requirements.write_text("\n".join(pins_of(conda)) + "\n")
            built[name] = _environment(root / name, requirements)
        return built[name]

    return build


@pytest.fixture(scope="session")
def raw_data(
    environment: Callable[[str], Environment], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Real flights of January to March 2013."""
    folder = tmp_path_factory.mktemp("data")
    environment("seed").run("scripts/seed_data.py", "--months", "1-3", "--out", folder, cwd=STACK)
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the stack to change."""
    return Path(shutil.copytree(STACK, tmp_path / "stack", ignore=IGNORED))


def apply_worse_change(copy: Path) -> None:
    """Makes the plausible mistake in a copy, the way the demo does."""
    subprocess.run(["git", "init", "--quiet", "."], cwd=copy, check=True)
    subprocess.run(["git", "apply", WORSE_PATCH], cwd=copy, check=True)
