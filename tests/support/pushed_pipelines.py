"""Pipelines whose YAML is pushed to repositories of a store without a server."""

from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.devops import definitions, projects, pushes, repositories
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.pushes import RefMove
from shipway.devops.repositories import Repository
from shipway.devops.repository_contents import Change, NewCommit
from shipway.loop import push
from shipway.loop.push import Accepted
from shipway.store.store import Store

MAIN = "refs/heads/main"


def somebody(store: Store, name: str = "dana") -> Principal:
    users.ensure_demo_users(store)
    return users.principal_of(store, users.get(store, name))


def repository_of(store: Store, name: str, *, project: str = "ml") -> Repository:
    """A repository of a project, both made when they are missing."""
    place = projects.find(store, project) or projects.create(store, name=project)
    return repositories.find(
        store, project_id=place.project_id, name_or_id=name
    ) or repositories.create(store, project_id=place.project_id, name=name)


def put(
    store: Store, repository: Repository, files: dict[str, str], *, ref: str = MAIN,
    comment: str = "a change",
) -> Accepted:  # fmt: skip
    """Push one commit that writes these files."""
    old = pushes.known_refs(store, repository).get(ref, repositories.ZERO)
    parent = old
    if old == repositories.ZERO and ref != MAIN:
        parent = pushes.known_refs(store, repository)[MAIN]
        made = RefMove(ref=ref, old=old, new=parent)
        push.update_refs(store, repository, [made], somebody(store))
        old = parent
    known = {
        path
        for path in files
        if old != repositories.ZERO
        and repositories.read_file(store, repository, version=old, path=path) is not None
    }
    changes = tuple(
        Change(kind="edit" if path in known else "add", path=path, content=text.encode())
        for path, text in files.items()
    )
    commit = NewCommit(comment=comment, changes=changes)
    return push.commit(
        store, repository, ref=ref, old=old, commits=[commit], pusher=somebody(store)
    )


def pipeline_of(
    store: Store, repository: Repository, name: str, *, path: str = "azure-pipelines.yml",
    folder: str = "\\",
) -> PipelineDefinition:  # fmt: skip
    maker = somebody(store)
    return definitions.create(
        store, project_id=repository.project_id, name=name, folder=folder, yaml_path=path,
        repository_id=repository.repository_id, created_by_id=maker.object_id,
        created_by_name=maker.name,
    )  # fmt: skip
