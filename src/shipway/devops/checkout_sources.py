"""Which repository a `checkout` means: the run's own, a resource of the pipeline, or one in place.

Resources have been pinned to a commit when the run was compiled, where the compilation could; the
others are found when they are asked for. Knows: repositories, mirrors. Must not know: agents, HTTP.
Source: https://learn.microsoft.com/azure/devops/pipelines/repos/multi-repo-checkout
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from shipway.azpipelines.plan import JobPlan, RunPlan, StepPlan
from shipway.azpipelines.plan_resources import RepositoryResource
from shipway.base.errors import NotFound, NotSupported
from shipway.devops import (
    github_mirrors,
    pipeline_permissions,
    projects,
    repositories,
    requester_rights,
    run_progress,
    runs,
)
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.store.store import Store

_HOST = "https://dev.azure.com"
_IN_PLACE = re.compile(r"^git://(?P<name>[^@]+)(?:@(?P<ref>.+))?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutSource:
    """What git is told. `mirror` is where `url` really is, for a repository on GitHub."""

    alias: str
    name: str
    repository: Repository
    url: str
    branch: str
    commit: str
    mirror: str = ""

    @property
    def resource_id(self) -> str:
        """The repository as permissions and checks name it."""
        return f"{self.repository.project_id}.{self.repository.repository_id}"


def of(store: Store, run: Run, plan: RunPlan | None, name: str) -> CheckoutSource:
    """The source behind `self`, an alias or `git://PROJECT/REPOSITORY@REF`.

    Raises `NotFound` for a name, branch or tag that is not there, `NotSupported` for a kind of
    repository that is not served here.
    """
    if name.lower() == "self":
        return _own(store, run)
    for one in plan.repositories if plan else ():
        if one.alias.casefold() == name.casefold():
            return _of_resource(store, run, one)
    return _of_resource(store, run, in_place(name))


def in_place(name: str) -> RepositoryResource:
    """The resource that `git://PROJECT/REPOSITORY@REF` stands for. Raises `NotFound`."""
    match = _IN_PLACE.match(name)
    if match is None:
        raise NotFound(
            f"No repository found by name {name}", code="RepositoryNotFound", where="repository",
            hint="Use self, an alias of resources.repositories or git://PROJECT/REPOSITORY@REF.",
        )  # fmt: skip
    return RepositoryResource(alias=name, name=match["name"], ref=match["ref"])


def full_ref(ref: str) -> str:
    """`main` as git names a branch; anything that begins with refs/ stays."""
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"


def named_in(job: JobPlan) -> Iterator[str]:
    """The repositories besides `self` that a job names, as it writes them."""
    yield from job.uses_repositories
    for step in _steps(job):
        name = step.inputs.get("repository", "self") if step.shorthand == "checkout" else "self"
        if name.lower() not in ("self", "none"):
            yield name


def used_by(store: Store, run: Run, plan: RunPlan, job: JobPlan) -> Iterator[CheckoutSource]:
    """The sources that a job may check out; what cannot be found fails where it is needed.

    A name that a variable gives may be any of the pipeline's resources.
    """
    names = list(named_in(job))
    if any("$(" in name or "$[" in name for name in names):
        names += [one.alias for one in plan.repositories]
    for name in names:
        try:
            yield of(store, run, plan, name)
        except (NotFound, NotSupported):
            continue


def is_lent(store: Store, run_id: int, repository_id: str) -> bool:
    """Whether a job of the run may read a repository that is not its own and not of its project.

    It may when the pipeline names the repository and has the permission to use it.
    """
    run = runs.get(store, run_id)
    if not run.plan:
        return False
    plan = run_progress.plan_of(run)
    jobs = [job for stage in plan.stages for job in stage.jobs]
    return any(
        source.repository.repository_id == repository_id
        and pipeline_permissions.is_authorized(
            store, resource_type="repository", resource_id=source.resource_id,
            definition_id=run.definition_id,
            is_seen=requester_rights.sees(store, run, source.repository.project_id),
        )
        for job in jobs
        for source in used_by(store, run, plan, job)
    )  # fmt: skip


def display_name(store: Store, run: Run, plan: RunPlan, step: StepPlan, *, several: bool) -> str:
    """What the agent calls a checkout that has no name of its own."""
    try:
        source = of(store, run, plan, step.inputs.get("repository", "self"))
    except (NotFound, NotSupported):
        return step.display_name
    path = step.inputs.get("path") or ("s/" + clone_directory(source.name) if several else "s")
    return f"Checkout {source.name}@{source.branch.removeprefix('refs/heads/')} to {path}"


def clone_directory(name: str) -> str:
    """The folder that `git clone` would make of a repository's name or address."""
    rest = name.partition("://")[2] or name
    at = rest.rfind("@")
    rest = _without_end(rest[at + 1 :])
    if "/" not in rest:
        rest = re.sub(r":[0-9]*$", "", rest)
    return rest.rpartition("/")[2].rpartition(":")[2]


