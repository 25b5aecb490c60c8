"""Subjects of the organization: people, applications, groups, each under all its names.

A subject has a storage key (its id here), a descriptor (what the graph calls it), an identity
descriptor (what access control lists call it) and an account name. Knows: users, service
principals, groups of both worlds. Must not know: HTTP.
Source: https://learn.microsoft.com/rest/api/azure/devops/graph
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shipway.azure.entra import groups as entra_groups
from shipway.azure.entra import service_principals, tenant, users
from shipway.base.errors import NotFound
from shipway.devops import members, projects, security_groups
from shipway.devops.security_groups import SecurityGroup
from shipway.store.store import Store

SubjectKind = Literal["user", "group", "servicePrincipal"]
Origin = Literal["aad", "vsts"]
_DIRECTORY_GROUP = "directory_group_in_organization"
_PREFIX = {
    ("user", "aad"): "aad", ("group", "vsts"): "vssgp", ("group", "aad"): "aadgp",
    ("servicePrincipal", "aad"): "aadsp",
}  # fmt: skip
SCOPE_PREFIX = "scp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One of them. `domain` says where it is known: the tenant, a project, the organization."""

    subject_id: str
    kind: SubjectKind
    origin: Origin
    display_name: str
    account: str
    domain: str
    mail: str = ""
    description: str = ""
    application_id: str = ""
    project_id: str = ""
    is_team: bool = False

    @property
    def descriptor(self) -> str:
        """What the graph calls it."""
        return f"{_PREFIX[self.kind, self.origin]}.{self.subject_id.replace('-', '')}"

    @property
    def identity_descriptor(self) -> str:
        """What access control lists call it."""
        if self.kind == "user":
            kind = "Microsoft.IdentityModel.Claims.ClaimsIdentity"
            return f"{kind};{self.domain}\\{self.account}"
        if self.kind == "servicePrincipal":
            kind = "Microsoft.VisualStudio.Services.Claims.AadServicePrincipal"
            return f"{kind};{self.domain}\\{self.subject_id}"
        digits = self.subject_id.replace("-", "")
        parts = "-".join(str(int(digits[n : n + 8], 16)) for n in range(0, 32, 8))
        return f"Microsoft.TeamFoundation.Identity;S-1-9-1551374245-{parts}"


def scope_descriptor(project_id: str) -> str:
    """The descriptor of a project as a scope of groups."""
    return f"{SCOPE_PREFIX}.{project_id.replace('-', '')}"


def project_of_scope(store: Store, descriptor: str) -> str:
    """The id of the project that a scope descriptor names. Raises `NotFound`."""
    for project in projects.list_all(store):
        if scope_descriptor(project.project_id) == descriptor.lower():
            return project.project_id
    raise NotFound(
        f"VS860019: The scope descriptor '{descriptor[:100]}' is not known here",
        code="GraphSubjectNotFoundException", where="scopeDescriptor",
        hint="GET _apis/graph/descriptors/{project id} tells a project's.",
    )  # fmt: skip


def everybody(store: Store) -> Iterator[Subject]:
    """Who belongs to the organization: people, applications, groups."""
    yield from people(store)
    yield from applications(store)
    yield from groups(store)


def people(store: Store) -> Iterator[Subject]:
    """People of the tenant who were not taken out of the organization."""
    for user in users.list_users(store):
        if members.given_role(store, user.object_id) != "Gone":
            yield _of_user(store, user)


def applications(store: Store) -> Iterator[Subject]:
    """Applications that were put into the organization."""
    for object_id in members.with_role(store):
        found = service_principals.find(store, object_id)
        if found is not None and members.given_role(store, object_id) != "Gone":
            yield _of_application(store, found)


def groups(store: Store, *, project_id: str | None = None) -> Iterator[Subject]:
    """Groups of a project, of the organization (empty), of both and of the tenant (None)."""
    for group in security_groups.list_of(store, project_id=project_id):
        yield of_group(store, group)
    for document in store.documents.list(_DIRECTORY_GROUP) if not project_id else ():
        found = entra_groups.find(store, document.key)
        if found is not None:
            yield _of_directory_group(store, found)


def add_directory_group(store: Store, object_id: str) -> Subject:
    """Make a group of the tenant known to the organization. Raises `NotFound`."""
    found = entra_groups.get(store, object_id)
    store.documents.put(_DIRECTORY_GROUP, found.object_id, {})
    return _of_directory_group(store, found)


def remove_directory_group(store: Store, object_id: str) -> None:
    """Take a group of the tenant out of the organization, and out of its groups."""
    for group in security_groups.list_of(store):
        if object_id in group.member_ids:
            security_groups.remove_member(store, group_id=group.group_id, member_id=object_id)
    store.documents.delete(_DIRECTORY_GROUP, object_id)


def find(store: Store, subject_id: str) -> Subject | None:
    """The subject with that storage key, or None."""
    wanted = subject_id.lower()
    user = next((u for u in users.list_users(store) if u.object_id == wanted), None)
    if user is not None:
        return _of_user(store, user)
    group = security_groups.find(store, wanted)
    if group is not None:
        return of_group(store, group)
    application = service_principals.find(store, wanted)
    if application is not None:
        return _of_application(store, application)
    directory = entra_groups.find(store, wanted)
    return _of_directory_group(store, directory) if directory else None


def by_descriptor(store: Store, descriptor: str) -> Subject:
    """The subject that a descriptor of the graph names. Raises `NotFound`."""
    prefix, _, digits = descriptor.lower().partition(".")
    if len(digits) == 32 and prefix in {*_PREFIX.values(), "svc"}:
        cuts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        found = find(store, "-".join(cuts))
        if found is not None and members.given_role(store, found.subject_id) != "Gone":
            return found
    raise absent(descriptor)


def absent(name: str) -> NotFound:
    """Nobody has that name."""
    return NotFound(
        f"VS860050: The identity {name[:100]} could not be found.", where=name[:100],
        code="GraphSubjectNotFoundException", hint="GET _apis/identities lists who there is.",
    )  # fmt: skip


def of_group(store: Store, group: SecurityGroup) -> Subject:
    """A group or team as a subject."""
    project = projects.find(store, group.project_id) if group.project_id else None
    scope = project.name if project else projects.ORGANIZATION
    domain = (
        f"vstfs:///Classification/TeamProject/{group.project_id}"
        if project
        else f"vstfs:///Framework/IdentityDomain/{projects.organization_id(store)}"
    )
    return Subject(
        subject_id=group.group_id, kind="group", origin="vsts", display_name=group.name,
        account=f"[{scope}]\\{group.name}", domain=domain, description=group.description,
        project_id=group.project_id, is_team=group.is_team,
    )  # fmt: skip


def _of_user(store: Store, user: users.User) -> Subject:
    return Subject(
        subject_id=user.object_id, kind="user", origin="aad", display_name=user.display_name,
        account=user.principal_name, mail=user.principal_name,
        domain=tenant.facts(store).tenant_id,
    )  # fmt: skip


def _of_application(store: Store, found: service_principals.ServicePrincipal) -> Subject:
    return Subject(
        subject_id=found.object_id, kind="servicePrincipal", origin="aad",
        display_name=found.display_name, account=found.object_id, application_id=found.app_id,
        domain=tenant.facts(store).tenant_id,
    )  # fmt: skip


def _of_directory_group(store: Store, found: entra_groups.Group) -> Subject:
    return Subject(
        subject_id=found.object_id, kind="group", origin="aad", display_name=found.display_name,
        account=f"[TEAM FOUNDATION]\\{found.display_name}",
        domain=tenant.facts(store).tenant_id,
    )  # fmt: skip
