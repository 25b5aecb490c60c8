"""What commits hold: trees, changes between them, and new commits made without a work tree.

Knows: git's plumbing. Must not know: HTTP, refs beyond reading them.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shipway.base import ids
from shipway.base.errors import BadInput, Conflict
from shipway.devops import repositories
from shipway.devops.repositories import ZERO, Repository
from shipway.store.store import Store

ChangeKind = Literal["add", "edit", "delete", "rename"]
_KINDS: dict[str, ChangeKind] = {"A": "add", "M": "edit", "T": "edit", "D": "delete"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """A file (`blob`), folder (`tree`) or submodule (`commit`) of a commit."""

    path: str
    kind: str
    object_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One path that a new commit adds, edits, deletes or renames (from `source`)."""

    kind: ChangeKind
    path: str
    content: bytes | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    """A commit to be made. Author fields left empty are the committer's."""

    comment: str
    changes: tuple[Change, ...]
    author_name: str = ""
    author_email: str = ""
    author_date: str = ""


def tree(
    store: Store, repository: Repository, *, version: str, path: str, recursive: bool
) -> list[TreeEntry] | None:
    """What a folder holds, itself first as Azure lists it; None when there is no such folder."""
    where = f"{version}:{path}" if path else f"{version}^{{tree}}"
    found = repositories.git(store, repository, ["rev-parse", "--verify", "--quiet", where],
                             accept=(0, 1, 128)).decode().strip()  # fmt: skip
    kind = found and repositories.git(store, repository, ["cat-file", "-t", found])
    if kind != b"tree\n":
        return None
    flags = ["-r", "-t"] if recursive else []
    out = repositories.git(store, repository, ["ls-tree", "-z", *flags, found])
    prefix = f"{path}/" if path else ""
    entries = [TreeEntry(path=path, kind="tree", object_id=found)]
    for line in out.split(b"\0"):
        facts, _, name = line.decode(errors="replace").partition("\t")
        if name:
            _, entry_kind, object_id = facts.split()
            entries.append(TreeEntry(path=prefix + name, kind=entry_kind, object_id=object_id))
    return entries


def blob_id(store: Store, repository: Repository, *, version: str, path: str) -> str:
    """The object id of a file at a commit; empty when it is not there."""
    where = f"{version}:{path.lstrip('/')}"
    out = repositories.git(store, repository, ["rev-parse", "--verify", "--quiet", where],
                           accept=(0, 1, 128))  # fmt: skip
    return out.decode().strip()


def changed_files(
    store: Store, repository: Repository, *, old: str, new: str
) -> list[tuple[str, ChangeKind]]:
    """Paths that differ between two commits and how; everything is added when `old` is ZERO."""
    if old == ZERO:
        names = repositories.changed_paths(store, repository, old=old, new=new)
        return [(name, "add") for name in names]
    out = repositories.git(
        store, repository, ["diff-tree", "-r", "-z", "--name-status", "--no-renames", old, new]
    )
    parts = [p.decode(errors="replace") for p in out.split(b"\0") if p]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [(name, _KINDS.get(word, "edit")) for word, name in pairs]


def distance(store: Store, repository: Repository, *, of: str, base: str) -> tuple[int, int]:
    """How many commits a branch is ahead of and behind another; zeros without a common base."""
    out = repositories.git(
        store, repository, ["rev-list", "--left-right", "--count", f"{of}...{base}"],
        accept=(0, 128),
    ).split()  # fmt: skip
    return (int(out[0]), int(out[1])) if len(out) == 2 else (0, 0)


def size_of(store: Store, repository: Repository) -> int:
    """Bytes of the packed and loose objects on disk."""
    folder = repositories.path_of(store, repository) / "objects"
    return sum(
        (Path(place) / name).stat().st_size for place, _, names in os.walk(folder) for name in names
    )


def make_commit(
    store: Store, repository: Repository, *, parent: str, commit: NewCommit,
    committer_name: str, committer_email: str,
) -> str:  # fmt: skip
    """Write a commit on top of `parent` (ZERO for the first one) and return its id.

    No ref moves. Raises `BadInput` for a path that leaves the repository, `Conflict` for an added
    path that is there or an edited one that is not.
    """
    index = store.home.temporary / f"index-{ids.new_guid()}"
    env_vars = {
        "GIT_INDEX_FILE": str(index),
        "GIT_COMMITTER_NAME": committer_name, "GIT_COMMITTER_EMAIL": committer_email,
        "GIT_AUTHOR_NAME": commit.author_name or committer_name,
        "GIT_AUTHOR_EMAIL": commit.author_email or committer_email,
    }  # fmt: skip
    if commit.author_date:
        env_vars["GIT_AUTHOR_DATE"] = commit.author_date

    def run(arguments: Sequence[str], content: bytes | None = None) -> str:
        out = repositories.git(store, repository, arguments, input_bytes=content,
                               env_vars=env_vars)  # fmt: skip
        return out.decode().strip()

    try:
        if parent != ZERO:
            run(["read-tree", parent])
        present = set(_paths(store, repository, parent))
        for change in commit.changes:
            _check(change, present)
            lines = _index_lines(store, repository, change, parent)
            run(["update-index", "-z", "--index-info"], lines)
            present -= {change.path, change.source} if change.kind != "edit" else set()
            present |= {change.path} if change.kind != "delete" else set()
        tree_id = run(["write-tree"])
        parents = [] if parent == ZERO else ["-p", parent]
        return run(["commit-tree", tree_id, *parents], commit.comment.encode())
    finally:
        index.unlink(missing_ok=True)


def _paths(store: Store, repository: Repository, version: str) -> list[str]:
    if version == ZERO:
        return []
    return repositories.changed_paths(store, repository, old=ZERO, new=version)


def _index_lines(store: Store, repository: Repository, change: Change, parent: str) -> bytes:
    gone = change.path if change.kind == "delete" else change.source
    lines = f"0 {ZERO}\t{gone}\0" if gone else ""
    if change.kind != "delete":
        if change.content is None:
            blob = blob_id(store, repository, version=parent, path=change.source)
        else:
            command = ["hash-object", "-w", "--stdin"]
            blob = repositories.git(
                store, repository, command, input_bytes=change.content
            ).decode().strip()  # fmt: skip
        lines += f"100644 {blob}\t{change.path}\0"
    return lines.encode()


def _check(change: Change, present: set[str]) -> None:
    for path in (change.path, change.source):
        parts = path.split("/") if path else []
        if any(p in ("", ".", "..") or p.lower() == ".git" for p in parts) or "\0" in path:
            raise BadInput(
                f"TF401021: The path '{path[:200]}' is not a path inside the repository",
                code="GitInvalidPathException", where="changes[].item.path",
                hint="Give it from the root, such as /src/train.py.",
            )  # fmt: skip
    needed = change.source if change.kind == "rename" else change.path
    if change.kind == "add" and change.path in present:
        raise Conflict(
            f"TF401028: The path '/{change.path}' specified in the add operation already exists",
            code="GitPathAlreadyExistsException", where=change.path, hint="Use edit.",
        )  # fmt: skip
    if change.kind != "add" and needed not in present:
        raise Conflict(
            f"TF401029: The path '/{needed}' specified in the {change.kind} operation does not "
            "exist",
            code="GitPathDoesNotExistException", where=needed,
        )  # fmt: skip
