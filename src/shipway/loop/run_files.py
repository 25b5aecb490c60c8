"""The files that the compilation of a run may read: its own commit, and repositories it names.

A repository of type git is one of this organization, one of GitHub its mirror here. Each is read
at the commit that its branch or tag has now; the plan keeps which that was.
"""

from dataclasses import replace

from shipway.azpipelines.expand.includes import SELF, FileMissing, RepositoryMissing
from shipway.azpipelines.plan_resources import RepositoryResource
from shipway.devops import (
    github_mirrors,
    pipeline_permissions,
    projects,
    repositories,
    requester_rights,
    service_connections,
)
from shipway.devops.repositories import Repository
from shipway.devops.runs import RepositoryChoice, Run
from shipway.store.store import Store

_GITHUB = ("github", "githubenterprise")


class RunFiles:
    """Files for the compiler, by the alias of their repository."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self._run = run
        self._located: dict[str, RepositoryResource] = {}

    def locate(self, repository: RepositoryResource) -> RepositoryResource:
        """The repository with its id, branch and commit; without a commit when it has no such ref.

        A repository of GitHub that has no mirror here is no error until a file of it is read.
        Raises `RepositoryMissing` in the service's words.
        """
        found = self._of_working_tree(repository) or self._of_server(repository)
        self._located[repository.alias.lower()] = found
        return found

    def read(self, repository_alias: str, path: str) -> bytes:
        """The content of a file. Raises `FileMissing` or `RepositoryMissing`."""
        if repository_alias == SELF:
            own = repositories.by_id(self._store, self._run.repository_id)
            if own is None:
                raise RepositoryMissing("The repository of the pipeline is not there any more.")
            return self._content(own, path, self._run.source_branch, self._run.source_version)
        resource = self._located.get(repository_alias.lower())
        if resource is None:
            raise RepositoryMissing(f"No repository found by name {repository_alias}")
        if resource.repository_id is None:
            raise RepositoryMissing(_not_here(resource))
        found = repositories.by_id(self._store, resource.repository_id)
        if found is None or resource.commit is None:
            raise RepositoryMissing(_no_version(resource))
        return self._content(found, path, resource.branch or "", resource.commit)

    def _of_working_tree(self, resource: RepositoryResource) -> RepositoryResource | None:
        """The tree that the caller of a local run gave for the alias."""
        given = self._run.local.repositories if self._run.local else {}
        tree = given.get(resource.alias.lower())
        if tree is None:
            return None
        return replace(
            resource, repository_id=tree.repository_id, branch=tree.branch, commit=tree.version
        )

    def _of_server(self, resource: RepositoryResource) -> RepositoryResource:
        if resource.type in _GITHUB:
            self._check_endpoint(resource)
            mirror = github_mirrors.find(self._store, resource.name)
            found = repositories.by_id(self._store, mirror.repository_id) if mirror else None
        elif resource.type == "git":
            found = self._of_organization(resource)
        else:
            found = None
        if found is None:
            return resource
        chosen = self._run.repository_choices.get(resource.alias.lower(), RepositoryChoice())
        ref = chosen.ref or resource.ref
        branch = full_ref(ref) if ref else found.default_branch
        commit = repositories.resolve(self._store, found, chosen.version or branch)
        told = self._run.trigger_info
        if told.get("ci.triggerRepository") == found.repository_id != self._run.repository_id:
            # the push to it that started the run
            branch, commit = told["ci.sourceBranch"], told["ci.sourceSha"]
        return replace(resource, repository_id=found.repository_id, branch=branch, commit=commit)

    def _of_organization(self, resource: RepositoryResource) -> Repository:
        place, _, name = resource.name.rpartition("/")
        project = projects.find(self._store, place) if place else None
        if place and project is None:
            raise RepositoryMissing(
                f"TF200016: The following project does not exist: {place}. Verify that the name "
                "of the project is correct and that the project exists on the specified Azure "
                "DevOps Server."
            )
        project_id = project.project_id if project else self._run.project_id
        found = repositories.find(self._store, project_id=project_id, name_or_id=name)
        if found is None or not self._may_read(found):
            raise RepositoryMissing(
                f"The repository {name} in project {project_id} could not be retrieved. Verify "
                "the name and credentials being used and permissions."
            )
        return found

    def _may_read(self, repository: Repository) -> bool:
        """Whether who asked for the run sees another project's repository, or it is lent.

        What is read here is shown by previews and runs, also to who does not see that project.
        """
        if requester_rights.sees(self._store, self._run, repository.project_id):
            return True
        return pipeline_permissions.is_authorized(
            self._store, resource_type="repository", definition_id=self._run.definition_id,
            is_seen=False,
            resource_id=f"{repository.project_id}.{repository.repository_id}",
        )  # fmt: skip

    def _check_endpoint(self, resource: RepositoryResource) -> None:
        if not resource.endpoint or "$(" in resource.endpoint:
            return
        found = service_connections.find(
            self._store, project_id=self._run.project_id, name_or_id=resource.endpoint
        )
        if found is None:
            raise RepositoryMissing(
                f"Repository {resource.alias} references endpoint {resource.endpoint} which does "
                "not exist or is not authorized for use"
            )

    def _content(self, repository: Repository, path: str, branch: str, version: str) -> bytes:
        content = repositories.read_file(self._store, repository, version=version, path=path)
        if content is None:
            raise FileMissing(
                f"File /{path.lstrip('/')} not found in repository {self._url(repository)} "
                f"branch {branch} version {version}."
            )
        return content

    def _url(self, repository: Repository) -> str:
        """Where the repository lies, as the service prints it."""
        if github_mirrors.is_mirror(repository):
            return github_mirrors.url_of(repository.name)
        project = projects.find(self._store, repository.project_id)
        name = project.name if project else repository.project_id
        place = f"https://dev.azure.com/{projects.ORGANIZATION}/{name}/_git/{repository.name}"
        return place.replace(" ", "%20")


def full_ref(ref: str) -> str:
    """`main` is a branch; what begins with `refs/` stays as it is."""
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"


def _no_version(resource: RepositoryResource) -> str:
    name, host = resource.name, "https://github.com/"
    if resource.type == "git":
        name, host = resource.name.rpartition("/")[2], "Azure Repos"
    return (
        f"Could not get the latest source version for repository {name} hosted on {host} using "
        f"ref {resource.branch}."
    )


def _not_here(resource: RepositoryResource) -> str:
    if resource.type in _GITHUB:
        how = github_mirrors.how_to_map(resource.name)
        return f"The GitHub repository '{resource.name}' has no mirror here. {how}"
    return f"The repository '{resource.name}' of type {resource.type} cannot be read here."
