"""Groups of the organization and its projects, teams among them: names, members, well-known ones.

Every project has its well-known groups from the start; a row is written when one is changed. As
the people of the tenant contribute to every project until somebody says otherwise, they are
members of each `Contributors` until they are taken out of it. Must not know: what a group may do.
Source: https://learn.microsoft.com/azure/devops/organizations/security/about-permissions
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shipway.azure.entra import groups as entra_groups
from shipway.azure.entra import tenant, users
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound
from shipway.devops import projects, rows
from shipway.store.store import Store

_KIND = "security_group"
_NAME_LIMIT = 256
_FORBIDDEN = '\\/[]:|<>+=;?*,"'
COLLECTION_ADMINISTRATORS = "Project Collection Administrators"
CONTRIBUTORS = "Contributors"
PROJECT_ADMINISTRATORS = "Project Administrators"
# the well-known groups and what Azure says of them
OF_PROJECT: Mapping[str, str] = {
    "Build Administrators": "Members of this group can create, modify and delete build "
    "definitions and manage queued and completed builds.",
    CONTRIBUTORS: "Members of this group can add, modify, and delete items within the team "
    "project.",
    "Endpoint Administrators": "Members of this group can manage service connections.",
    "Endpoint Creators": "Members of this group can create service connections.",
    PROJECT_ADMINISTRATORS: "Members of this group can perform all operations in the team project.",
    "Project Valid Users": "Members of this group have access to the team project.",
    "Readers": "Members of this group have access to the team project.",
}
OF_ORGANIZATION: Mapping[str, str] = {
    COLLECTION_ADMINISTRATORS: "Members of this application group can perform all privileged "
    "operations on the Team Project Collection.",
    "Project Collection Build Administrators": "Members of this group should include accounts "
    "for people who should be able to administer the build resources.",
    "Project Collection Valid Users": "This application group contains all users and groups "
    "that have access to the Team Project Collection.",
}
# their members are whoever is in any other group; nobody is put there by hand
_EVERYBODY = ("Project Valid Users", "Project Collection Valid Users")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A group; `project_id` is empty for one of the organization.

    `member_ids` are object ids of people, applications and Entra groups, or ids of groups of this
    kind; `left_ids` are people who would belong by default and were taken out. A team has
    `administrator_ids`, who are members of nothing by that.
    """

    group_id: str
    project_id: str = ""
    name: str
    description: str = ""
    is_team: bool = False
    is_well_known: bool = False
    member_ids: tuple[str, ...] = ()
    left_ids: tuple[str, ...] = ()
    administrator_ids: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime


def create(
    store: Store, *, name: str, project_id: str = "", description: str = "", is_team: bool = False
) -> SecurityGroup:
    """A new group or team. Raises `BadInput` for its name, `Conflict` when it is taken."""
    now = store.clock.now()
    with store.database.transaction():
        made = SecurityGroup(
            group_id=ids.new_guid(), project_id=project_id, name=name, description=description,
            is_team=is_team, created_at=now, updated_at=now,
        )  # fmt: skip
        _check(store, made)
        _save(store, made)
        if is_team:  # as on Azure, who is in a team contributes
            parent = well_known(store, CONTRIBUTORS, project_id=project_id)
            add_member(store, group_id=parent.group_id, member_id=made.group_id)
    return made


def find(store: Store, group_id: str) -> SecurityGroup | None:
    """The group of that id, or None."""
    wanted = group_id.lower()
    found = store.documents.find(_KIND, wanted)
    if found is not None:
        return rows.read(SecurityGroup, found.body)
    return next((g for g in _untouched(store) if g.group_id == wanted), None)


def get(store: Store, group_id: str) -> SecurityGroup:
    """The group. Raises `NotFound`."""
    found = find(store, group_id)
    if found is None:
        raise NotFound(
            f"VS860050: The identity {group_id[:100]} could not be found.", where=group_id[:100],
            code="GraphSubjectNotFoundException", hint="GET _apis/graph/groups lists the groups.",
        )  # fmt: skip
    return found


def well_known(store: Store, name: str, *, project_id: str = "") -> SecurityGroup:
    """A group that every project (or the organization) has."""
    return get(store, _well_known_id(name, project_id))


def default_team(store: Store, project_id: str) -> SecurityGroup:
    """The team that a project begins with."""
    return get(store, ids.guid_from("team", project_id))


