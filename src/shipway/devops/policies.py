"""Branch policies of a project: what has to hold before a branch may move, and on which branches.

Each change is a revision of its own; deleting keeps the record. Knows: documents, definitions,
repositories. Must not know: HTTP, pull requests (`devops/policy_evaluations.py`).
Source: https://learn.microsoft.com/azure/devops/repos/git/branch-policies
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shipway.base.errors import BadInput, NotFound
from shipway.base.messages import Json
from shipway.devops import definitions, policy_types, repositories, rows
from shipway.devops.policy_types import PolicyType
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester
from shipway.store.store import Store

_KIND = "policy_configuration"
_REVISION = "policy_configuration_revision"
_HEADS = "refs/heads/"

MatchKind = Literal["Exact", "Prefix", "DefaultBranch"]
# Exact          the branch of that name
# Prefix         every branch in that folder, and one of the very name
# DefaultBranch  whatever branch a repository has as its default


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a policy holds; empty `repository_id`: in every repository of the project, empty
    `ref`: on every branch."""

    repository_id: str = ""
    ref: str = ""
    match_kind: MatchKind = "Exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy configuration. One that is not blocking is shown and never stands in the way."""

    configuration_id: int
    project_id: str
    type_id: str
    is_enabled: bool = True
    is_blocking: bool = True
    is_deleted: bool = False
    revision: int = 1
    scopes: tuple[Scope, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)
    created_by: Requester
    created_at: datetime

    @property
    def kind(self) -> PolicyType:
        """Its type."""
        return policy_types.get(self.type_id)

    @property
    def name(self) -> str:
        """What a person is shown: the display name where it has one."""
        return str(self.settings.get("displayName") or self.kind.name)

    def number(self, setting: str) -> int:
        """A setting that is a whole number."""
        value = self.settings.get(setting)
        return value if isinstance(value, int) else 0

    def is_set(self, setting: str) -> bool:
        """A setting that is a boolean."""
        return self.settings.get(setting) is True

    def texts(self, setting: str) -> tuple[str, ...]:
        """A setting that is a list of texts."""
        value = self.settings.get(setting)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyContent:
    """What a client may say of a policy."""

    type_id: str
    is_enabled: bool
    is_blocking: bool
    scopes: tuple[Scope, ...]
    settings: Mapping[str, Json]


def create(store: Store, *, project_id: str, content: PolicyContent, by: Requester) -> Policy:
    """A new policy. Raises `BadInput` and `NotSupported` for what its type does not have."""
    settings = _checked(store, project_id, content)
    with store.database.transaction():
        made = Policy(
            configuration_id=store.documents.next_number(_KIND), project_id=project_id,
            type_id=content.type_id.lower(), is_enabled=content.is_enabled,
            is_blocking=content.is_blocking, scopes=content.scopes, settings=settings,
            created_by=by, created_at=store.clock.now(),
        )  # fmt: skip
        return _save(store, made)


def update(
    store: Store, *, project_id: str, configuration_id: int, content: PolicyContent, by: Requester
) -> Policy:
    """The next revision. Raises as `create`, `NotFound`, and `BadInput` for another type."""
    settings = _checked(store, project_id, content)
    with store.database.transaction():
        before = get(store, project_id=project_id, configuration_id=configuration_id)
        if before.is_deleted:
            raise _absent(configuration_id)
        if before.type_id != content.type_id.lower():
            raise BadInput(
                f"the policy {configuration_id} is of the type '{before.kind.name}' and stays so",
                code="PolicyTypeCannotBeChangedException", where="type.id",
                hint="Delete it and make another one.",
            )  # fmt: skip
        after = replace(
            before, is_enabled=content.is_enabled, is_blocking=content.is_blocking,
            scopes=content.scopes, settings=settings, revision=before.revision + 1,
            created_by=by, created_at=store.clock.now(),
        )  # fmt: skip
        return _save(store, after)


def delete(store: Store, *, project_id: str, configuration_id: int) -> None:
    """Mark it as deleted; it no longer holds. Raises `NotFound`."""
    with store.database.transaction():
        before = get(store, project_id=project_id, configuration_id=configuration_id)
        if before.is_deleted:
            raise _absent(configuration_id)
        _save(store, replace(before, is_deleted=True, revision=before.revision + 1))


