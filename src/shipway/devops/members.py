"""Who belongs to the organization and what they may do there.

The machine's owner administers. Users of the tenant contribute: they read, push, queue runs and
answer approvals. Applications belong only once they are added, as on Azure. A pipeline job's own
token belongs to the one project of its run.
Source: https://learn.microsoft.com/azure/devops/organizations/security/about-permissions
"""

from typing import Literal

from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput
from shipway.store.store import Store

Role = Literal["Reader", "BuildService", "Contributor", "Administrator"]
# Reader         looks at everything
# BuildService   a job's own token: reads, works on its own run
# Contributor    pushes, queues and cancels runs, answers approvals
# Administrator  also makes and changes projects, pipelines, environments, checks, connections
Permission = Literal["read", "job", "contribute", "administer"]

_KIND = "organization_member"
_ROLES: tuple[Role, ...] = ("Reader", "BuildService", "Contributor", "Administrator")
_ALLOWED: dict[Role, frozenset[Permission]] = {
    "Reader": frozenset({"read"}),
    "BuildService": frozenset({"read", "job"}),
    "Contributor": frozenset({"read", "job", "contribute"}),
    "Administrator": frozenset({"read", "job", "contribute", "administer"}),
}


def add(store: Store, *, object_id: str, role: Role) -> None:
    """Give an identity a role in the organization. Raises `BadInput`."""
    if role not in _ROLES or role == "BuildService":
        raise BadInput(f"the role '{role}' cannot be given", where="role",
                       hint="Known: Reader, Contributor, Administrator.")  # fmt: skip
    store.documents.put(_KIND, object_id, {"role": role})


def remove(store: Store, *, object_id: str) -> bool:
    """Take the role back; False when there was none."""
    return store.documents.delete(_KIND, object_id)


def role_of(store: Store, principal: Principal) -> Role | None:
    """The role of an identity; None for whoever does not belong."""
    if principal.run_id:
        return "BuildService"
    if principal.kind == "Owner":
        return "Administrator"
    if principal.kind == "Anonymous":
        return None
    found = store.documents.find(_KIND, principal.object_id)
    if found is not None:
        role: Role = found.body["role"]
        return role
    return "Contributor" if principal.kind == "User" else None


def may(store: Store, principal: Principal, permission: Permission) -> bool:
    """Whether an identity has a permission."""
    role = role_of(store, principal)
    return role is not None and permission in _ALLOWED[role]