def list_of(store: Store, *, project_id: str | None = None) -> list[SecurityGroup]:
    """All groups by name: of a project, of the organization (empty), of both (None)."""
    found = {g.group_id: g for g in _untouched(store, project_id=project_id)}
    for document in store.documents.list(_KIND):
        if project_id in (None, document.body["project_id"]):
            one = rows.read(SecurityGroup, document.body)
            found[one.group_id] = one
    known = {"", *(p.project_id for p in projects.list_all(store))}
    return sorted(
        (g for g in found.values()
         if g.project_id in known and project_id in (None, g.project_id)),
        key=lambda g: (g.project_id, g.name.casefold()),
    )  # fmt: skip


def update(
    store: Store, *, group_id: str, name: str | None = None, description: str | None = None,
    administrator_ids: tuple[str, ...] | None = None,
) -> SecurityGroup:  # fmt: skip
    """Change a group. Raises `NotFound`, `BadInput`, `Conflict`, `Forbidden` for a known name."""
    with store.database.transaction():
        before = get(store, group_id)
        if name not in (None, before.name) and before.is_well_known:
            raise _fixed(before, "renamed")
        after = replace(
            before, name=before.name if name is None else name,
            description=before.description if description is None else description,
            administrator_ids=before.administrator_ids if administrator_ids is None
            else administrator_ids,
            updated_at=store.clock.now(),
        )  # fmt: skip
        _check(store, after)
        return _save(store, after)


def delete(store: Store, group_id: str) -> None:
    """Remove a group and its memberships. Raises `NotFound`, `Forbidden` for a well-known one."""
    with store.database.transaction():
        gone = get(store, group_id)
        if gone.is_well_known or gone.group_id == ids.guid_from("team", gone.project_id):
            raise _fixed(gone, "deleted")
        for other in list_of(store):
            if gone.group_id in other.member_ids:
                remove_member(store, group_id=other.group_id, member_id=gone.group_id)
        store.documents.delete(_KIND, gone.group_id)


def add_member(store: Store, *, group_id: str, member_id: str) -> None:
    """Put a person, an application or a group into a group. Raises `NotFound`, `BadInput`."""
    with store.database.transaction():
        before = get(store, group_id)
        member = member_id.lower()
        if before.name in _EVERYBODY and before.is_well_known:
            raise _fixed(before, "given members")
        if member == before.group_id or before.group_id in _inside(store, member):
            raise BadInput(
                "VS860067: A group cannot be a member of itself, also not through others",
                code="CyclicMembershipException", where=before.name,
            )  # fmt: skip
        if member in members_of(store, before):
            return
        _save(
            store,
            replace(
                before, member_ids=(*before.member_ids, member),
                left_ids=tuple(i for i in before.left_ids if i != member),
                updated_at=store.clock.now(),
            ),
        )  # fmt: skip


def remove_member(store: Store, *, group_id: str, member_id: str) -> bool:
    """Take a member out; False when it was none. Raises `NotFound`."""
    with store.database.transaction():
        before = get(store, group_id)
        member = member_id.lower()
        if member not in members_of(store, before):
            return False
        left = (*before.left_ids, member) if member in _by_default(store, before) else ()
        _save(
            store,
            replace(
                before, member_ids=tuple(i for i in before.member_ids if i != member),
                left_ids=tuple(dict.fromkeys((*before.left_ids, *left))),
                updated_at=store.clock.now(),
            ),
        )  # fmt: skip
    return True


def members_of(store: Store, group: SecurityGroup) -> tuple[str, ...]:
    """The ids of the direct members, those by default among them."""
    if group.is_well_known and group.name in _EVERYBODY:
        others = list_of(store, project_id=group.project_id)
        return tuple(g.group_id for g in others if g.group_id != group.group_id)
    implied = [i for i in _by_default(store, group) if i not in group.left_ids]
    return tuple(dict.fromkeys((*implied, *group.member_ids)))


