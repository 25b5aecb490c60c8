"""Agent pools and queues: there is one agent here, under the names that pipelines ask for.

Source: https://learn.microsoft.com/rest/api/azure/devops/distributedtask/pools
"""

from typing import Any

from shipway.base.errors import NotFound
from shipway.devops.agent_pools import HOSTED, POOLS
from shipway.devops.projects import Project
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.shapes import in_organization, in_project
from shipway.wire.http import Request, Response, Route, json_response


class AgentPools:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pools(self, request: Request) -> Response:
        """GET distributedtask/pools."""
        name = request.arg("poolName").casefold()
        return shapes.collection(
            [_pool(n) for n, one in POOLS.items() if name in ("", one.name.casefold())]
        )

    def pool(self, request: Request) -> Response:
        """GET distributedtask/pools/{id}."""
        return json_response(_pool(_known(request.params["pool"], "poolId")))

    def queues(self, request: Request) -> Response:
        """GET distributedtask/queues."""
        project = shapes.project_of(self._store, request)
        asked = f"{request.arg('queueName')},{request.arg('queueNames')}".casefold().split(",")
        names = {n for n in asked if n}
        return shapes.collection(
            [
                queue_shape(request, project, n)
                for n, one in POOLS.items()
                if not names or one.name.casefold() in names
            ]
        )

    def queue(self, request: Request) -> Response:
        """GET distributedtask/queues/{id}."""
        project = shapes.project_of(self._store, request)
        number = _known(request.params["queue"], "queueId")
        return json_response(queue_shape(request, project, number))


def queue_shape(request: Request, project: Project, number: int = HOSTED) -> dict[str, Any]:
    """`TaskAgentQueue`."""
    name, hosted = POOLS[number].name, POOLS[number].is_hosted
    return {
        "id": number, "name": name, "projectId": project.project_id,
        "url": f"{shapes.project_url(request, project)}/_apis/distributedtask/queues/{number}",
        "pool": {"id": number, "name": name, "isHosted": hosted},
    }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Pools and queues, to be looked at."""
    noun = AgentPools(store)
    pools = ("poolName", "properties", "poolType", "actionFilter")
    queues = ("queueName", "queueNames", "actionFilter")
    return (
        in_organization("GET", "distributedtask/pools", noun.pools, query=pools),
        in_organization("GET", "distributedtask/pools/{pool}", noun.pool,
                        query=("properties", "actionFilter")),
        in_project("GET", "distributedtask/queues", noun.queues, query=queues),
        in_project("GET", "distributedtask/queues/{queue}", noun.queue, query=("actionFilter",)),
    )  # fmt: skip


def _known(text: str, name: str) -> int:
    number = shapes.number(text, name)
    if number not in POOLS:
        raise NotFound(
            f"No agent pool found with identifier {number}.", where=name,
            code="TaskAgentPoolNotFoundException", hint="Known: 1 and 2.",
        )  # fmt: skip
    return number


def _pool(number: int) -> dict[str, Any]:
    name, hosted = POOLS[number].name, POOLS[number].is_hosted
    return {
        "id": number, "name": name, "isHosted": hosted, "poolType": "automation", "size": 1,
        "isLegacy": False, "autoProvision": True, "autoUpdate": True,
    }  # fmt: skip