def _without_end(text: str) -> str:
    text = text.rstrip("/")
    if text.lower().endswith(".git"):
        text = text[:-4]
    return text.rstrip("/")


def _own(store: Store, run: Run) -> CheckoutSource:
    found = repositories.by_id(store, run.repository_id)
    if found is None:
        raise NotFound(
            f"the repository of run {run.run_id} is gone", code="RepositoryNotFound", where="self"
        )
    return _source(store, run, "self", found, branch=run.source_branch, commit=run.source_version)


def _of_resource(store: Store, run: Run, resource: RepositoryResource) -> CheckoutSource:
    found = _find(store, run, resource)
    if found is None:
        raise NotFound(
            f"The repository {resource.name} could not be found. It does not exist or has not "
            "been authorized for use.",
            code="RepositoryNotFound", where=resource.alias,
            hint=github_mirrors.how_to_map(resource.name) if _is_github(resource) else "",
        )  # fmt: skip
    branch = resource.branch or full_ref(resource.ref or found.default_branch)
    commit = resource.commit or repositories.resolve(store, found, branch)
    if commit is None:
        raise NotFound(
            f"Could not get the latest source version for repository {resource.name} hosted on "
            f"{'GitHub' if _is_github(resource) else 'Azure Repos'} using ref {branch}.",
            code="RefNotFound", where=resource.alias,
        )  # fmt: skip
    made = _source(store, run, resource.alias, found, branch=branch, commit=commit)
    given = run.local.repositories if run.local else {}
    # the working tree that stands for it may lie in a repository of any name
    return replace(made, name=resource.name) if resource.alias.lower() in given else made


def _is_github(resource: RepositoryResource) -> bool:
    return resource.type.lower() == "github"


def _find(store: Store, run: Run, resource: RepositoryResource) -> Repository | None:
    if resource.repository_id:
        return repositories.by_id(store, resource.repository_id)
    if _is_github(resource):
        mirror = github_mirrors.find(store, resource.name)
        return github_mirrors.repository_of(store, mirror) if mirror else None
    if resource.type.lower() not in ("git", "tfsgit"):
        raise NotSupported(
            f"repositories of type '{resource.type}' are not served here",
            code="RepositoryTypeNotSupported", where=resource.alias,
            hint="Types git and github are.",
        )  # fmt: skip
    place, _, bare = resource.name.rpartition("/")
    project = projects.find(store, place) if place else None
    if place and project is None:
        return None
    project_id = project.project_id if project else run.project_id
    return repositories.find(store, project_id=project_id, name_or_id=bare)


def _source(
    store: Store, run: Run, alias: str, repository: Repository, *, branch: str, commit: str
) -> CheckoutSource:
    name = repository.name
    if github_mirrors.is_mirror(repository):
        return CheckoutSource(
            alias=alias, name=name, repository=repository, branch=branch, commit=commit,
            url=github_mirrors.url_of(name), mirror=github_mirrors.push_url(name),
        )  # fmt: skip
    project = projects.get(store, repository.project_id)
    url = f"{_HOST}/{projects.ORGANIZATION}/{project.name}/_git/{name}".replace(" ", "%20")
    shown = name if repository.project_id == run.project_id else f"{project.name}/{name}"
    return CheckoutSource(
        alias=alias, name=shown, repository=repository, branch=branch, commit=commit, url=url
    )


def _steps(job: JobPlan) -> Iterator[StepPlan]:
    yield from job.steps
    for hook in job.hooks:
        yield from hook.steps
