"""Two branches merged by git in the bare repository: as a test, and as each merge strategy has it.

Nothing here moves a branch; commits are made and named. Knows: git. Must not know: HTTP, policies.
Source: https://learn.microsoft.com/azure/devops/repos/git/merging-with-squash
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shipway.base import process
from shipway.base.errors import Conflict
from shipway.devops import repositories
from shipway.devops.pull_request_states import MergeStrategy
from shipway.devops.repositories import Commit, GitFailed, Repository
from shipway.devops.runs import Requester
from shipway.store.store import Store

_SECONDS = 600.0
_PATHS = 5000
_UNKNOWN_OPTION = 129


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedTree:
    """What a merge comes to: a tree, or the files in conflict, or why there can be none."""

    tree: str = ""
    conflicts: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    message: str
    by: Requester


def merge_trees(store: Store, repository: Repository, *, target: str, source: str) -> MergedTree:
    """Merge without a work tree of anybody's. Raises `GitFailed`."""
    done = process.run(
        ["git", "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", target, source],
        cwd=repositories.path_of(store, repository), env_vars=repositories.env_for_git(),
        seconds=_SECONDS,
    )  # fmt: skip
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode == _UNKNOWN_OPTION:  # git before 2.38
        return merge_by_index(store, repository, target=target, source=source)
    if done.returncode not in (0, 1):
        return MergedTree(failure=said.removeprefix("fatal: ") or "the branches cannot be merged")
    parts = [p.decode(errors="replace") for p in done.stdout.split(b"\0") if p.strip()]
    if done.returncode == 1:
        return MergedTree(conflicts=tuple(parts[1:]) or ("(renamed folders)",))
    return MergedTree(tree=parts[0].strip())


def merge_by_index(store: Store, repository: Repository, *, target: str, source: str) -> MergedTree:
    """The same with an index and files of its own, as git could from the beginning.

    Files that were renamed on one side are not followed. Raises `GitFailed`.
    """
    base = _base(store, repository, target, source)
    if not base:
        return MergedTree(failure="refusing to merge unrelated histories")
    with tempfile.TemporaryDirectory(dir=store.home.temporary) as folder:
        env_vars = {"GIT_DIR": str(repositories.path_of(store, repository)),
                    "GIT_INDEX_FILE": f"{folder}/.index", "GIT_WORK_TREE": folder}  # fmt: skip

        def run(*arguments: str) -> bytes:
            return repositories.run_git(Path(folder), arguments, env_vars=env_vars, accept=(0, 1))

        run("read-tree", "-i", "-m", "--aggressive", base, target, source)
        run("merge-index", "-o", "-q", "git-merge-one-file", "-a")
        left = run("ls-files", "--unmerged", "-z").decode(errors="replace").split("\0")
        conflicts = tuple(dict.fromkeys(line.partition("\t")[2] for line in left if line))
        if conflicts:
            return MergedTree(conflicts=conflicts)
        return MergedTree(tree=run("write-tree").decode().strip())


def preview(
    store: Store, repository: Repository, *, target: str, source: str, tree: str, message: str,
    by: Requester,
) -> str:  # fmt: skip
    """The commit of refs/pull/<id>/merge."""
    return _commit(store, repository, tree, (target, source), _Words(message=message, by=by))


def set_ref(store: Store, repository: Repository, ref: str, commit: str) -> None:
    """Put a ref of a pull request where it belongs; an empty commit takes it away."""
    if commit:
        repositories.git(store, repository, ["update-ref", ref, commit])
    else:
        repositories.git(store, repository, ["update-ref", "-d", ref])


def changed_paths(
    store: Store, repository: Repository, *, target: str, source: str
) -> tuple[str, ...]:
    """Paths that the source branch changes since it left the target, the first of very many."""
    base = _base(store, repository, target, source)
    if not base:
        return ()
    found = repositories.changed_paths(store, repository, old=base, new=source)
    return tuple(found[:_PATHS])


def commits_of(store: Store, repository: Repository, *, target: str, source: str) -> list[Commit]:
    """Commits of the source branch that the target does not have, newest first."""
    out = repositories.git(store, repository, ["rev-list", source, "--not", target])
    found = (repositories.commit(store, repository, c) for c in out.decode().split())
    return [c for c in found if c]


