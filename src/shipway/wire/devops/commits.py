"""Commits, their changes, and branches against the default one.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/commits
"""

from typing import Any

from shipway.base.errors import NotFound
from shipway.devops import repositories, repository_contents
from shipway.devops.repositories import Commit, Repository
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.repositories import both, repository_of, url_of, version_of
from shipway.wire.http import Request, Response, Route, json_response

_QUERY = (
    "searchCriteria.$top", "searchCriteria.$skip", "searchCriteria.itemPath",
    "searchCriteria.itemVersion.version", "searchCriteria.itemVersion.versionType",
    "searchCriteria.itemVersion.versionOptions", "$top", "$skip",
)  # fmt: skip


class Commits:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def commits(self, request: Request) -> Response:
        """GET commits of a branch, newest first."""
        found = repository_of(self._store, request)
        word = "searchCriteria.itemVersion"
        version = version_of(self._store, request, found, word)
        listed = repositories.log(
            self._store, found, version=version,
            limit=_count(request, "$top", 100), skip=_count(request, "$skip", 0),
            path=request.arg("searchCriteria.itemPath").lstrip("/"),
        )  # fmt: skip
        return shapes.collection([shape_of(request, found, c) for c in listed])

    def commit(self, request: Request) -> Response:
        """GET commits/{id}."""
        found = repository_of(self._store, request)
        return json_response(shape_of(request, found, self._commit(request, found)))

    def changes(self, request: Request) -> Response:
        """GET commits/{id}/changes."""
        found = repository_of(self._store, request)
        commit = self._commit(request, found)
        old = commit.parents[0] if commit.parents else repositories.ZERO
        listed = repository_contents.changed_files(
            self._store, found, old=old, new=commit.commit_id
        )
        values = [
            {"changeType": kind, "item": {"path": f"/{path}", "gitObjectType": "blob",
                                          "commitId": commit.commit_id}}
            for path, kind in listed
        ]  # fmt: skip
        counts = {k: sum(c == k for _, c in listed) for k in ("add", "edit", "delete")}
        shape = {"changeCounts": {k.title(): n for k, n in counts.items() if n}, "changes": values}
        return json_response(shape)

    def branches(self, request: Request) -> Response:
        """GET stats/branches: each branch against the default one."""
        found = repository_of(self._store, request)
        names = repositories.refs_of(self._store, found, "refs/heads/")
        wanted = request.arg("name")
        values = [
            self._branch(request, found, name)
            for name in sorted(names)
            if wanted in ("", name.removeprefix("refs/heads/"))
        ]
        if not wanted:
            return shapes.collection(values)
        if not values:
            raise NotFound(
                f"TF401175: The version descriptor <Branch: {wanted}> could not be resolved",
                code="GitUnresolvableToCommitException", where="name",
            )  # fmt: skip
        return json_response(values[0])

    def _branch(self, request: Request, repository: Repository, name: str) -> dict[str, Any]:
        commit = repositories.commit(self._store, repository, name)
        ahead, behind = repository_contents.distance(
            self._store, repository, of=name, base=repository.default_branch
        )
        return {
            "name": name.removeprefix("refs/heads/"), "aheadCount": ahead, "behindCount": behind,
            "isBaseVersion": name == repository.default_branch,
            "commit": commit and shape_of(request, repository, commit),
        }  # fmt: skip

    def _commit(self, request: Request, repository: Repository) -> Commit:
        asked = request.params["commit"]
        whole = len(asked) == 40 and all(c in "0123456789abcdefABCDEF" for c in asked)
        found = repositories.commit(self._store, repository, asked) if whole else None
        if found is None:
            raise NotFound(
                f"TF401175: The commit {asked[:60]} could not be found in the repository "
                f"{repository.name}",
                code="GitCommitDoesNotExistException", where="commitId",
                hint="Give all 40 hexadecimal digits.",
            )  # fmt: skip
        return found


def shape_of(request: Request, repository: Repository, commit: Commit) -> dict[str, Any]:
    """`GitCommitRef`."""
    return {
        "commitId": commit.commit_id, "treeId": commit.tree_id,
        "parents": list(commit.parents), "comment": commit.comment,
        "author": {"name": commit.author_name, "email": commit.author_email,
                   "date": commit.author_date},
        "committer": {"name": commit.committer_name, "email": commit.committer_email,
                      "date": commit.committer_date},
        "url": f"{url_of(request, repository)}/commits/{commit.commit_id}",
    }  # fmt: skip


def _count(request: Request, name: str, default: int) -> int:
    given = request.arg(f"searchCriteria.{name}") or request.arg(name)
    return shapes.number(given, name) if given else default


def routes(store: Store) -> tuple[Route, ...]:
    """What a repository's history says."""
    noun = Commits(store)
    one = "git/repositories/{repository}"
    page = ("top", "skip", "$top", "$skip")
    base = ("name", "baseVersionDescriptor.version", "baseVersionDescriptor.versionType",
            "baseVersionDescriptor.versionOptions")  # fmt: skip
    return (
        *both("GET", f"{one}/commits", noun.commits, query=_QUERY),
        *both("GET", f"{one}/commits/{{commit}}", noun.commit, query=("changeCount",)),
        *both("GET", f"{one}/commits/{{commit}}/changes", noun.changes, query=page),
        *both("GET", f"{one}/stats/branches", noun.branches, query=base),
    )
