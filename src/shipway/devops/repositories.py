"""Git repositories: bare ones on disk, their records, their refs.

Reading is done by git itself, through `base/process.py`. Knows: documents, home. Must not know:
HTTP, what a push starts (`loop/push.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shipway.base import config, ids, process
from shipway.base.errors import BadInput, Conflict, NotFound, ShipwayError
from shipway.devops import rows
from shipway.store.store import Store

_KIND = "repository"
ZERO = "0" * 40
_SECONDS = 600.0
_DRAFT = ".new"


class GitFailed(ShipwayError):
    """git ended with an exit code that was not expected; the message has its words."""

    default_code = "GitFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository of a project; a local one was made by a run of a working tree."""

    repository_id: str
    project_id: str
    name: str
    default_branch: str = "refs/heads/main"
    is_disabled: bool = False
    is_local: bool = False
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as git prints it."""

    commit_id: str
    parents: tuple[str, ...]
    tree_id: str
    author_name: str
    author_email: str
    author_date: str
    committer_name: str
    committer_email: str
    committer_date: str
    comment: str


def create(
    store: Store, *, project_id: str, name: str, default_branch: str = "refs/heads/main",
    is_local: bool = False,
) -> Repository:  # fmt: skip
    """A new, empty repository. Raises `BadInput` for the name, `Conflict` when it is taken.

    A local one of that name becomes it: to everybody else it was not there.
    """
    if not name.strip() or len(name) > 64 or any(c in name for c in '\\/:*?"<>|;#$,+=[]{}@%&'):
        raise BadInput(
            f"TF401025: '{name}' is not a valid name for a Git repository.",
            code="InvalidGitRepositoryNameException", where="name",
            hint='Names have 1 to 64 characters, none of \\ / : * ? " < > | ; # $ , + = [ ] { }.',
        )  # fmt: skip
    with store.database.transaction():
        there = find(store, project_id=project_id, name_or_id=name)
        if there is not None and there.is_local and not is_local:
            return _adopt(store, there, name=name, default_branch=default_branch)
        if there is not None:
            raise Conflict(
                f"TF400948: A Git repository with the name {name} already exists.",
                code="GitRepositoryNameAlreadyExistsException", where=name,
                hint="Choose another name, or use the repository that is there.",
            )  # fmt: skip
        made = Repository(
            repository_id=ids.new_guid(), project_id=project_id, name=name,
            default_branch=default_branch, is_local=is_local, created_at=store.clock.now(),
        )  # fmt: skip
        return add(store, made)


def _adopt(store: Store, repository: Repository, *, name: str, default_branch: str) -> Repository:
    changed = update(store, repository, name=name, default_branch=default_branch)
    body = rows.body_of(changed) | {"is_local": False}
    store.documents.put(_KIND, changed.repository_id, body)
    return rows.read(Repository, body)


def add(store: Store, made: Repository) -> Repository:
    """Make the bare repository and its record, whatever its name; in the caller's transaction."""
    _init(store, made)
    store.documents.create(_KIND, made.repository_id, rows.body_of(made))
    return made


def find(store: Store, *, project_id: str, name_or_id: str) -> Repository | None:
    """The repository of a project by name (any letter case) or id, or None."""
    wanted = name_or_id.casefold()
    for made in list_of(store, project_id=project_id):
        if wanted in (made.name.casefold(), made.repository_id):
            return made
    return None


def get(store: Store, *, project_id: str, name_or_id: str) -> Repository:
    """The repository. Raises `NotFound` in Azure's words, naming those that are there."""
    found = find(store, project_id=project_id, name_or_id=name_or_id)
    if found is None:
        known = ", ".join(r.name for r in list_of(store, project_id=project_id)) or "none"
        raise NotFound(
            f"TF401019: The Git repository with name or identifier {name_or_id} does not exist "
            "or you do not have permissions for the operation you are attempting.",
            code="GitRepositoryNotFoundException", where=name_or_id,
            hint=f"Repositories of this project: {known}.",
        )  # fmt: skip
    return found


