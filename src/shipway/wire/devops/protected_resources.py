"""The protected resource that a type and an id name, for permissions and checks.

Source: https://learn.microsoft.com/azure/devops/pipelines/security/resources
"""

from shipway.base.errors import NotFound
from shipway.devops import (
    agent_pools,
    environments,
    repositories,
    service_connections,
    variable_groups,
)
from shipway.devops.projects import Project
from shipway.store.store import Store
from shipway.wire.devops import shapes


def name_of(store: Store, project: Project, kind: str, resource_id: str) -> str:
    """The resource's name. Raises `NotFound` for one that this project does not have."""
    kind = kind.lower()
    if kind == "endpoint":
        return service_connections.get(store, resource_id, project_id=project.project_id).name
    if kind == "environment":
        return environments.get(
            store, project_id=project.project_id,
            environment_id=shapes.number(resource_id, "resourceId"),
        ).name  # fmt: skip
    if kind == "variablegroup":
        number = shapes.number(resource_id, "resourceId")
        return variable_groups.get(store, number, project_id=project.project_id).name
    if kind == "repository":
        # Azure writes it <project id>.<repository id>
        return repositories.get(
            store, project_id=project.project_id, name_or_id=resource_id.rpartition(".")[2]
        ).name
    found = agent_pools.POOLS.get(shapes.number(resource_id, "resourceId"))
    if kind != "queue" or found is None:
        raise NotFound(
            f"there is no {kind} '{resource_id[:100]}'", where="resourceId",
            code="ResourceNotFoundException",
        )  # fmt: skip
    return found.name
