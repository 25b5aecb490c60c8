"""Smart HTTP of the mirrors of GitHub repositories: the same git, another place.

`https://dev.azure.com/{organization}/github.com/{owner}/_git/{mirror}`: a place of shipway's
own below an Azure name, since github.com itself never leads here. Who reads a project whose
definitions name the repository reads its mirror; without such a project, who administers the
organization.
"""

from shipway.base.errors import Forbidden, NotFound
from shipway.devops import checkout_sources, definitions, github_mirrors, members, projects, runs
from shipway.devops.github_mirrors import GithubMirror
from shipway.devops.projects import Project
from shipway.devops.repositories import Repository
from shipway.store.store import Store
from shipway.wire.devops import rights
from shipway.wire.devops.git import GitHttp, is_fetch
from shipway.wire.http import Request, Route

_DOC = "https://git-scm.com/docs/http-protocol"


class GithubGitHttp(GitHttp):
    """The handlers of `GitHttp`, on mirrors."""

    def _repository(self, request: Request) -> tuple[Project, Repository]:
        mirror = self._mirror(request)
        repository = github_mirrors.repository_of(self._store, mirror)
        # a mirror is of no project; the answer to a push links to runs of the first that uses it
        users = definitions.of_repository(self._store, mirror.repository_id)
        if users:
            return projects.get(self._store, users[0].project_id), repository
        now = repository.created_at
        place = Project(project_id=repository.project_id, name=mirror.name, created_at=now,
                        updated_at=now)  # fmt: skip
        return place, repository

    def _mirror(self, request: Request) -> GithubMirror:
        """The mirror that the path names. Raises `NotFound` also for one that is not shown."""
        name = f"{request.params['owner']}/{request.params['mirror'].removesuffix('.git')}"
        mirror = github_mirrors.find(self._store, name)
        if mirror is not None:
            self._stay_with_run(request, mirror)
            if request.principal.run_id or self._sees(request, mirror):
                return mirror
        raise NotFound(
            f"the GitHub repository '{name[:200]}' is not mapped, or you do not have permission "
            "to access it.",
            where=name[:200], code="GitHubRepositoryNotMapped",
            hint=github_mirrors.how_to_map(name[:200]),
        )  # fmt: skip

    def _sees(self, request: Request, mirror: GithubMirror) -> bool:
        users = definitions.of_repository(self._store, mirror.repository_id)
        return members.may(self._store, request.principal, "organize") or any(
            rights.sees(self._store, request, project_id)
            for project_id in {user.project_id for user in users}
        )

    def _stay_with_run(self, request: Request, mirror: GithubMirror) -> None:
        """A job's token reads the repository of its run, and what the pipeline checks out."""
        number = request.principal.run_id
        if not number or runs.get(self._store, number).repository_id == mirror.repository_id:
            return
        lent = checkout_sources.is_lent(self._store, number, mirror.repository_id)
        if not (lent and is_fetch(request)):
            raise Forbidden(
                f"the access token of run {number} is limited to its own repository, not "
                f"'{mirror.name}'",
                code="AccessDeniedException", where=mirror.name,
            )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """What git asks for."""
    handlers = GithubGitHttp(store)
    base = f"/{{organization}}/{github_mirrors.PLACE}/{{owner}}/_git/{{mirror}}"
    return (
        Route(method="GET", pattern=f"{base}/info/refs", handler=handlers.advertise,
              action="read", query=("service",), doc=_DOC),
        Route(method="POST", pattern=f"{base}/git-upload-pack", handler=handlers.fetch,
              action="read", query=(), doc=_DOC),
        Route(method="POST", pattern=f"{base}/git-receive-pack", handler=handlers.receive,
              action="read", query=(), doc=_DOC),
    )  # fmt: skip
