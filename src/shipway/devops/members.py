"""Who belongs to the organization and what they may do there, and in each of its projects.

The machine's owner administers. What anybody else may do is said by the groups that they are in,
directly or through others: people of the tenant are in every project's Contributors until they
are taken out; applications are in none until they are put there. A role that an identity was given
in the whole organization stands beside its groups. A pipeline job's own token belongs to the one
project of its run. Source:
https://learn.microsoft.com/azure/devops/organizations/security/about-permissions
"""

from collections.abc import Mapping
from typing import Literal

from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput, NotFound
from shipway.devops import runs, security_groups
from shipway.devops.security_groups import SecurityGroup
from shipway.store.store import Store

Role = Literal["Gone", "Stakeholder", "Reader", "BuildService", "Contributor", "Administrator"]
# Gone           was taken out of the organization: has nothing, whatever groups say
# Stakeholder    belongs to the organization; only groups say what it may do
# Reader         looks at everything
# BuildService   a job's own token: reads, works on its own run
# Contributor    pushes, makes pipelines, queues and cancels runs, answers approvals
# Administrator  may do everything
Permission = Literal["read", "job", "contribute", "build", "endpoint", "administer", "organize"]
# build       makes and changes environments, checks, variable groups, pipeline permissions
# endpoint    makes and changes service connections
# administer  changes a project, its repositories and its groups
# organize    makes projects, adds people to the organization

_KIND = "organization_member"
_GIVEN: tuple[Role, ...] = ("Gone", "Stakeholder", "Reader", "Contributor", "Administrator")
_READ = frozenset[Permission]({"read"})
_WRITE = _READ | frozenset[Permission]({"job", "contribute"})
_BUILD = _WRITE | frozenset[Permission]({"build"})
_PROJECT = _BUILD | frozenset[Permission]({"endpoint", "administer"})
_ALL = _PROJECT | frozenset[Permission]({"organize"})
_BY_ROLE: Mapping[Role, frozenset[Permission]] = {
    "Gone": frozenset(),
    "Stakeholder": frozenset(),
    "Reader": _READ,
    "BuildService": frozenset({"read", "job"}),
    "Contributor": _WRITE,
    "Administrator": _ALL,
}
# a group of any other name lets its members look at its project, as Azure's valid users may
_BY_GROUP: Mapping[str, frozenset[Permission]] = {
    "Build Administrators": _BUILD,
    "Contributors": _WRITE,
    "Endpoint Administrators": _READ | frozenset[Permission]({"endpoint"}),
    "Endpoint Creators": _READ | frozenset[Permission]({"endpoint"}),
    "Project Administrators": _PROJECT,
    "Project Collection Administrators": _ALL,
    "Project Collection Build Administrators": _BUILD,
}


def add(store: Store, *, object_id: str, role: Role) -> None:
    """Give an identity a role in the organization. Raises `BadInput`."""
    if role not in _GIVEN:
        raise BadInput(f"the role '{role}' cannot be given", where="role",
                       hint=f"Known: {', '.join(_GIVEN)}.")  # fmt: skip
    store.documents.put(_KIND, object_id, {"role": role})


def remove(store: Store, *, object_id: str) -> bool:
    """Take the role back; False when there was none."""
    return store.documents.delete(_KIND, object_id)


def given_role(store: Store, object_id: str) -> Role | None:
    """The role that an identity was given in the organization, or None."""
    found = store.documents.find(_KIND, object_id)
    if found is None:
        return None
    role: Role = found.body["role"]
    return role


def with_role(store: Store) -> list[str]:
    """The object ids of all who were given a role in the organization."""
    return [document.key for document in store.documents.list(_KIND)]


def belongs(store: Store, principal: Principal) -> bool:
    """Whether an identity is a member of the organization at all."""
    if principal.run_id or principal.kind == "Owner":
        return True
    role = given_role(store, principal.object_id)
    if principal.kind == "Anonymous" or role == "Gone":
        return False
    if role is not None or principal.kind == "User":
        return True
    return bool(security_groups.of_member(store, principal.object_id))


def permissions_of(
    store: Store, principal: Principal, *, project_id: str | None = None
) -> frozenset[Permission]:
    """What an identity may do in a project; in any of them, when none is given."""
    if principal.run_id:
        here = project_id is None or _runs_in(store, principal.run_id, project_id)
        return _BY_ROLE["BuildService"] if here else frozenset()
    if principal.kind == "Owner":
        return _ALL
    role = given_role(store, principal.object_id)
    if principal.kind == "Anonymous" or role == "Gone":
        return frozenset()
    found = _BY_ROLE[role] if role else frozenset()
    if role in ("Reader", "Contributor"):
        return found  # said in so many words; groups that hold by default do not widen it
    for group in security_groups.of_member(store, principal.object_id, project_id=project_id):
        found |= _of_group(group)
    # members of the organization may look at what belongs to no project
    return found | _READ if project_id is None else found


def may(
    store: Store, principal: Principal, permission: Permission, *, project_id: str | None = None
) -> bool:
    """Whether an identity has a permission in a project; in any of them, when none is given."""
    return permission in permissions_of(store, principal, project_id=project_id)


def _runs_in(store: Store, run_id: int, project_id: str) -> bool:
    try:
        return runs.get(store, run_id, project_id=project_id).run_id == run_id
    except NotFound:
        return False


def _of_group(group: SecurityGroup) -> frozenset[Permission]:
    if group.is_well_known:
        return _BY_GROUP.get(group.name, _READ)
    return _READ if group.project_id else frozenset()
