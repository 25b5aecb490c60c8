"""Station 1c: a working tree is run as it is, without a push.

The caller leaves each tree as a commit in a repository of its own; it is fetched into the
repository that the pipeline belongs to, under `refs/local/`, where it moves no branch and starts
nothing. The run is told the branch that is checked out, as if it had been pushed there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput, NotFound
from shipway.base.messages import Json
from shipway.devops import definitions, github_mirrors, local_choices, projects, repositories, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.local_choices import LocalChoices, LocalRepository
from shipway.devops.projects import Project
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.loop import push
from shipway.store.store import Store

PROJECT = "local"
"""The project of runs on a server that has no other."""

_AZURE = f"dev.azure.com/{projects.ORGANIZATION}/"
_GITHUB = "github.com/"
_FORBIDDEN = str.maketrans(dict.fromkeys('\\/:*?"<>|;#$,+=[]{}@%&', "-"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A working tree as a commit: `source` is the repository on this machine that holds it.

    `name` is what its repository is called here if it is new; `remotes` are its URLs in git.
    """

    folder: str
    source: Path
    version: str
    branch: str
    name: str
    remotes: tuple[str, ...] = ()
    has_changes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOrder:
    """What is to be run and how. `project` and `pipeline` may be empty."""

    tree: Tree
    path: str
    project: str = ""
    pipeline: str = ""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    others: Mapping[str, Tree] = field(default_factory=dict)


def queue(store: Store, order: LocalOrder, principal: Principal) -> Run:
    """Fetch the trees and queue the run.

    Raises `NotFound` for a project or pipeline that is not there, `GitFailed` with git's words.
    """
    with store.database.transaction():  # two runs at once make one project, not two
        project_id, repository = _place(store, order)
        definition = _definition(store, order, project_id, repository, principal)
    _fetch(store, repository, order.tree)
    others = {
        alias.lower(): _other(store, project_id, tree) for alias, tree in order.others.items()
    }
    variables, secrets = _sorted_out(definition, order)
    choices = LocalChoices(
        folder=order.tree.folder, has_changes=order.tree.has_changes, stages=order.stages,
        jobs=order.jobs, repositories=others, secret_names=tuple(secrets),
    )  # fmt: skip
    with store.database.transaction():
        run = runs.queue_run(
            store, definition=definition, branch=order.tree.branch, version=order.tree.version,
            reason="manual", requested_by=principal, variables=variables,
            parameters=order.parameters, local=choices,
        )  # fmt: skip
        local_choices.keep_secrets(store, run.run_id, secrets)
    return run


def _sorted_out(
    definition: PipelineDefinition, order: LocalOrder
) -> tuple[dict[str, str], dict[str, str]]:
    """The variables and the secrets; what the definition keeps secret stays so, however given."""
    hidden = {name.lower() for name, one in definition.variables.items() if one.is_secret}
    public = {n: v for n, v in order.variables.items() if n.lower() not in hidden}
    secret = {n: v for n, v in order.variables.items() if n.lower() in hidden}
    return public, {**secret, **order.secrets}


def _place(store: Store, order: LocalOrder) -> tuple[str, Repository]:
    """Project and repository that the tree is a clone of; else one of its name in a project."""
    wanted = _project_named(store, order.project) if order.project else None
    for remote in order.tree.remotes:
        repository = _of_remote(store, remote)
        if repository is None:
            continue
        mine = definitions.of_repository(store, repository.repository_id)
        is_mirror = github_mirrors.is_mirror(repository)
        known = [d.project_id for d in mine] if is_mirror else [repository.project_id]
        for project_id in known:
            if wanted is None or wanted.project_id == project_id:
                return project_id, repository
    project = wanted or _only_project(store)
    return project.project_id, _named(store, project.project_id, order.tree.name)


def _of_remote(store: Store, url: str) -> Repository | None:
    """The repository behind a URL of Azure DevOps here, or the mirror of a GitHub one."""
    place = _place_of(url)
    if place.startswith(_AZURE):
        project_name, _, name = place.removeprefix(_AZURE).partition("/_git/")
        project = projects.find(store, project_name)
        if project is None:
            return None
        wanted = name or project_name
        return repositories.find(store, project_id=project.project_id, name_or_id=wanted)
    github = place.removeprefix(_GITHUB).removesuffix(".git")
    if place.startswith(_GITHUB) and github.count("/") == 1:
        mirror = github_mirrors.find(store, github)
        return repositories.by_id(store, mirror.repository_id) if mirror else None
    return None


