"""The files that a pipeline of a working tree may include: its own repository's, and mapped ones.

Nothing is started for this: the root of a repository and its branch are read from the disk.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shipway.azpipelines import limits
from shipway.azpipelines.expand.includes import SELF, FileMissing, RepositoryMissing

_MAIN = "refs/heads/main"


def absolute(path: Path) -> Path:
    """From the root of the disk and without `..`, which the parents of a path would keep."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # resolve() would follow links


def root_of(path: Path) -> Path:
    """The root of the git repository around a file or folder; without one, the folder itself."""
    start = path if path.is_dir() else path.parent
    return next((one for one in (start, *start.parents) if (one / ".git").exists()), start)


def branch_of(root: Path) -> str:
    """The full name of the branch that is checked out; `refs/heads/main` when there is none."""
    place = root / ".git"
    try:
        if place.is_file():  # a worktree or submodule: the file names the folder
            place = root / place.read_text("utf-8").removeprefix("gitdir:").strip()
        head = (place / "HEAD").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return _MAIN
    return head.removeprefix("ref:").strip() if head.startswith("ref:") else _MAIN


def full_name(branch: str) -> str:
    """`refs/heads/main` of `main`; empty stays empty."""
    return branch if not branch or branch.startswith("refs/") else f"refs/heads/{branch}"


@dataclass(slots=True)
class WorkingTree:
    """The compiler's files: `self` is the repository at `root`, others are folders by alias."""

    root: Path
    folders: Mapping[str, Path] = field(default_factory=dict)
    known: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """Files that were read, so that many pipelines read a template once."""

    def read(self, repository_alias: str, path: str) -> bytes:
        """The file as it is now, saved or committed makes no difference.

        Raises `FileMissing`, `RepositoryMissing`.
        """
        key = (repository_alias.lower(), path)
        if key not in self.known:
            self.known[key] = self._read(repository_alias, path)
        return self.known[key]

    def place(self, shown: str) -> Path:
        """Where a file lies that a diagnostic names as `path` or `path@alias`."""
        path, _, alias = shown.partition("@")
        folder = self._folder(alias) if alias else None
        return folder / path if folder else self.root / shown

    def _read(self, alias: str, path: str) -> bytes:
        folder = self._folder(alias)
        if folder is None:
            raise RepositoryMissing(not_mapped(alias))
        file = folder / path
        try:
            if file.is_file() and _spelled_so(folder, path):
                with file.open("rb") as opened:
                    return opened.read(limits.MAX_FILE_BYTES + 1)
        except OSError as error:
            raise FileMissing(f"File /{path} cannot be read: {error.strerror}") from None
        raise FileMissing(f"File /{path} not found in repository {folder.resolve().name}.")

    def _folder(self, alias: str) -> Path | None:
        if alias.lower() == SELF:
            return self.root
        return next(
            (folder for name, folder in self.folders.items() if name.lower() == alias.lower()), None
        )


def not_mapped(alias: str) -> str:
    """What is said about a repository whose folder is not known."""
    return f"The repository '{alias}' is not on this machine"


def _spelled_so(folder: Path, path: str) -> bool:
    """Whether the name is right in its letter case, also where the disk does not care."""
    file = folder / path
    return not (file.parent / file.name.swapcase()).exists() or file.name in {
        one.name for one in file.parent.iterdir()
    }
