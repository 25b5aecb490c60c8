"""The repository of a build definition: one of the project's, or GitHub's by its name.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/definitions/create#buildrepository
"""

from dataclasses import dataclass
from typing import Any

from shipway.base.errors import BadInput
from shipway.devops import github_mirrors, repositories, run_progress, service_connections
from shipway.devops.definitions import GithubRepository, PipelineDefinition
from shipway.devops.projects import Project
from shipway.devops.runs import Run
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.fields import Fields
from shipway.wire.http import Request

_TYPES = ("TfsGit", "GitHub")
_PIPELINE_TYPES = ("azureReposGit", "gitHub")
_CONNECTION = "connectedServiceId"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRepository:
    """What a definition needs to know; `default_branch` is the repository's own."""

    repository_id: str
    default_branch: str
    github: GithubRepository | None = None


def read(store: Store, project: Project, body: Fields) -> BuildRepository:
    """`repository` of a build definition. Raises `NotFound`, `BadInput`."""
    if body.choice("type", _TYPES, "TfsGit") == "TfsGit":
        return _azure_repos(store, project, body)
    return _github(
        store, project, name=body.text("id", body.text("name", "") or None),
        url=body.text("url", ""), properties=body.flat("properties"), where=body.path,
    )  # fmt: skip


def read_of_pipeline(store: Store, project: Project, body: Fields) -> BuildRepository:
    """`configuration.repository` of a pipeline. Raises `NotFound`, `BadInput`."""
    if body.choice("type", _PIPELINE_TYPES, "azureReposGit") == "azureReposGit":
        return _azure_repos(store, project, body)
    connection = body.child("connection").text("id", "")
    return _github(
        store, project, name=body.text("fullName", body.text("name", "") or None), url="",
        properties={_CONNECTION: connection}, where=body.path,
    )  # fmt: skip


def shape(
    store: Store, request: Request, project: Project, definition: PipelineDefinition
) -> dict[str, Any]:
    """`BuildRepository`."""
    common = {"defaultBranch": definition.default_branch, "clean": None,
              "checkoutSubmodules": False}  # fmt: skip
    if github := definition.github:
        return common | {
            "id": github.name, "type": "GitHub", "name": github.name, "url": github.url,
            "properties": dict(github.properties),
        }  # fmt: skip
    found = repositories.by_id(store, definition.repository_id)
    name = found.name if found else ""
    place = f"{shapes.base_url(request)}/{shapes.quoted(project.name)}"
    return common | {
        "id": definition.repository_id, "type": "TfsGit", "name": name,
        "url": f"{place}/_git/{shapes.quoted(name)}", "properties": {},
    }  # fmt: skip


def shape_of_pipeline(definition: PipelineDefinition) -> dict[str, Any]:
    """`configuration.repository` of a pipeline."""
    if github := definition.github:
        return {
            "fullName": github.name, "type": "gitHub",
            "connection": {"id": github.properties.get(_CONNECTION, "")},
        }  # fmt: skip
    return {"id": definition.repository_id, "type": "azureReposGit"}


def shape_of_run(store: Store, run: Run) -> dict[str, Any]:
    """`resources.repositories.self.repository` of a run."""
    found = repositories.by_id(store, run.repository_id)
    if found is not None and github_mirrors.is_mirror(found):
        return {"fullName": found.name, "type": "gitHub"}
    return {"id": run.repository_id, "type": "azureReposGit"}


def others_of_run(store: Store, run: Run) -> dict[str, Any]:
    """`resources.repositories` of a run but `self`, by alias: those whose commit is known."""
    plan = run_progress.plan_of(run) if run.plan else None
    shown = {}
    for one in plan.repositories if plan else ():
        found = repositories.by_id(store, one.repository_id or "")
        if found is None or one.commit is None:
            continue
        repository = {"id": found.repository_id, "type": "azureReposGit"}
        if github_mirrors.is_mirror(found):
            repository = {"fullName": found.name, "type": "gitHub"}
        shown[one.alias] = {
            "repository": repository, "refName": one.branch, "version": one.commit,
        }  # fmt: skip
    return shown


def matches(request: Request, definition: PipelineDefinition) -> bool:
    """Whether a definition is of the `repositoryId` (and type) that a list was asked for."""
    own = definition.github.name if definition.github else definition.repository_id
    kind = "GitHub" if definition.github else "TfsGit"
    return (
        request.arg("repositoryId", own).casefold() == own.casefold()
        and request.arg("repositoryType", kind).casefold() == kind.casefold()
    )


def _azure_repos(store: Store, project: Project, body: Fields) -> BuildRepository:
    asked = body.text("id", body.text("name", "") or None)
    found = repositories.get(store, project_id=project.project_id, name_or_id=asked)
    return BuildRepository(repository_id=found.repository_id, default_branch=found.default_branch)


def _github(
    store: Store, project: Project, *, name: str, url: str, properties: dict[str, str], where: str
) -> BuildRepository:
    clean = github_mirrors.clean_name(name)
    connection_id = properties.get(_CONNECTION, "")
    connection = connection_id and service_connections.find(
        store, project_id=project.project_id, name_or_id=connection_id
    )
    if not connection or not connection.kind.casefold().startswith("github"):
        said = f"'{connection_id}' is none" if connection_id else "none was given"
        raise BadInput(
            f"the GitHub repository '{clean}' needs a service connection of type GitHub: {said}",
            code="RepositoryInformationInvalidException", where=f"{where}.properties",
            hint=f"Make one and give its id as '{_CONNECTION}'.",
        )  # fmt: skip
    mapped = github_mirrors.find(store, clean)
    default = github_mirrors.repository_of(store, mapped).default_branch if mapped else ""
    return BuildRepository(
        repository_id=github_mirrors.repository_id(clean),
        default_branch=default or "refs/heads/main",
        github=GithubRepository(
            name=clean, url=url or f"{github_mirrors.url_of(clean)}.git", properties=properties
        ),
    )
