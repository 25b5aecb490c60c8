"""Git repositories and their refs over REST.

Source: https://learn.microsoft.com/rest/api/azure/devops/git
"""

from collections.abc import Sequence
from typing import Any

from shipway.base import ids
from shipway.base.errors import BadInput, NotFound
from shipway.devops import github_mirrors, projects, repositories, repository_contents
from shipway.devops.pushes import RefMove
from shipway.devops.repositories import Repository
from shipway.loop import push
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_organization, in_project
from shipway.wire.http import Handler, Request, Response, Route, json_response


class Repositories:
    """Handlers; each repository is found by name or id, with or without its project."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET git/repositories."""
        project = shapes.project_of(self._store, request) if "project" in request.params else None
        found = repositories.list_of(
            self._store, project_id=project.project_id if project else None
        )
        seen = {
            project_id for project_id in {r.project_id for r in found}
            if rights.sees(self._store, request, project_id)
        }  # fmt: skip
        own = [r for r in found if r.project_id in seen and not github_mirrors.is_mirror(r)]
        return shapes.collection([shape_of(self._store, request, r) for r in own])

    def create(self, request: Request) -> Response:
        """POST git/repositories: an empty repository."""
        body = body_of(request)
        if "project" in request.params:
            project = shapes.project_of(self._store, request)
        else:
            project = projects.get(self._store, body.child("project").text("id"))
            rights.require(
                self._store, request, "administer", project_id=project.project_id
            )  # fmt: skip
        if body.has("parentRepository"):
            raise BadInput(
                "forks are not supported: 'parentRepository' was given",
                code="NotSupportedException", status=400, where="parentRepository",
                hint="Create it empty and push.",
            )  # fmt: skip
        made = repositories.create(
            self._store, project_id=project.project_id, name=body.text("name")
        )
        return json_response(shape_of(self._store, request, made), status=201)

    def get(self, request: Request) -> Response:
        """GET git/repositories/{id or name}."""
        return json_response(shape_of(self._store, request, repository_of(self._store, request)))

    def update(self, request: Request) -> Response:
        """PATCH git/repositories/{id}: name, default branch."""
        body, found = body_of(request), repository_of(self._store, request)
        branch = body.text("defaultBranch", "") or None
        if branch and branch not in repositories.refs_of(self._store, found, "refs/heads/"):
            raise BadInput(
                f"TF401398: the branch '{branch}' does not exist in the repository",
                code="GitBranchNotFoundException", where="defaultBranch",
                hint="Give a full name such as refs/heads/main.",
            )  # fmt: skip
        changed = repositories.update(
            self._store, found, name=body.text("name", "") or None, default_branch=branch
        )
        return json_response(shape_of(self._store, request, changed))

    def delete(self, request: Request) -> Response:
        """DELETE git/repositories/{id}."""
        repositories.delete(self._store, repository_of(self._store, request))
        return shapes.no_content()

    def refs(self, request: Request) -> Response:
        """GET refs, by the beginning of their names."""
        found = repository_of(self._store, request)
        prefix = f"refs/{request.params.get('filter') or request.arg('filter')}"
        contains = request.arg("filterContains")
        refs = repositories.refs_of(self._store, found, prefix)
        values = [
            {"name": name, "objectId": commit,
             "url": f"{url_of(request, found)}/refs?filter={name.removeprefix('refs/')}"}
            for name, commit in sorted(refs.items()) if contains in name
        ]  # fmt: skip
        page, following = shapes.paged(request, values)
        return shapes.collection(page, continuation=following)

    def update_refs(self, request: Request) -> Response:
        """POST refs: make, move or delete branches and tags; what moved enters the loop."""
        found = repository_of(self._store, request)
        asked = [
            RefMove(ref=item.text("name"), old=item.text("oldObjectId"),
                    new=item.text("newObjectId"))
            for item in Fields(values={"refUpdates": request.json_value()}).children("refUpdates")
        ]  # fmt: skip
        if not asked:
            raise BadInput("no ref update was given", code="ArgumentNullException",
                           where="refUpdates", hint="Give a list of updates.")  # fmt: skip
        results = push.update_refs(self._store, found, asked, request.principal)
        values = [
            {"repositoryId": found.repository_id, "name": m.ref, "oldObjectId": m.old,
             "newObjectId": m.new, "success": not reason,
             "updateStatus": reason or "succeeded"}
            for m, reason in results
        ]  # fmt: skip
        return shapes.collection(values)


