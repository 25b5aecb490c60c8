"""GitHub repositories that are bound to a git repository here: a bare mirror and its source.

A definition of repository type GitHub knows its repository by `OWNER/NAME`; github.com is not
Azure's and is not served here, so a mirror stands in for it. The mirror is a `Repository` of no
project, whose id follows from its name: a definition may name it before it is there.
Knows: documents, repositories. Must not know: HTTP, what a push starts.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import projects, pushes, repositories, rows
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester
from shipway.store.store import Store

_KIND = "github_mirror"
PLACE = "github.com"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")


class NotMapped(Conflict):
    """A GitHub repository that no mirror stands in for."""

    default_code = "GitHubRepositoryNotMapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubMirror:
    """A GitHub repository's stand-in.

    `source_refs` are the source's branches and tags as they were last taken over, so that only
    what moved at the source moves the mirror. `last_error` is empty while the source answers.
    """

    name: str
    source: str
    repository_id: str
    source_refs: Mapping[str, str] = field(default_factory=dict)
    last_error: str = ""
    mapped_by: Requester
    mapped_at: datetime
    synced_at: datetime | None = None


def clean_name(name: str) -> str:
    """`OWNER/NAME`. Raises `BadInput` for what GitHub would not take as a name."""
    clean = name.strip().removesuffix(".git").removeprefix("https://github.com/").strip("/")
    repository = clean.partition("/")[2].lower()
    is_taken = repository in (".", "..") or repository.endswith((".git", ".wiki"))
    if is_taken or not _NAME.fullmatch(clean):
        raise BadInput(
            f"'{name[:200]}' is not the name of a GitHub repository", where="name",
            code="GitHubRepositoryNameInvalid", hint="Give it as OWNER/NAME.",
        )  # fmt: skip
    return clean


def repository_id(name: str) -> str:
    """The id of the repository that stands in for `name`, mapped or not."""
    return ids.guid_from("github repository", name.casefold())


def url_of(name: str) -> str:
    """Where the repository lies on GitHub: what `Build.Repository.Uri` says."""
    return f"https://{PLACE}/{name}"


def push_url(name: str) -> str:
    """Where the mirror is fetched from and pushed to."""
    owner, _, repository = name.partition("/")
    return f"https://dev.azure.com/{projects.ORGANIZATION}/{PLACE}/{owner}/_git/{repository}"


def is_mirror(repository: Repository) -> bool:
    """Whether the repository stands in for one on GitHub."""
    return repository.project_id == PLACE


def create(store: Store, *, name: str, source: str, mapped_by: Requester) -> GithubMirror:
    """A mirror with an empty bare repository. Raises `Conflict` when the name is mapped already."""
    with store.database.transaction():
        before = find(store, name)
        if before is not None:
            raise Conflict(
                f"{before.name} is mapped to {before.source} already", where=before.name,
                code="GitHubRepositoryMapped", hint=f"`shipway repos unmap {before.name}` first.",
            )  # fmt: skip
        now = store.clock.now()
        made = GithubMirror(
            name=name, source=source, repository_id=repository_id(name), mapped_by=mapped_by,
            mapped_at=now,
        )  # fmt: skip
        repositories.add(
            store,
            Repository(repository_id=made.repository_id, project_id=PLACE, name=name,
                       created_at=now),
        )  # fmt: skip
        return save(store, made)


def save(store: Store, mirror: GithubMirror) -> GithubMirror:
    """Store a changed mirror."""
    store.documents.put(_KIND, mirror.name.casefold(), rows.body_of(mirror))
    return mirror


def keep(store: Store, mirror: GithubMirror) -> None:
    """Store a changed mirror, unless it was unmapped or mapped anew meanwhile."""
    with store.database.transaction():
        present = find(store, mirror.name)
        if present is not None and present.mapped_at == mirror.mapped_at:
            save(store, mirror)


def note_error(store: Store, mirror: GithubMirror, error: str) -> None:
    """Write down why the source could not be read, or that it can again."""
    if mirror.last_error != error:
        keep(store, replace(mirror, last_error=error))


def find(store: Store, name: str) -> GithubMirror | None:
    """The mirror of `OWNER/NAME` in any letter case, or None."""
    found = store.documents.find(_KIND, name.casefold())
    return rows.read(GithubMirror, found.body) if found else None


def get(store: Store, name: str) -> GithubMirror:
    """The mirror. Raises `NotFound` naming those that are there."""
    found = find(store, name)
    if found is None:
        known = ", ".join(m.name for m in list_all(store)) or "none"
        raise NotFound(
            f"the GitHub repository '{name}' is not mapped", where=name,
            code="GitHubRepositoryNotMapped", hint=f"{how_to_map(name)} Mapped: {known}.",
        )  # fmt: skip
    return found


def list_all(store: Store) -> list[GithubMirror]:
    """Every mirror, by name."""
    return [rows.read(GithubMirror, d.body) for d in store.documents.list(_KIND)]


def repository_of(store: Store, mirror: GithubMirror) -> Repository:
    """The bare repository. Raises `NotFound` when its record is gone."""
    return repositories.get(store, project_id=PLACE, name_or_id=mirror.repository_id)


def delete(store: Store, mirror: GithubMirror) -> None:
    """Forget the mirror; definitions that name it are unmapped again, their runs stay."""
    with store.database.transaction():
        repository = repository_of(store, mirror)
        store.documents.delete(_KIND, mirror.name.casefold())
        repositories.delete(store, repository)
        pushes.forget(store, repository)
        folder = repositories.path_of(store, repository)
        # another source may come under the same name: nothing of this one may be left
        store.database.after_commit(lambda: shutil.rmtree(folder, ignore_errors=True))


def how_to_map(name: str) -> str:
    """The sentence that every refusal of an unmapped repository ends with."""
    return f"Bind it: `shipway repos map {name} PATH|URL`."


def not_mapped(name: str) -> NotMapped:
    """What is raised where the content of an unmapped repository is needed."""
    return NotMapped(
        f"the GitHub repository '{name}' is not mapped to a git repository here", where=name,
        hint=how_to_map(name),
    )  # fmt: skip