def get(store: Store, *, project_id: str, configuration_id: int) -> Policy:
    """The policy, also a deleted one. Raises `NotFound`."""
    found = store.documents.find(_KIND, _key(project_id, configuration_id))
    if found is None:
        raise _absent(configuration_id)
    return rows.read(Policy, found.body)


def list_of(store: Store, *, project_id: str) -> list[Policy]:
    """The policies of a project that are not deleted, oldest first."""
    found = store.documents.list(_KIND, prefix=f"{project_id}/")
    listed = (rows.read(Policy, d.body) for d in found)
    return [p for p in listed if not p.is_deleted]


def revisions_of(store: Store, *, project_id: str, configuration_id: int) -> list[Policy]:
    """Every revision, newest first. Raises `NotFound`."""
    get(store, project_id=project_id, configuration_id=configuration_id)
    prefix = f"{_key(project_id, configuration_id)}/"
    found = store.documents.list(_REVISION, prefix=prefix)
    return [rows.read(Policy, d.body) for d in reversed(found)]


def of_branch(store: Store, repository: Repository, ref: str) -> list[Policy]:
    """The enabled policies that hold on a branch."""
    listed = list_of(store, project_id=repository.project_id)
    return [p for p in listed if p.is_enabled and holds_on(p, repository, ref)]


def holds_on(policy: Policy, repository: Repository, ref: str) -> bool:
    """Whether a policy's scope has a branch in it."""
    return any(_matches(scope, repository, ref) for scope in policy.scopes)


def is_protected(store: Store, repository: Repository, ref: str) -> bool:
    """Whether a branch may move by pull requests only: a blocking policy holds on it."""
    return any(p.is_blocking for p in of_branch(store, repository, ref))


def _matches(scope: Scope, repository: Repository, ref: str) -> bool:
    if scope.repository_id and scope.repository_id != repository.repository_id:
        return False
    if not ref.startswith(_HEADS):
        return False
    if scope.match_kind == "DefaultBranch":
        return ref == repository.default_branch
    if not scope.ref or scope.ref == ref:
        return True
    return scope.match_kind == "Prefix" and ref.startswith(f"{scope.ref.rstrip('/')}/")


def _checked(store: Store, project_id: str, content: PolicyContent) -> dict[str, Json]:
    """The settings in full. Raises `BadInput` for what is not there."""
    kind = policy_types.get(content.type_id)
    settings = policy_types.check(kind, content.settings)
    if not content.scopes:
        raise BadInput(
            "a policy needs at least one scope", code="InvalidPolicySettingsException",
            where="settings.scope", hint="Such as {repositoryId, refName, matchKind: Exact}.",
        )  # fmt: skip
    for number, scope in enumerate(content.scopes):
        _check_scope(store, project_id, scope, f"settings.scope[{number}]")
    definition_id = settings.get("buildDefinitionId")
    if isinstance(definition_id, int):
        definitions.get(store, project_id=project_id, definition_id=definition_id)
    return settings


def _check_scope(store: Store, project_id: str, scope: Scope, where: str) -> None:
    if scope.repository_id:
        repositories.get(store, project_id=project_id, name_or_id=scope.repository_id)
    if scope.match_kind == "DefaultBranch" and (scope.ref or scope.repository_id):
        raise BadInput(
            "a scope that is the default branch names neither repository nor branch",
            code="InvalidPolicySettingsException", where=where,
            hint="Give matchKind DefaultBranch alone.",
        )  # fmt: skip
    if scope.ref and not scope.ref.startswith(_HEADS):
        raise BadInput(
            f"'{scope.ref[:200]}' is not the full name of a branch",
            code="InvalidPolicySettingsException", where=f"{where}.refName",
            hint="Such as refs/heads/main.",
        )  # fmt: skip


def _save(store: Store, policy: Policy) -> Policy:
    body = rows.body_of(policy)
    key = _key(policy.project_id, policy.configuration_id)
    store.documents.put(_KIND, key, body)
    store.documents.put(_REVISION, f"{key}/{policy.revision:06}", body)
    return policy


def _key(project_id: str, configuration_id: int) -> str:
    return f"{project_id}/{configuration_id:010}"


def _absent(configuration_id: int) -> NotFound:
    return NotFound(
        f"TF402471: The policy configuration {configuration_id} does not exist",
        code="PolicyConfigurationNotFoundException", where=str(configuration_id),
        hint="GET policy/configurations lists those of the project.",
    )  # fmt: skip
