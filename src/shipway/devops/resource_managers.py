"""Who manages a protected resource: whom a group of the project lets, and whoever made it.

As on Azure, a contributor may make environments, variable groups and service connections and then
administers these, and no others. Source:
https://learn.microsoft.com/azure/devops/pipelines/policies/permissions
"""

from shipway.azure.entra.principals import Principal
from shipway.base.errors import NotFound
from shipway.devops import environments, members, service_connections, variable_groups
from shipway.devops.members import Permission
from shipway.store.store import Store


def may_manage(
    store: Store, principal: Principal, *, project_id: str, kind: str, resource_id: str
) -> bool:
    """Whether somebody may change a resource, its checks and which pipelines may use it."""
    has = members.permissions_of(store, principal, project_id=project_id)
    if permission_for(kind) in has:
        return True
    made_by = _creator_of(store, project_id, kind.lower(), resource_id)
    return "contribute" in has and made_by != "" and made_by == principal.object_id


def permission_for(kind: str) -> Permission:
    """The permission that is enough for every resource of a type."""
    return "endpoint" if kind.lower() == "endpoint" else "build"


def _creator_of(store: Store, project_id: str, kind: str, resource_id: str) -> str:
    try:
        if kind == "endpoint":
            return service_connections.get(store, resource_id).created_by_id
        if kind == "environment" and resource_id.isdecimal():
            return environments.get(
                store, project_id=project_id, environment_id=int(resource_id)
            ).created_by_id
        if kind == "variablegroup" and resource_id.isdecimal():
            return variable_groups.get(store, int(resource_id)).created_by_id
    except NotFound:
        return ""
    return ""
