"""AzDO environments: what a deployment job targets, and the record of what was deployed to it.

Knows: documents, permissions. Must not know: HTTP, YAML, Azure ML's environments.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import environment_machines, pipeline_permissions, rows, run_states
from shipway.devops.run_states import Result
from shipway.store.store import Store

_KIND = "environment_instance"
_RECORDS = "environment_deployment"
_LIMIT = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentInstance:
    """An environment of a project; checks and approvals hang on its id."""

    environment_id: int
    project_id: str
    name: str
    description: str = ""
    created_by_id: str = ""
    created_by_name: str = ""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRecord:
    """One deployment job that ran against an environment."""

    record_number: int
    environment_id: int
    run_id: int
    definition_id: int
    definition_name: str
    run_name: str
    stage_name: str
    job_name: str
    machine_id: int = 0
    stage_attempt: int = 1
    job_attempt: int = 1
    result: Result | None = None
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


def create(
    store: Store, *, project_id: str, name: str, description: str = "",
    created_by_id: str = "", created_by_name: str = "",
) -> EnvironmentInstance:  # fmt: skip
    """A new environment. Raises `BadInput` for its name, `Conflict` when it is taken."""
    check_name(name)
    now = store.clock.now()
    with store.database.transaction():
        if find(store, project_id=project_id, name=name) is not None:
            raise Conflict(
                f"Environment with name {name} already exists.",
                code="EnvironmentExistsException", where=name,
            )  # fmt: skip
        made = EnvironmentInstance(
            environment_id=store.documents.next_number(_KIND), project_id=project_id, name=name,
            description=description, created_by_id=created_by_id,
            created_by_name=created_by_name, created_at=now, updated_at=now,
        )  # fmt: skip
        store.documents.create(_KIND, _key(made.environment_id), rows.body_of(made))
    return made


def check_name(name: str) -> None:
    """Raises `BadInput` for a name that no environment can have."""
    if not name.strip() or len(name) > _LIMIT or any(c in name for c in '\\/:*?"<>|$(){}'):
        raise BadInput(
            f"the environment name '{name}' is not valid",
            code="InvalidEnvironmentNameException", where="name",
            hint=f'Names have 1 to {_LIMIT} characters, none of \\ / : * ? " < > | $ ( ) {{ }}.',
        )  # fmt: skip


def find(store: Store, *, project_id: str, name: str) -> EnvironmentInstance | None:
    """The environment of that name (any letter case) in the project, or None."""
    wanted = name.casefold()
    for made in list_of(store, project_id=project_id):
        if made.name.casefold() == wanted:
            return made
    return None


def get(store: Store, *, project_id: str, environment_id: int) -> EnvironmentInstance:
    """The environment. Raises `NotFound`."""
    found = store.documents.find(_KIND, _key(environment_id))
    if found is None or found.body["project_id"] != project_id:
        raise NotFound(
            f"Environment with id {environment_id} does not exist.",
            code="EnvironmentNotFoundException", where=str(environment_id),
        )  # fmt: skip
    return rows.read(EnvironmentInstance, found.body)


def list_of(store: Store, *, project_id: str) -> list[EnvironmentInstance]:
    """All environments of a project, oldest first."""
    found = (rows.read(EnvironmentInstance, d.body) for d in store.documents.list(_KIND))
    return [e for e in found if e.project_id == project_id]


def resource_names(store: Store, *, project_id: str) -> dict[str, list[str]]:
    """The names of the machines of each environment of a project, by its name."""
    return {
        one.name: [
            machine.name
            for machine in environment_machines.list_of(store, environment_id=one.environment_id)
        ]
        for one in list_of(store, project_id=project_id)
    }


def ensure(
    store: Store, *, project_id: str, name: str, definition_id: int, by_id: str, by_name: str
) -> EnvironmentInstance:
    """The environment that a pipeline names; made and opened to that pipeline when it is missing.

    As on Azure, an environment that a run creates is authorized for its definition only.
    """
    with store.database.transaction():
        found = find(store, project_id=project_id, name=name)
        if found is not None:
            return found
        made = create(
            store, project_id=project_id, name=name, created_by_id=by_id, created_by_name=by_name
        )
        pipeline_permissions.authorize(
            store, resource_type="environment", resource_id=str(made.environment_id),
            by=by_id, definition_id=definition_id,
        )  # fmt: skip
        return made


def update(
    store: Store, *, project_id: str, environment_id: int, name: str, description: str
) -> EnvironmentInstance:
    """Change name and description. Raises `NotFound`, `Conflict`."""
    with store.database.transaction():
        before = get(store, project_id=project_id, environment_id=environment_id)
        other = find(store, project_id=project_id, name=name)
        if other is not None and other.environment_id != environment_id:
            raise Conflict(
                f"Environment with name {name} already exists.",
                code="EnvironmentExistsException", where=name,
            )  # fmt: skip
        after = replace(before, name=name, description=description, updated_at=store.clock.now())
        store.documents.put(_KIND, _key(environment_id), rows.body_of(after))
    return after


def delete(store: Store, *, project_id: str, environment_id: int) -> None:
    """Remove an environment with its machines. Raises `NotFound`."""
    get(store, project_id=project_id, environment_id=environment_id)
    with store.database.transaction():
        environment_machines.forget(store, environment_id=environment_id)
        store.documents.delete(_KIND, _key(environment_id))


def add_record(store: Store, record: DeploymentRecord) -> DeploymentRecord:
    """Note a deployment job; its `record_number` is given here."""
    with store.database.transaction():
        made = replace(record, record_number=store.documents.next_number(_RECORDS))
        store.documents.create(_RECORDS, _record_key(made), rows.body_of(made))
    return made


def change_record(
    store: Store, *, environment_id: int, record_number: int, started_at: datetime | None = None,
    finished_at: datetime | None = None, result: Result | None = None,
) -> None:  # fmt: skip
    """Note when a deployment began and how it ended; nothing happens when it is not noted."""
    with store.database.transaction():
        found = store.documents.find(_RECORDS, f"{_key(environment_id)}/{record_number:010}")
        if found is None:
            return
        before = rows.read(DeploymentRecord, found.body)
        after = replace(
            before, started_at=before.started_at or started_at,
            finished_at=finished_at or before.finished_at, result=_worse(before.result, result),
        )  # fmt: skip
        store.documents.put(_RECORDS, _record_key(after), rows.body_of(after))


def _worse(before: Result | None, after: Result | None) -> Result | None:
    """A deployment runs as several jobs, one for each hook: the worst tells how it went."""
    known = [one for one in (before, after) if one is not None]
    return run_states.worst(known) if known else None


def records_of(store: Store, *, environment_id: int) -> list[DeploymentRecord]:
    """Deployments to an environment, newest first."""
    found = store.documents.list(_RECORDS, prefix=f"{_key(environment_id)}/")
    return [rows.read(DeploymentRecord, d.body) for d in reversed(found)]


def _record_key(record: DeploymentRecord) -> str:
    return f"{_key(record.environment_id)}/{record.record_number:010}"


def _key(environment_id: int) -> str:
    return f"{environment_id:010}"
