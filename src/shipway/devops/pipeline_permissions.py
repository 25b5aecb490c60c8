"""Which pipeline definitions may use a protected resource.

Resource types are Azure's: endpoint, environment, variablegroup, queue, repository, securefile.
Nothing is open to anyone until it is granted, but for the queue of Microsoft's own agents.
Source: https://learn.microsoft.com/azure/devops/pipelines/security/resources
"""

from dataclasses import dataclass
from datetime import datetime

from shipway.base.errors import BadInput
from shipway.base.messages import Event
from shipway.devops import agent_pools, rows
from shipway.store.store import Store

RESOURCE_TYPES = ("endpoint", "environment", "queue", "repository", "securefile", "variablegroup")
GRANTED = "PipelinePermissionGranted"
_KIND = "pipeline_permission"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One definition that may use the resource."""

    definition_id: int
    authorized_by: str
    authorized_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelinePermission:
    """All who may use one resource; `everyone` opens it to every definition of the project."""

    resource_type: str
    resource_id: str
    everyone: bool = False
    everyone_by: str = ""
    everyone_at: datetime | None = None
    grants: tuple[Grant, ...] = ()


def resource_id_of(resource_type: str, resource_id: str, *, project_id: str) -> str:
    """Under which id a project's resource is kept: numbers of queues are the same in every one."""
    return f"{project_id}.{resource_id}" if resource_type.lower() == "queue" else resource_id


def get(store: Store, *, resource_type: str, resource_id: str) -> PipelinePermission:
    """Who may use the resource; nobody when nothing was ever granted. Raises `BadInput`."""
    key = _key(resource_type, resource_id)
    found = store.documents.find(_KIND, key)
    if found is None:
        return PipelinePermission(
            resource_type=resource_type.lower(), resource_id=resource_id,
            everyone=key.startswith("queue/") and key.endswith(f".{agent_pools.HOSTED}"),
        )  # fmt: skip
    return rows.read(PipelinePermission, found.body)


def is_authorized(
    store: Store, *, resource_type: str, resource_id: str, definition_id: int,
    is_seen: bool = True,
) -> bool:  # fmt: skip
    """Whether runs of the definition may use the resource.

    What is open to every definition is so to those of another project only for who sees it there.
    """
    found = get(store, resource_type=resource_type, resource_id=resource_id)
    return (found.everyone and is_seen) or any(
        g.definition_id == definition_id for g in found.grants
    )


def authorize(
    store: Store, *, resource_type: str, resource_id: str, by: str,
    definition_id: int | None = None,
) -> PipelinePermission:  # fmt: skip
    """Let one definition, or every one (`definition_id` None), use the resource.

    Appends `PipelinePermissionGranted`: runs that wait for it go on.
    """
    return _set(store, resource_type, resource_id, by=by, definition_id=definition_id, allow=True)


def revoke(
    store: Store, *, resource_type: str, resource_id: str, by: str,
    definition_id: int | None = None,
) -> PipelinePermission:  # fmt: skip
    """Take back what `authorize` gave."""
    return _set(store, resource_type, resource_id, by=by, definition_id=definition_id, allow=False)


def _set(
    store: Store, resource_type: str, resource_id: str, *,
    by: str, definition_id: int | None, allow: bool,
) -> PipelinePermission:  # fmt: skip
    now = store.clock.now()
    with store.database.transaction():
        before = get(store, resource_type=resource_type, resource_id=resource_id)
        grants = tuple(g for g in before.grants if g.definition_id != definition_id)
        everyone, everyone_by, everyone_at = (
            before.everyone, before.everyone_by, before.everyone_at,
        )  # fmt: skip
        if definition_id is None:
            everyone, everyone_by, everyone_at = allow, by, now
        elif allow:
            grants += (Grant(definition_id=definition_id, authorized_by=by, authorized_at=now),)
        after = PipelinePermission(
            resource_type=before.resource_type, resource_id=resource_id, everyone=everyone,
            everyone_by=everyone_by, everyone_at=everyone_at, grants=grants,
        )  # fmt: skip
        store.documents.put(_KIND, _key(resource_type, resource_id), rows.body_of(after))
        if allow:
            store.journal.append(
                Event(
                    kind=GRANTED, subject=_key(resource_type, resource_id), at=now,
                    data={"definition_id": definition_id, "by_id": by},
                )
            )  # fmt: skip
    return after


def _key(resource_type: str, resource_id: str) -> str:
    if resource_type.lower() not in RESOURCE_TYPES:
        raise BadInput(
            f"the resource type '{resource_type}' is not known",
            code="InvalidResourceTypeException", where="resourceType",
            hint=f"Known: {', '.join(RESOURCE_TYPES)}.",
        )  # fmt: skip
    return f"{resource_type.lower()}/{resource_id.lower()}"
