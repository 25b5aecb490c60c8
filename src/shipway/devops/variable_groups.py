"""Variable groups. Values of secret variables lie in the secrets only.

Knows: documents, secrets. Must not know: HTTP, YAML.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import rows
from shipway.store.store import Store

_KIND = "variable_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVariable:
    """A variable of a group; `value` is empty here when it is secret."""

    value: str = ""
    is_secret: bool = False
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableGroup:
    """Named variables that pipelines of a project may read."""

    group_id: int
    project_id: str
    name: str
    description: str = ""
    variables: Mapping[str, GroupVariable] = field(default_factory=dict)
    created_by_id: str = ""
    created_by_name: str = ""
    created_at: datetime
    updated_at: datetime


def create(
    store: Store, *, project_id: str, name: str, variables: Mapping[str, GroupVariable],
    description: str = "", created_by_id: str = "", created_by_name: str = "",
) -> VariableGroup:  # fmt: skip
    """A new group. Raises `BadInput`, `Conflict` when the name is taken in the project."""
    now = store.clock.now()
    with store.database.transaction():
        made = VariableGroup(
            group_id=store.documents.next_number(_KIND), project_id=project_id, name=name,
            description=description, variables=variables, created_by_id=created_by_id,
            created_by_name=created_by_name, created_at=now, updated_at=now,
        )  # fmt: skip
        return _save(store, made, before={})


def update(
    store: Store, *, group_id: int, name: str, variables: Mapping[str, GroupVariable],
    description: str,
) -> VariableGroup:  # fmt: skip
    """Replace a group; a secret with an empty value keeps what it was. Raises as `create`."""
    with store.database.transaction():
        before = get(store, group_id)
        after = replace(
            before, name=name, variables=variables, description=description,
            updated_at=store.clock.now(),
        )  # fmt: skip
        return _save(store, after, before=before.variables)


def find(store: Store, *, project_id: str, name: str) -> VariableGroup | None:
    """The group of that name (any letter case), or None."""
    wanted = name.casefold()
    return next(
        (g for g in list_of(store, project_id=project_id) if g.name.casefold() == wanted), None
    )


def find_by_id(store: Store, group_id: int) -> VariableGroup | None:
    """The group of that number, or None."""
    found = store.documents.find(_KIND, _key(group_id))
    return rows.read(VariableGroup, found.body) if found else None


def get(store: Store, group_id: int, *, project_id: str | None = None) -> VariableGroup:
    """The group. Raises `NotFound`."""
    found = store.documents.find(_KIND, _key(group_id))
    if found is None or project_id not in (None, found.body["project_id"]):
        raise NotFound(
            f"Variable group with id {group_id} does not exist.",
            code="VariableGroupNotFoundException", where=str(group_id),
        )  # fmt: skip
    return rows.read(VariableGroup, found.body)


def list_of(store: Store, *, project_id: str) -> list[VariableGroup]:
    """The groups of a project by id."""
    found = (rows.read(VariableGroup, d.body) for d in store.documents.list(_KIND))
    return [g for g in found if g.project_id == project_id]


def delete(store: Store, group_id: int) -> None:
    """Remove a group and its secrets. Raises `NotFound`."""
    with store.database.transaction():
        for name in get(store, group_id).variables:
            store.secrets.delete(_secret(group_id, name))
        store.documents.delete(_KIND, _key(group_id))


def values_of(store: Store, group: VariableGroup) -> dict[str, GroupVariable]:
    """The variables with the secrets' values filled in; for the agent only."""
    return {
        name: replace(v, value=store.secrets.find(_secret(group.group_id, name)) or "")
        if v.is_secret
        else v
        for name, v in group.variables.items()
    }


def _save(
    store: Store, group: VariableGroup, *, before: Mapping[str, GroupVariable]
) -> VariableGroup:
    _check(store, group)
    for name in before:
        kept = group.variables.get(name)
        if kept is None or not kept.is_secret:
            store.secrets.delete(_secret(group.group_id, name))
    public: dict[str, GroupVariable] = {}
    for name, variable in group.variables.items():
        if variable.is_secret and variable.value:
            store.secrets.put(_secret(group.group_id, name), variable.value)
        public[name] = replace(variable, value="") if variable.is_secret else variable
    clean = replace(group, variables=public)
    store.documents.put(_KIND, _key(group.group_id), rows.body_of(clean))
    return clean


def _check(store: Store, group: VariableGroup) -> None:
    if not group.name.strip() or len(group.name) > 128:
        raise BadInput(
            f"the variable group name '{group.name}' is not valid",
            code="InvalidVariableGroupException", where="name",
            hint="Names have 1 to 128 characters.",
        )  # fmt: skip
    if not group.variables:
        raise BadInput(
            f"the variable group '{group.name}' has no variables",
            code="InvalidVariableGroupException", where="variables",
            hint="Azure asks for at least one.",
        )  # fmt: skip
    seen: set[str] = set()
    for name in group.variables:
        if not name.strip() or name.casefold() in seen:
            raise BadInput(
                f"the variable name '{name}' is empty or given twice",
                code="InvalidVariableGroupException", where=f"variables.{name}",
                hint="Names ignore letter case.",
            )  # fmt: skip
        seen.add(name.casefold())
    other = find(store, project_id=group.project_id, name=group.name)
    if other is not None and other.group_id != group.group_id:
        raise Conflict(
            f"Variable group with name {group.name} already exists.",
            code="VariableGroupExistsException", where=group.name,
        )  # fmt: skip


def _secret(group_id: int, name: str) -> str:
    return f"variable-group/{group_id}/{name.lower()}"


def _key(group_id: int) -> str:
    return f"{group_id:010}"