def _place_of(url: str) -> str:
    """`host/path` of a URL, also of the forms that ssh takes."""
    rest = unquote(url.partition("://")[2] or url).rpartition("@")[2].removesuffix("/")
    for host in ("github.com:", "ssh.dev.azure.com:v3/"):
        if rest.startswith(host):
            rest = rest.replace(":", "/", 1)
    ssh = f"ssh.dev.azure.com/v3/{projects.ORGANIZATION}/"
    if rest.startswith(ssh):
        project, _, name = rest.removeprefix(ssh).partition("/")
        return f"{_AZURE}{project}/_git/{name}"
    return rest


def _project_named(store: Store, name: str) -> Project:
    found = projects.find(store, name)
    if found is None:
        known = ", ".join(one.name for one in projects.list_all(store)) or "none"
        raise NotFound(
            f"there is no project '{name}'", code="ProjectNotFound", where="--project",
            hint=f"Projects here: {known}.",
        )  # fmt: skip
    return found


def _only_project(store: Store) -> Project:
    """The project of a server that has one besides ours; else ours, made when it is needed."""
    found = projects.find(store, PROJECT)
    others = [one for one in projects.list_all(store) if one.name.casefold() != PROJECT]
    if len(others) == 1:
        return others[0]
    return found or projects.create(store, name=PROJECT, description="Runs of working trees")


def _named(store: Store, project_id: str, name: str) -> Repository:
    clean = name.translate(_FORBIDDEN).strip()[:64] or "repository"
    found = repositories.find(store, project_id=project_id, name_or_id=clean)
    return found or repositories.create(store, project_id=project_id, name=clean, is_local=True)


def _other(store: Store, project_id: str, tree: Tree) -> LocalRepository:
    """Another repository's tree; kept in the repository that it is a clone of, if that is here."""
    known = (_of_remote(store, remote) for remote in tree.remotes)
    repository = next((one for one in known if one), None) or _named(store, project_id, tree.name)
    _fetch(store, repository, tree)
    return LocalRepository(
        repository_id=repository.repository_id, version=tree.version, branch=tree.branch
    )


def _definition(
    store: Store, order: LocalOrder, project_id: str, repository: Repository, principal: Principal
) -> PipelineDefinition:
    """The pipeline of this file, with its variables and permissions; else a local one.

    Where several read the file, the one whose branch is checked out.
    """
    everywhere = definitions.of_repository(store, repository.repository_id)
    mine = [d for d in everywhere if d.project_id == project_id]
    if order.pipeline:
        named = [d for d in mine if d.name.casefold() == order.pipeline.casefold()]
        if not named:
            raise NotFound(
                f"no pipeline of the repository '{repository.name}' is called '{order.pipeline}'",
                code="PipelineNotFound", where="--pipeline",
                hint=f"Pipelines: {', '.join(d.name for d in mine) or 'none'}.",
            )  # fmt: skip
        return _reading(named[0], order.path)
    same = [d for d in mine if d.yaml_path.casefold() == order.path.casefold()]
    same.sort(key=lambda d: (d.default_branch != order.tree.branch, d.definition_id))
    if same:
        return same[0]
    return _local_definition(store, order, project_id, repository, principal)


def _reading(definition: PipelineDefinition, path: str) -> PipelineDefinition:
    if definition.yaml_path != path:
        raise BadInput(
            f"the pipeline '{definition.name}' reads {definition.yaml_path}, not {path}",
            code="PipelineOfAnotherFile", where="--pipeline",
            hint=f"Run {definition.yaml_path}, or leave out --pipeline.",
        )  # fmt: skip
    return definition


def _local_definition(
    store: Store, order: LocalOrder, project_id: str, repository: Repository, principal: Principal
) -> PipelineDefinition:
    folders, _, name = order.path.rpartition("/")
    folder = "\\".join(("", PROJECT, repository.name, *filter(None, folders.split("/"))))
    name = name.translate(_FORBIDDEN)
    for one in definitions.list_of(store, project_id=project_id):
        if (one.is_local, one.folder, one.name.casefold()) == (True, folder, name.casefold()):
            return one
    return definitions.create(
        store, project_id=project_id, name=name, folder=folder, is_local=True,
        repository_id=repository.repository_id, yaml_path=order.path,
        default_branch=order.tree.branch, created_by_id=principal.object_id,
        created_by_name=principal.name,
    )  # fmt: skip


def _fetch(store: Store, repository: Repository, tree: Tree) -> None:
    """Bring the commit and what leads to it; refs that no client is shown keep it."""
    target = f"{push.LOCAL_REFS}{tree.version}"
    with push.one_at_a_time(store, repository):
        repositories.git(store, repository, ["config", "transfer.hideRefs", "refs/local"])
        repositories.git(
            store, repository,
            ["fetch", "--quiet", "--no-tags", "--update-shallow", "--no-write-fetch-head",
             "--", str(tree.source), f"+{tree.version}:{target}"],
        )  # fmt: skip