def people_of(store: Store, group: SecurityGroup) -> tuple[str, ...]:
    """The ids of people and applications in a group, also through other groups."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [group.group_id]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        inner = find(store, one)
        directory = None if inner else entra_groups.find(store, one)
        if inner is not None:
            waiting += members_of(store, inner)
        elif directory is not None:
            waiting += directory.member_ids
        else:
            found[one] = None
    return tuple(found)


def of_member(
    store: Store, member_id: str, *, project_id: str | None = None
) -> list[SecurityGroup]:
    """The groups that somebody is in, also through other groups and groups of the tenant.

    With a project, those of it and of the organization only.
    """
    scopes = (None,) if project_id is None else ("", project_id)
    candidates = [
        group
        for scope in scopes
        for group in list_of(store, project_id=scope)
        if not (group.is_well_known and group.name in _EVERYBODY)
    ]
    holders = {member_id.lower(), *_directory_groups(store, member_id.lower())}
    near = {group.group_id: group for group in candidates}
    people = {user.object_id for user in users.list_users(store)}
    verdicts: dict[str, bool] = {}

    def holds(group: SecurityGroup) -> bool:
        if group.group_id not in verdicts:
            verdicts[group.group_id] = False  # a circle holds nobody
            inside = members_of(store, group)
            deeper = (near.get(one) or find(store, one) for one in inside if one not in people)
            verdicts[group.group_id] = bool(holders.intersection(inside)) or any(
                holds(one) for one in deeper if one is not None
            )
        return verdicts[group.group_id]

    return [group for group in candidates if holds(group)]


def forget_project(store: Store, project_id: str) -> None:
    """The project is gone: its groups as well."""
    for document in store.documents.list(_KIND):
        if document.body.get("project_id") == project_id:
            store.documents.delete(_KIND, document.key)


def _by_default(store: Store, group: SecurityGroup) -> tuple[str, ...]:
    """Who belongs without having been put there."""
    if not group.is_well_known:
        return ()
    owner = tenant.facts(store).owner_object_id
    if group.name == CONTRIBUTORS:
        team = () if not group.project_id else (ids.guid_from("team", group.project_id),)
        people = (u.object_id for u in users.list_users(store) if u.object_id != owner)
        return (*team, *people)
    if group.name == COLLECTION_ADMINISTRATORS:
        return (owner,)
    if group.name == PROJECT_ADMINISTRATORS:
        return (owner, _well_known_id(COLLECTION_ADMINISTRATORS, ""))
    return ()


def _inside(store: Store, member_id: str) -> set[str]:
    """The ids of a group and of all groups inside it."""
    found: set[str] = set()
    waiting = [member_id]
    while waiting:
        one = waiting.pop()
        inner = find(store, one) if one not in found else None
        if inner is not None:
            found.add(one)
            waiting += members_of(store, inner)
    return found


def _directory_groups(store: Store, object_id: str) -> set[str]:
    found: set[str] = set()
    waiting = entra_groups.of_member(store, object_id)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += entra_groups.of_member(store, one)
    return found


def _untouched(store: Store, *, project_id: str | None = None) -> Iterable[SecurityGroup]:
    """Well-known groups and first teams as they are before anybody changes them."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for name, text in OF_ORGANIZATION.items() if not project_id else ():
        yield SecurityGroup(
            group_id=_well_known_id(name, ""), name=name, description=text, is_well_known=True,
            created_at=long_ago, updated_at=long_ago,
        )  # fmt: skip
    for project in projects.list_all(store):
        if project_id not in (None, project.project_id):
            continue
        for name, text in OF_PROJECT.items():
            yield SecurityGroup(
                group_id=_well_known_id(name, project.project_id), name=name, description=text,
                project_id=project.project_id, is_well_known=True,
                created_at=project.created_at, updated_at=project.created_at,
            )  # fmt: skip
        yield SecurityGroup(
            group_id=ids.guid_from("team", project.project_id), name=f"{project.name} Team",
            project_id=project.project_id, description="The default project team.", is_team=True,
            created_at=project.created_at, updated_at=project.created_at,
        )  # fmt: skip


def _well_known_id(name: str, project_id: str) -> str:
    return ids.guid_from("security-group", project_id, name)


def _check(store: Store, group: SecurityGroup) -> None:
    if not group.name.strip() or len(group.name) > _NAME_LIMIT or set(group.name) & set(_FORBIDDEN):
        raise BadInput(
            f"TF50620: The group name '{group.name[:100]}' is not valid",
            code="InvalidGroupNameException", where="displayName",
            hint=f"Names have 1 to {_NAME_LIMIT} characters, none of {' '.join(_FORBIDDEN)}",
        )  # fmt: skip
    for other in list_of(store, project_id=group.project_id):
        same = other.name.casefold() == group.name.casefold()
        if same and other.group_id != group.group_id:
            raise Conflict(
                f"TF50634: A group named {group.name} already exists.",
                code="GroupCreationException", where=group.name,
            )  # fmt: skip


def _save(store: Store, group: SecurityGroup) -> SecurityGroup:
    store.documents.put(_KIND, group.group_id, rows.body_of(group))
    return group


def _fixed(group: SecurityGroup, verb: str) -> Forbidden:
    return Forbidden(
        f"TF50621: The group '{group.name}' is a well-known one and cannot be {verb}",
        code="ModifyWellKnownGroupException", where=group.name,
    )  # fmt: skip
