"""A working tree as a commit: what is tracked and what is new, but nothing that is ignored.

The user's repository is only read: index and objects are made in a folder of ours, beside which
git sees the user's objects as well. An unchanged tree is its own commit, with its own id.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shipway.base import config, process
from shipway.base.errors import BadInput, ShipwayError
from shipway.cli.pipeline_check import working_tree

_SECONDS = 600
_NOT_COUNTED = frozenset((".git", ".venv", "node_modules"))
_MOST_FILES = 20_000
_REF = "refs/heads/snapshot"
_NAME, _EMAIL = "shipway", "shipway@localhost"


class SnapshotFailed(ShipwayError):
    """git could not take the working tree; the message has its words."""

    default_code = "SnapshotFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A tree in `repository`, a bare repository that may go once the commit is fetched.

    `head` is the commit that is checked out, empty when there is none; `changed` the number of
    files that differ from it.
    """

    root: Path
    repository: Path
    version: str
    branch: str
    head: str
    changed: int
    remotes: tuple[str, ...]

    def to_wire(self) -> dict[str, object]:
        """As the server is told of it."""
        return {
            "folder": str(self.root), "source": str(self.repository), "version": self.version,
            "branch": self.branch, "name": _repository_name(self.root, self.remotes),
            "remotes": list(self.remotes), "has_changes": self.changed > 0,
        }  # fmt: skip


def take(root: Path, target: Path, *, branch: str = "", always: Sequence[str] = ()) -> Snapshot:
    """Write the tree at `root` into a new repository at `target`; `always`: ignored or not.

    Raises `SnapshotFailed`, `BadInput` for a folder without git that is too large to be meant.
    """
    is_repository = (root / ".git").exists()
    if not is_repository:
        _refuse_large(root)
    _git(root.parent, "init", "--quiet", "--bare", str(target))
    lent, remotes = _lend(root, target) if is_repository else (_plain(root, target), ())
    work = _Work(root=root, env_vars=lent)
    head = work.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1, 128)).strip()
    work.git("add", "--all", "--", ".")
    if always:
        work.git("add", "--force", "--", *always)
    tree = work.git("write-tree").strip()
    old = work.git("rev-parse", f"{head}^{{tree}}").strip() if head else ""
    version = head if tree == old else _commit(work, tree, head)
    _git(target, "update-ref", _REF, version)
    return Snapshot(
        root=root, repository=target, version=version, head=head, remotes=remotes,
        branch=branch or working_tree.branch_of(root),
        changed=0 if version == head else _changed(work, head, version),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """git with the user's settings and ignored files, but an index and objects of ours."""

    root: Path
    env_vars: Mapping[str, str]

    def git(
        self, *arguments: str, accept: tuple[int, ...] = (0,),
        env_vars: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """What git prints."""
        given = {**self.env_vars, **(env_vars or {})}
        return _git(self.root, *arguments, accept=accept, env_vars=given)


def _lend(root: Path, target: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Let the new repository see the user's objects and index; their remotes."""
    paths = ("objects", "index", "shallow")
    asked = [word for name in paths for word in ("--git-path", name)]
    found = _git(root, "rev-parse", "--path-format=absolute", *asked).splitlines()
    objects, index, shallow = (Path(line) for line in found)
    (target / "objects" / "info" / "alternates").write_text(f"{objects}\n")
    for source, name in ((index, "index"), (shallow, "shallow")):
        if source.exists():
            shutil.copy2(source, target / name)
    urls = _git(root, "config", "--get-regexp", r"^remote\..*\.url$", accept=(0, 1)).splitlines()
    urls.sort(key=lambda line: not line.startswith("remote.origin.url "))
    env_vars = {
        "GIT_INDEX_FILE": str(target / "index"),
        "GIT_OBJECT_DIRECTORY": str(target / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
    }
    return env_vars, tuple(line.partition(" ")[2] for line in urls)


def _plain(root: Path, target: Path) -> dict[str, str]:
    """A folder that git does not know."""
    return {"GIT_DIR": str(target), "GIT_WORK_TREE": str(root)}


def _commit(work: _Work, tree: str, head: str) -> str:
    """A commit of the tree on top of what is checked out, with its subject."""
    subject = work.git("log", "-1", "--format=%s", head).strip() if head else ""
    message = f"{subject} (and changes that are not committed)" if subject else "Working tree"
    name = work.git("config", "user.name", accept=(0, 1)).strip() or _NAME
    email = work.git("config", "user.email", accept=(0, 1)).strip() or _EMAIL
    who = {f"GIT_{part}_NAME": name for part in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{part}_EMAIL": email for part in ("AUTHOR", "COMMITTER")}
    parent = ["-p", head] if head else []
    return work.git("commit-tree", tree, *parent, "-m", message, env_vars=who).strip()


def _changed(work: _Work, head: str, version: str) -> int:
    if not head:
        return work.git("ls-tree", "-r", "-z", "--name-only", version).count("\0")
    return work.git("diff-tree", "-r", "-z", "--name-only", head, version).count("\0")


def _git(
    folder: Path, *arguments: str, accept: tuple[int, ...] = (0,),
    env_vars: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    # inside of a git hook its variables name the repository that git works on
    mine = {
        name: value
        for name, value in config.environment().items()
        if not name.startswith("GIT_") or name.startswith("GIT_CONFIG")
    }
    given = {**mine, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", **(env_vars or {})}
    try:
        done = process.run(["git", *arguments], cwd=folder, env_vars=given, seconds=_SECONDS)
    except FileNotFoundError:
        raise SnapshotFailed(
            "git is not on this machine", where=str(folder), hint="Install git."
        ) from None
    if done.returncode not in accept:
        said = done.stderr.decode(errors="replace").strip()
        raise SnapshotFailed(
            f"git {arguments[0]} ended with {done.returncode}: {said}", where=str(folder),
            hint="The same command has to work in that folder.",
        )  # fmt: skip
    return done.stdout.decode(errors="replace")


def _refuse_large(root: Path) -> None:
    """A folder without git may be anything: a home is not to be copied by mistake."""
    count = 0
    for _, folders, files in os.walk(root):
        folders[:] = [one for one in folders if one not in _NOT_COUNTED]
        count += len(files)
        if count > _MOST_FILES:
            raise BadInput(
                f"'{root}' is no git repository and holds more than {_MOST_FILES} files",
                code="WorkingTreeTooLarge", where=str(root),
                hint="Run `git init` in the folder that belongs to the pipeline, with a "
                ".gitignore for what does not.",
            )  # fmt: skip


def _repository_name(root: Path, remotes: tuple[str, ...]) -> str:
    """What a new repository is called: as its remote, else as its folder."""
    for url in remotes:
        name = url.rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
        if name:
            return name
    return root.name or "repository"
