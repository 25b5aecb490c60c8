"""What a caller may do in a project, and how Azure DevOps says that it is not enough.

Source: https://learn.microsoft.com/azure/devops/organizations/security/permissions
"""

from shipway.base.errors import Forbidden, NotFound
from shipway.devops import members, resource_managers
from shipway.devops.members import Permission
from shipway.devops.security_groups import SecurityGroup
from shipway.store.store import Store
from shipway.wire.http import Request


def require(
    store: Store, request: Request, permission: Permission, *, project_id: str | None
) -> None:
    """Raises `Forbidden`, or `NotFound` for a project that the caller may not know of.

    A handler asks again where the body, not the path, names the project; without a project it is
    enough to have the permission in any.
    """
    has = members.permissions_of(store, request.principal, project_id=project_id)
    if permission in has:
        return
    if not has and project_id is not None:
        raise NotFound(
            f"VS800075: The project with id 'vstfs:///Classification/TeamProject/{project_id}' "
            "does not exist, or you do not have permission to access it.",
            code="ProjectDoesNotExistException", where=project_id,
        )  # fmt: skip
    raise Forbidden(
        f"TF401019: {request.principal.name} needs the permission '{permission}' for "
        f"{request.method} {request.path}",
        code="AccessDeniedException", where=request.path,
        hint="An administrator of the project or the organization can do this.",
    )  # fmt: skip


def require_manager(
    store: Store, request: Request, *, project_id: str, kind: str, resource_id: object
) -> None:
    """Raises `Forbidden` for whoever neither manages such resources nor made this one."""
    if not resource_managers.may_manage(
        store, request.principal, project_id=project_id, kind=kind, resource_id=str(resource_id)
    ):
        permission = resource_managers.permission_for(kind)
        require(store, request, permission, project_id=project_id)


def require_group_manager(store: Store, request: Request, group: SecurityGroup) -> None:
    """Raises `Forbidden` for whoever may not say who is in a group.

    Administrators of the project may, of the organization for its own groups, and a team's.
    """
    if request.principal.object_id in group.administrator_ids and not request.principal.run_id:
        return
    require(
        store, request, "administer" if group.project_id else "organize",
        project_id=group.project_id or None,
    )  # fmt: skip


def sees(store: Store, request: Request, project_id: str) -> bool:
    """Whether the caller may look at a project at all."""
    return members.may(store, request.principal, "read", project_id=project_id)