def by_id(store: Store, repository_id: str) -> Repository | None:
    """The repository of any project, or None."""
    found = store.documents.find(_KIND, repository_id.lower())
    return rows.read(Repository, found.body) if found else None


def list_of(store: Store, *, project_id: str | None = None) -> list[Repository]:
    """The repositories of a project, or all, by name."""
    found = (rows.read(Repository, d.body) for d in store.documents.list(_KIND))
    mine = (r for r in found if project_id in (None, r.project_id))
    return sorted(mine, key=lambda r: r.name.casefold())


def update(
    store: Store, repository: Repository, *, name: str | None = None,
    default_branch: str | None = None,
) -> Repository:  # fmt: skip
    """Change name or default branch. Raises `Conflict` when the name is taken."""
    with store.database.transaction():
        other = name and find(store, project_id=repository.project_id, name_or_id=name)
        if other and other.repository_id != repository.repository_id:
            raise Conflict(
                f"TF400948: A Git repository with the name {name} already exists.",
                code="GitRepositoryNameAlreadyExistsException", where=str(name),
            )  # fmt: skip
        body = rows.body_of(repository) | {
            "name": name or repository.name,
            "default_branch": default_branch or repository.default_branch,
        }
        changed = rows.read(Repository, body)
        store.documents.put(_KIND, changed.repository_id, body)
    if default_branch:
        git(store, changed, ["symbolic-ref", "HEAD", default_branch])
    return changed


def delete(store: Store, repository: Repository) -> None:
    """Remove the record; the bare folder is moved aside so that its name stays unused."""
    store.documents.delete(_KIND, repository.repository_id)


def path_of(store: Store, repository: Repository) -> Path:
    """The bare repository on disk."""
    return store.home.repositories / f"{repository.repository_id}.git"


def git(
    store: Store, repository: Repository, arguments: Iterable[str], *,
    input_bytes: bytes | None = None, env_vars: Mapping[str, str] | None = None,
    accept: tuple[int, ...] = (0,),
) -> bytes:  # fmt: skip
    """What git prints. Raises `GitFailed` with its last words for other exit codes."""
    return run_git(
        path_of(store, repository), arguments, input_bytes=input_bytes, env_vars=env_vars,
        accept=accept,
    )  # fmt: skip


def run_git(
    folder: Path, arguments: Iterable[str], *, input_bytes: bytes | None = None,
    env_vars: Mapping[str, str] | None = None, accept: tuple[int, ...] = (0,),
) -> bytes:  # fmt: skip
    """git in `folder`, with settings of nobody's but ours."""
    command = ["git", *arguments]
    done = process.run(
        command, cwd=folder, env_vars={**env_for_git(), **(env_vars or {})},
        input_bytes=input_bytes, seconds=_SECONDS,
    )  # fmt: skip
    if done.returncode not in accept:
        said = done.stderr.decode(errors="replace").strip()
        raise GitFailed(f"{' '.join(command[:3])} ended with {done.returncode}: {said}",
                        where=str(folder))  # fmt: skip
    return done.stdout


def env_for_git() -> dict[str, str]:
    """Variables of a git process: none of the user's settings, no prompt."""
    return {
        "PATH": config.environment().get("PATH", "/usr/bin:/bin"),
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
        "HOME": "/nonexistent", "LC_ALL": "C",
    }  # fmt: skip


def refs_of(store: Store, repository: Repository, prefix: str = "refs/") -> dict[str, str]:
    """Full name -> object id of every ref under `prefix`."""
    if not path_of(store, repository).exists():
        return {}
    out = git(store, repository, ["for-each-ref", "--format=%(objectname) %(refname)"]).decode()
    pairs = (line.partition(" ") for line in out.splitlines())
    return {name: commit for commit, _, name in pairs if name.startswith(prefix)}


