"""Pipeline definitions: a repository, the path of a YAML file in it, and what overrides the file.

Knows: documents, secrets. Must not know: HTTP, how YAML is read.
"""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import agent_pools, rows
from shipway.store.store import Store

_KIND = "pipeline_definition"
QueueStatus = Literal["enabled", "paused", "disabled"]
# kept as it was said: a job's token is of its project, as where the organization limits the scope
JobScope = Literal["project", "projectCollection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionVariable:
    """A variable of a definition. A secret's value lies in the secrets, `value` is empty then."""

    value: str = ""
    is_secret: bool = False
    allow_override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerOverride:
    """Filters set on the definition that take the place of the YAML's `trigger`.

    Each filter is `+refs/heads/main` or `-docs/`, in their order, as Azure stores them.
    `enabled` False: no continuous integration at all.
    """

    branch_filters: tuple[str, ...] = ("+refs/heads/*",)
    path_filters: tuple[str, ...] = ()
    batch_changes: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestTrigger:
    """That the YAML's `pr` counts for a repository on GitHub; kept as it was sent, since no pull
    request of GitHub comes here."""

    branch_filters: tuple[str, ...] = ()
    forks_build: bool = False
    forks_get_secrets: bool = False
    needs_comment: bool = False
    needs_comment_of_others_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubRepository:
    """What a definition of repository type GitHub says of its repository.

    `name` is OWNER/NAME; `properties` are kept as they were sent (`connectedServiceId`, ...).
    """

    name: str
    url: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineDefinition:
    """A pipeline of a project. `trigger_override` None: the YAML's own trigger counts.

    With `github`, `repository_id` is that of the mirror, which may not be there yet. A local one
    was made for runs of working trees: no push, schedule or other pipeline starts it.
    """

    definition_id: int
    project_id: str
    name: str
    folder: str = "\\"
    repository_id: str
    github: GithubRepository | None = None
    yaml_path: str = "azure-pipelines.yml"
    default_branch: str = "refs/heads/main"
    queue_status: QueueStatus = "enabled"
    queue_number: int = agent_pools.HOSTED
    job_authorization_scope: JobScope = "projectCollection"
    trigger_override: TriggerOverride | None = None
    pull_request_trigger: PullRequestTrigger | None = None
    variables: Mapping[str, DefinitionVariable] = field(default_factory=dict)
    variable_group_ids: tuple[int, ...] = ()
    revision: int = 1
    is_local: bool = False
    created_by_id: str = ""
    created_by_name: str = ""
    created_at: datetime
    updated_at: datetime


def create(  # noqa: PLR0913  # one argument for each field that a client may set
    store: Store,
    *,
    project_id: str,
    name: str,
    repository_id: str,
    github: GithubRepository | None = None,
    yaml_path: str = "azure-pipelines.yml",
    default_branch: str = "refs/heads/main",
    folder: str = "\\",
    trigger_override: TriggerOverride | None = None,
    pull_request_trigger: PullRequestTrigger | None = None,
    variables: Mapping[str, DefinitionVariable] | None = None,
    variable_group_ids: tuple[int, ...] = (),
    queue_status: QueueStatus = "enabled",
    queue_number: int = agent_pools.HOSTED,
    job_authorization_scope: JobScope = "projectCollection",
    is_local: bool = False,
    created_by_id: str = "",
    created_by_name: str = "",
) -> PipelineDefinition:
    """A new definition. Values of secret variables go to the secrets.

    Raises `BadInput` for its name or path, `Conflict` when folder and name are taken.
    """
    now = store.clock.now()
    with store.database.transaction():
        made = PipelineDefinition(
            definition_id=store.documents.next_number(_KIND), project_id=project_id, name=name,
            folder=_folder(folder), repository_id=repository_id, github=github,
            yaml_path=yaml_path.lstrip("/"), default_branch=full_branch(default_branch),
            queue_status=queue_status, queue_number=queue_number,
            job_authorization_scope=job_authorization_scope,
            trigger_override=trigger_override, pull_request_trigger=pull_request_trigger,
            variables=variables or {}, variable_group_ids=variable_group_ids,
            is_local=is_local, created_by_id=created_by_id, created_by_name=created_by_name,
            created_at=now, updated_at=now,
        )  # fmt: skip
        return _save(store, made)


def replace_definition(store: Store, definition: PipelineDefinition) -> PipelineDefinition:
    """Store a changed definition with the next revision.

    A secret variable with an empty value keeps its secret. Raises as `create`, and `NotFound`.
    """
    with store.database.transaction():
        before = get(store, project_id=definition.project_id,
                     definition_id=definition.definition_id)  # fmt: skip
        gone = set(before.variables) - set(definition.variables)
        for name in gone:
            store.secrets.delete(_secret(before.definition_id, name))
        after = replace(
            definition, revision=before.revision + 1, updated_at=store.clock.now(),
            folder=_folder(definition.folder),
        )  # fmt: skip
        return _save(store, after)


def find(store: Store, definition_id: int) -> PipelineDefinition | None:
    """The definition of any project, or None."""
    found = store.documents.find(_KIND, _key(definition_id))
    return rows.read(PipelineDefinition, found.body) if found else None


def get(store: Store, *, project_id: str, definition_id: int) -> PipelineDefinition:
    """The definition. Raises `NotFound` in Azure's words."""
    found = find(store, definition_id)
    if found is None or found.project_id != project_id:
        known = ", ".join(
            f"{d.definition_id} {d.name}" for d in list_of(store, project_id=project_id)
        )
        raise NotFound(
            f"The pipeline with id {definition_id} was not found",
            code="DefinitionNotFoundException", where=str(definition_id),
            hint=f"Pipelines of this project: {known or 'none'}.",
        )  # fmt: skip
    return found


def list_of(store: Store, *, project_id: str) -> list[PipelineDefinition]:
    """All definitions of a project by id."""
    return [d for d in _all(store) if d.project_id == project_id]


def list_everywhere(store: Store) -> list[PipelineDefinition]:
    """The definitions of every project by id."""
    return _all(store)


def of_repository(store: Store, repository_id: str) -> list[PipelineDefinition]:
    """The definitions that read their YAML from a repository, by id; without local ones."""
    return [d for d in _all(store) if d.repository_id == repository_id and not d.is_local]


def delete(store: Store, *, project_id: str, definition_id: int) -> None:
    """Remove a definition and its secrets; its runs stay. Raises `NotFound`."""
    with store.database.transaction():
        found = get(store, project_id=project_id, definition_id=definition_id)
        for name in found.variables:
            store.secrets.delete(_secret(definition_id, name))
        store.documents.delete(_KIND, _key(definition_id))


def values_of(store: Store, definition: PipelineDefinition) -> dict[str, DefinitionVariable]:
    """The variables with the secrets' values filled in; for the agent only."""
    return {
        name: replace(
            v, value=store.secrets.find(_secret(definition.definition_id, name)) or ""
        ) if v.is_secret else v
        for name, v in definition.variables.items()
    }  # fmt: skip


def full_branch(name: str) -> str:
    """`refs/heads/main` of `main`."""
    return name if name.startswith("refs/") else f"refs/heads/{name}"


def _all(store: Store) -> list[PipelineDefinition]:
    return [rows.read(PipelineDefinition, d.body) for d in store.documents.list(_KIND)]


def _save(store: Store, definition: PipelineDefinition) -> PipelineDefinition:
    _check(store, definition)
    kept: dict[str, DefinitionVariable] = {}
    for name, variable in definition.variables.items():
        if variable.is_secret and variable.value:
            store.secrets.put(_secret(definition.definition_id, name), variable.value)
        elif not variable.is_secret:
            store.secrets.delete(_secret(definition.definition_id, name))
        kept[name] = replace(variable, value="") if variable.is_secret else variable
    clean = replace(definition, variables=kept)
    store.documents.put(_KIND, _key(clean.definition_id), rows.body_of(clean))
    return clean


def _check(store: Store, definition: PipelineDefinition) -> None:
    name, path = definition.name, definition.yaml_path
    if not name.strip() or len(name) > 260 or any(c in name for c in '\\/:*?"<>|;#$,+=[]{}@'):
        raise BadInput(
            f"the pipeline name '{name}' is not valid", code="InvalidDefinitionException",
            where="name", hint='Names have none of \\ / : * ? " < > | ; # $ , + = [ ] { } @.',
        )  # fmt: skip
    if not path or ".." in path.split("/") or "\x00" in path:
        raise BadInput(
            f"the YAML path '{path}' is not a path inside the repository",
            code="InvalidDefinitionException", where="yamlFilename",
            hint="Give it from the root of the repository, such as azure-pipelines.yml.",
        )  # fmt: skip
    for other in list_of(store, project_id=definition.project_id):
        same = (other.name.casefold(), other.folder) == (name.casefold(), definition.folder)
        if same and other.definition_id != definition.definition_id:
            raise Conflict(
                f"Build definition {name} already exists in folder {definition.folder}.",
                code="DefinitionExistsException", where=name,
                hint="Choose another name or folder.",
            )  # fmt: skip


def _folder(folder: str) -> str:
    clean = "\\".join(p for p in folder.replace("/", "\\").split("\\") if p)
    return f"\\{clean}"


def _secret(definition_id: int, name: str) -> str:
    return f"definition/{definition_id}/{name.lower()}"


def _key(definition_id: int) -> str:
    return f"{definition_id:010}"


def matches_name(definition: PipelineDefinition, pattern: str) -> bool:
    """Whether the name fits a pattern with `*`, whatever the letter case."""
    return fnmatch.fnmatchcase(definition.name.casefold(), pattern.casefold())