def repository_of(store: Store, request: Request) -> Repository:
    """The repository that the path names. Raises `NotFound`."""
    asked = request.params["repository"]
    if "project" in request.params:
        project = shapes.project_of(store, request)
        return repositories.get(store, project_id=project.project_id, name_or_id=asked)
    found = repositories.by_id(store, asked) if ids.is_guid(asked) else None
    if found is None or github_mirrors.is_mirror(found):
        raise NotFound(
            f"TF401019: The Git repository with name or identifier {asked} does not exist or you "
            "do not have permissions for the operation you are attempting.",
            code="GitRepositoryNotFoundException", where=asked,
            hint="Without a project in the path, give the repository's id.",
        )  # fmt: skip
    return found


def shape_of(store: Store, request: Request, repository: Repository) -> dict[str, Any]:
    """`GitRepository`."""
    project = projects.get(store, repository.project_id)
    names = repositories.refs_of(store, repository, "refs/heads/")
    place = f"{request.host}/{projects.ORGANIZATION}/{shapes.quoted(project.name)}"
    tail = f"_git/{shapes.quoted(repository.name)}"
    shape: dict[str, Any] = {
        "id": repository.repository_id, "name": repository.name,
        "url": url_of(request, repository),
        "project": shapes.project_reference(request, project),
        "size": repository_contents.size_of(store, repository),
        "remoteUrl": f"{request.scheme}://{projects.ORGANIZATION}@{place}/{tail}",
        "webUrl": f"{request.scheme}://{place}/{tail}",
        "isDisabled": repository.is_disabled, "isInMaintenance": False,
    }  # fmt: skip
    if names:
        shape["defaultBranch"] = (
            repository.default_branch if repository.default_branch in names else min(names)
        )
    return shape


def url_of(request: Request, repository: Repository) -> str:
    """The repository's address in the REST interface."""
    return (
        f"{shapes.base_url(request)}/{repository.project_id}/_apis/git/repositories/"
        f"{repository.repository_id}"
    )


def version_of(store: Store, request: Request, repository: Repository, word: str) -> str:
    """The commit that a version descriptor names; the default branch's without one."""
    name = request.arg(f"{word}.version")
    kind = request.arg(f"{word}.versionType", "branch").lower()
    if kind not in ("branch", "tag", "commit"):
        raise BadInput(
            f"The value '{kind[:60]}' is not valid for '{word}.versionType'",
            code="InvalidArgumentValueException", where=f"{word}.versionType",
            hint="Known: branch, tag, commit.",
        )  # fmt: skip
    spelled = {"branch": f"refs/heads/{name.removeprefix('refs/heads/')}",
               "tag": f"refs/tags/{name.removeprefix('refs/tags/')}", "commit": name}  # fmt: skip
    revision = spelled[kind] if name else repository.default_branch
    found = repositories.resolve(store, repository, revision)
    if found is None:
        raise NotFound(
            f"TF401175: The version descriptor <{kind.title()}: {name or revision}> could not "
            f"be resolved to a version in the repository {repository.name}",
            code="GitUnresolvableToCommitException", where=f"{word}.version",
        )  # fmt: skip
    return found


def both(
    method: str, tail: str, handler: Handler, *, action: str = "read", query: Sequence[str] = ()
) -> tuple[Route, Route]:
    """A row with and one without the project in the path."""
    return (
        in_project(method, tail, handler, action=action, query=query),
        in_organization(method, tail, handler, action=action, query=query),
    )


def routes(store: Store) -> tuple[Route, ...]:
    """Repositories and their refs."""
    noun = Repositories(store)
    one = "git/repositories/{repository}"
    listed = ("includeLinks", "includeAllUrls", "includeHidden")
    refs = ("filter", "filterContains", "includeLinks", "includeStatuses", "includeMyBranches",
            "latestStatusesOnly", "peelTags", "$top", "continuationToken", "projectId")  # fmt: skip
    return (
        *both("GET", "git/repositories", noun.list_all, query=listed),
        *both("POST", "git/repositories", noun.create, action="administer",
              query=("sourceRef",)),
        *both("GET", one, noun.get, query=("includeParent",)),
        *both("PATCH", one, noun.update, action="administer"),
        *both("DELETE", one, noun.delete, action="administer"),
        *both("GET", f"{one}/refs", noun.refs, query=refs),
        *both("POST", f"{one}/refs", noun.update_refs, action="contribute", query=("projectId",)),
        *both("GET", f"{one}/refs/{{filter:path}}", noun.refs, query=refs),
    )  # fmt: skip
