"""The organization and its projects.

Knows: documents. Must not know: HTTP, YAML, Azure ML.
"""

from dataclasses import dataclass
from datetime import datetime

from shipway.azure.entra import tenant
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import rows
from shipway.store.store import Store

ORGANIZATION = "shipway"
# the system processes that a project can be made with; here they are names only
AGILE = "adcc42ab-9882-485e-a3ed-7678f01f66bc"
PROCESSES = {
    AGILE: "Agile", "b8a3a935-7e91-48b8-a94c-606d37c3e9f2": "Basic",
    "6b724908-ef14-45cf-84f8-768b5384da45": "Scrum",
    "27450541-8e31-4150-9947-dc59f998fc01": "CMMI",
}  # fmt: skip
_KIND = "project"
_FORBIDDEN = frozenset('\\/:*?"<>|;#$,+=[]{}@%&~^`')
_LIMIT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project of the organization. Names are unique whatever their letter case."""

    project_id: str
    name: str
    description: str = ""
    visibility: str = "private"
    process_id: str = AGILE
    created_at: datetime
    updated_at: datetime
    revision: int = 1


def create(
    store: Store, *, name: str, description: str = "", visibility: str = "private",
    process_id: str = "",
) -> Project:  # fmt: skip
    """A new project. Raises `BadInput` for a bad name, `Conflict` when it is taken."""
    _check_name(name)
    now = store.clock.now()
    with store.database.transaction():
        if find(store, name) is not None:
            raise Conflict(
                f"TF200019: The following project already exists on the server: {name}",
                code="ProjectAlreadyExistsException", where=name,
                hint="Choose another name, or use the project that is there.",
            )  # fmt: skip
        project = Project(
            project_id=ids.new_guid(), name=name, description=description,
            visibility=visibility, process_id=process_id or AGILE, created_at=now,
            updated_at=now,
        )  # fmt: skip
        store.documents.create(_KIND, project.project_id, rows.body_of(project))
    return project


def find(store: Store, name_or_id: str) -> Project | None:
    """The project of that name or id, or None."""
    found = store.documents.find(_KIND, name_or_id.lower())
    if found is not None:
        return rows.read(Project, found.body)
    wanted = name_or_id.casefold()
    return next((p for p in list_all(store) if p.name.casefold() == wanted), None)


def get(store: Store, name_or_id: str) -> Project:
    """The project. Raises `NotFound` in Azure's words."""
    found = find(store, name_or_id)
    if found is None:
        known = ", ".join(p.name for p in list_all(store)) or "none"
        raise NotFound(
            f"TF200016: The following project does not exist: {name_or_id}",
            code="ProjectDoesNotExistWithNameException", where=name_or_id,
            hint=f"Verify that the name of the project is correct. Projects here: {known}.",
        )  # fmt: skip
    return found


def list_all(store: Store) -> list[Project]:
    """All projects by name."""
    found = [rows.read(Project, d.body) for d in store.documents.list(_KIND)]
    return sorted(found, key=lambda p: p.name.casefold())


def update(
    store: Store, *, project_id: str, name: str | None = None, description: str | None = None,
    visibility: str | None = None,
) -> Project:  # fmt: skip
    """Change name, description or visibility. Raises `NotFound`, `BadInput`, `Conflict`."""
    with store.database.transaction():
        project = get(store, project_id)
        if name is not None and name != project.name:
            _check_name(name)
            other = find(store, name)
            if other is not None and other.project_id != project_id:
                raise Conflict(
                    f"TF200019: The following project already exists on the server: {name}",
                    code="ProjectAlreadyExistsException", where=name,
                )  # fmt: skip
        changes = {
            "name": name if name is not None else project.name,
            "description": description if description is not None else project.description,
            "visibility": visibility or project.visibility,
            "revision": project.revision + 1,
        }
        body = {**rows.body_of(project), **changes}
        changed = rows.read(Project, body)
        store.documents.put(_KIND, project_id, rows.body_of(changed))
    return changed


def delete(store: Store, *, project_id: str) -> None:
    """Remove a project; what belonged to it can no longer be reached. Raises `NotFound`."""
    get(store, project_id)
    store.documents.delete(_KIND, project_id)


def organization_id(store: Store) -> str:
    """The GUID of the organization, the same for the life of the home."""
    return tenant.facts(store).organization_id


def _check_name(name: str) -> None:
    bad = sorted(set(name) & _FORBIDDEN) or [c for c in name if ord(c) < 32]
    if not name.strip() or len(name) > _LIMIT or bad or name.startswith(("_", ".")):
        reason = f"it contains {bad[0]!r}" if bad else f"it needs 1 to {_LIMIT} characters"
        raise BadInput(
            f"VS402371: The project name '{name}' is not valid: {reason}",
            code="InvalidProjectNameException", where="name",
            hint="Names have no \\ / : * ? \" < > | ; # $ , + = [ ] { } @ and do not begin "
            "with '_' or '.'.",
        )  # fmt: skip