def resolve(store: Store, repository: Repository, revision: str) -> str | None:
    """The commit id of a branch, tag or commit; None when there is none."""
    if revision.startswith("-") or not revision:
        return None
    names = [revision] if revision.startswith("refs/") else [f"refs/heads/{revision}", revision]
    for name in names:
        out = git(store, repository, ["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"],
                  accept=(0, 1, 128))  # fmt: skip
        if out.strip():
            return out.decode().strip()
    return None


def existing(store: Store, repository: Repository, objects: Iterable[str]) -> list[str]:
    """Those of `objects` that the repository has."""
    asked = "".join(f"{one}\n" for one in objects).encode()
    out = git(store, repository, ["cat-file", "--batch-check=%(objectname)"], input_bytes=asked)
    return [line for line in out.decode().splitlines() if not line.endswith(" missing")]


def read_file(store: Store, repository: Repository, *, version: str, path: str) -> bytes | None:
    """A file's content at a commit, None when it is not there."""
    clean = path.lstrip("/")
    kind = git(store, repository, ["cat-file", "-t", f"{version}:{clean}"], accept=(0, 128))
    if kind.strip() != b"blob":
        return None
    return git(store, repository, ["cat-file", "blob", f"{version}:{clean}"])


def changed_paths(store: Store, repository: Repository, *, old: str, new: str) -> list[str]:
    """Paths that differ between two commits; all paths when `old` is none (a new branch)."""
    if old == ZERO:
        out = git(store, repository, ["ls-tree", "-r", "-z", "--name-only", new])
    else:
        out = git(store, repository,
                  ["diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new])  # fmt: skip
    return [p.decode(errors="replace") for p in out.split(b"\0") if p]


def commit(store: Store, repository: Repository, version: str) -> Commit | None:
    """One commit, None when the object is not there."""
    found = log(store, repository, version=version, limit=1)
    return found[0] if found else None


def log(
    store: Store, repository: Repository, *, version: str, limit: int = 100, skip: int = 0,
    path: str = "",
) -> list[Commit]:  # fmt: skip
    """Commits reachable from `version`, newest first."""
    form = "%x1e%H%x1f%P%x1f%T%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B"
    arguments = ["log", f"--max-count={limit}", f"--skip={skip}", f"--format={form}", version,
                 "--", *([path] if path else [])]  # fmt: skip
    out = git(store, repository, arguments, accept=(0, 128)).decode(errors="replace")
    return [_commit(text) for text in out.split("\x1e") if text.strip()]


def _commit(text: str) -> Commit:
    part = text.split("\x1f", 9)
    return Commit(
        commit_id=part[0], parents=tuple(part[1].split()), tree_id=part[2], author_name=part[3],
        author_email=part[4], author_date=part[5], committer_name=part[6],
        committer_email=part[7], committer_date=part[8], comment=part[9].strip("\n"),
    )  # fmt: skip


def _init(store: Store, repository: Repository) -> None:
    folder = path_of(store, repository)
    branch = repository.default_branch.removeprefix("refs/heads/")
    run_git(store.home.repositories,
            ["init", "--quiet", "--bare", f"--initial-branch={branch}", str(folder)])  # fmt: skip
    settings = {
        "http.receivepack": "true", "receive.advertisePushOptions": "true",
        "uploadpack.allowAnySHA1InWant": "true", "uploadpack.allowFilter": "true",
        "receive.fsckObjects": "false", "gc.auto": "0", "core.logAllRefUpdates": "false",
        "receive.denyDeleteCurrent": "ignore",
    }  # fmt: skip
    for name, value in settings.items():
        run_git(folder, ["config", name, value])
    lock_of(store, repository).touch(mode=0o600)


def lock_of(store: Store, repository: Repository) -> Path:
    """The file that is locked while a push is accepted."""
    return path_of(store, repository) / "shipway.lock"
