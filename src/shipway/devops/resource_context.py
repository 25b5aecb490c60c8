"""`resources` in the runtime expressions of a run: its repositories and containers.

Runs of other pipelines are not here: they are variables (`resources.pipeline.<alias>.runID`).
Names of aliases and fields ignore case; what is missing is null.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/resources#repository-resource-variables
"""

from collections.abc import Mapping

from shipway.azpipelines.expand.scope import IgnoreCase
from shipway.azpipelines.expr.values import Value
from shipway.azpipelines.plan import RunPlan
from shipway.azpipelines.plan_resources import ContainerPlan, RepositoryResource
from shipway.devops import github_mirrors, projects, repositories
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.store.store import Store

_HOST = "dev.azure.com"


def of(store: Store, run: Run, plan: RunPlan) -> Value:
    """The value of `resources`."""
    own = repositories.by_id(store, run.repository_id)
    found: dict[str, Value] = {}
    if own is not None:
        found["self"] = _fields(store, own, ref=run.source_branch, kind=_kind(own),
                                version=run.source_version)  # fmt: skip
    for one in plan.repositories:
        found[one.alias] = _declared(store, one)
    containers: dict[str, Value] = {one.alias or "": _container(one) for one in plan.containers}
    return IgnoreCase({"repositories": IgnoreCase(found), "containers": IgnoreCase(containers)})


def url_of(store: Store, repository: Repository) -> str:
    """Where a repository is, as pipelines see it."""
    if github_mirrors.is_mirror(repository):
        return github_mirrors.url_of(repository.name)
    project = projects.get(store, repository.project_id)
    # the name of the organization stands before the host, as the service writes it
    place = f"https://{projects.ORGANIZATION}@{_HOST}/{projects.ORGANIZATION}/{project.name}"
    return f"{place}/_git/{repository.name}".replace(" ", "%20")


def _declared(store: Store, resource: RepositoryResource) -> Value:
    """A repository of the YAML; its type stays as it was written."""
    known = repositories.by_id(store, resource.repository_id) if resource.repository_id else None
    ref, version = resource.branch or resource.ref or "", resource.commit or ""
    if known is None:
        return _row(key="", name=resource.name, ref=ref, kind=resource.type, url="",
                    version=version)  # fmt: skip
    return _fields(store, known, ref=ref, kind=resource.type, version=version)


def _fields(store: Store, found: Repository, *, ref: str, kind: str, version: str) -> Value:
    key = found.name if github_mirrors.is_mirror(found) else found.repository_id
    return _row(key=key, name=found.name, ref=ref, kind=kind, url=url_of(store, found),
                version=version)  # fmt: skip


def _row(*, key: str, name: str, ref: str, kind: str, url: str, version: str) -> Value:
    return IgnoreCase(
        {"id": key, "name": name, "ref": ref, "type": kind, "url": url, "version": version}
    )


def _kind(own: Repository) -> str:
    return "GitHub" if github_mirrors.is_mirror(own) else "Git"


def _container(one: ContainerPlan) -> Value:
    env: Mapping[str, Value] = dict(one.env)
    return IgnoreCase(
        {
            "environment": env or None,
            "mapDockerSocket": one.map_docker_socket,
            "image": one.image,
            "options": one.options or None,
            "volumes": list(one.volumes) or None,
            "ports": list(one.ports) or None,
        }
    )