def make(
    store: Store, repository: Repository, strategy: MergeStrategy, *, target: str, source: str,
    message: str, by: Requester, author: Requester,
) -> str:  # fmt: skip
    """The commit that the target branch is to be at. Raises `Conflict` naming the files."""
    if strategy in ("rebase", "rebaseMerge"):
        tip = _rebased(store, repository, target=target, source=source, by=by)
        if strategy == "rebase" or tip == target:
            return tip
        tree = _tree_of(store, repository, tip)
        return _commit(store, repository, tree, (target, tip), _Words(message=message, by=by))
    merged = merge_trees(store, repository, target=target, source=source)
    _check(merged)
    if strategy == "squash":
        words = _Words(message=message, by=by)
        env = _author(author.name, _email(author))
        return _commit(store, repository, merged.tree, (target,), words, env)
    words = _Words(message=message, by=by)
    return _commit(store, repository, merged.tree, (target, source), words)


def _rebased(
    store: Store, repository: Repository, *, target: str, source: str, by: Requester
) -> str:
    """The source's commits one by one on top of the target, as `git rebase` leaves them."""
    order = ["rev-list", "--reverse", "--topo-order", "--no-merges", source, "--not", target]
    tip = target
    for commit_id in repositories.git(store, repository, order).decode().split():
        one = repositories.commit(store, repository, commit_id)
        if one is None:
            raise GitFailed(f"the commit {commit_id} is gone", where=repository.name)
        before = _tree_of(store, repository, one.parents[0]) if one.parents else _EMPTY_TREE
        merged = _picked(store, repository, before=before, picked=one.tree_id, onto=tip)
        _check(merged)
        if merged.tree == _tree_of(store, repository, tip):  # the target has it already
            continue
        env = _author(one.author_name, one.author_email, one.author_date)
        words = _Words(message=one.comment, by=by)
        tip = _commit(store, repository, merged.tree, (tip,), words, env)
    return tip


def _picked(
    store: Store, repository: Repository, *, before: str, picked: str, onto: str
) -> MergedTree:
    """One commit's change on top of another, by a merge whose base is what was before it."""
    who = _Words(message="-", by=Requester(object_id="", name="shipway"))
    base = _commit(store, repository, before, (), who)
    ours = _commit(store, repository, _tree_of(store, repository, onto), (base,), who)
    theirs = _commit(store, repository, picked, (base,), who)
    return merge_trees(store, repository, target=ours, source=theirs)


def _check(merged: MergedTree) -> None:
    if merged.tree:
        return
    files = ", ".join(merged.conflicts)
    raise Conflict(
        f"the branches cannot be merged: {merged.failure or f'conflicts in {files}'}",
        code="GitPullRequestMergeConflictsException", where=files[:500],
        hint="Merge the target branch into the source branch, resolve, push, and try again.",
    )  # fmt: skip


def _base(store: Store, repository: Repository, target: str, source: str) -> str:
    out = repositories.git(store, repository, ["merge-base", target, source], accept=(0, 1, 128))
    return out.decode().strip()


def _tree_of(store: Store, repository: Repository, commit: str) -> str:
    return repositories.git(store, repository, ["rev-parse", f"{commit}^{{tree}}"]).decode().strip()


def _commit(
    store: Store, repository: Repository, tree: str, parents: tuple[str, ...], words: _Words,
    more: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    env_vars = {
        "GIT_COMMITTER_NAME": words.by.name, "GIT_COMMITTER_EMAIL": _email(words.by),
        **_author(words.by.name, _email(words.by)), **(more or {}),
    }  # fmt: skip
    flags = [part for parent in parents for part in ("-p", parent)]
    out = repositories.git(
        store, repository, ["commit-tree", tree, *flags], input_bytes=words.message.encode(),
        env_vars=env_vars,
    )  # fmt: skip
    return out.decode().strip()


def _author(name: str, email: str, date: str = "") -> dict[str, str]:
    dated = {"GIT_AUTHOR_DATE": date} if date else {}
    return {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, **dated}


def _email(who: Requester) -> str:
    return f"{who.name}@shipway.local"


_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
