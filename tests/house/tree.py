"""The repository as the rules see it: its own files, and what is in a Python file."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "shipway"


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFile:
    """A file of the package, parsed. `name` is its path below the repository."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name, `shipway.base.clock`."""
        parts = self.path.relative_to(ROOT / "src").with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _listed(*patterns: str) -> Iterator[Path]:
    """Files that git knows or would add: caches and build results are no part of the house."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    try:
        listed = subprocess.run([*command, *patterns], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        # an unpacked archive has no .git
        for pattern in patterns:
            yield from sorted(ROOT.rglob(pattern.rpartition("/")[2]))
        return
    for name in listed.stdout.decode().split("\0"):
        # one that is deleted but not yet committed is listed too
        if name and (ROOT / name).is_file():
            yield ROOT / name


@cache
def all_files() -> tuple[Path, ...]:
    """Every file of the repository."""
    return tuple(_listed("*"))


@cache
def source_files() -> tuple[PythonFile, ...]:
    """The package's Python files, and the tools that run before it is there."""
    return tuple(
        PythonFile(
            path=path,
            name=path.relative_to(ROOT).as_posix(),
            text=(text := path.read_text()),
            tree=ast.parse(text, filename=str(path)),
        )
        for path in _listed("src/*.py")
    )


def imports_of(file: PythonFile) -> set[str]:
    """Every module and name that the file imports, dotted."""
    found: set[str] = set()
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found
