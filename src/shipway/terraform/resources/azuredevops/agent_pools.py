"""The data sources of pools and queues.

Calls: GET of `{project}/_apis/distributedtask/queues` and `_apis/distributedtask/pools`. Queues are
not made: every project has one for each pool.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import (
    AtAttribute,
    TerraformDataSource,
    Values,
)
from shipway.terraform.resources.azuredevops.attributes import (
    listed,
    path,
    query,
    text,
)

_VERSION = "7.1-preview.1"
_POOLS = "/_apis/distributedtask/pools"


def read_pool(calls: Calls, config: Values) -> Values:
    """`data azuredevops_agent_pool`: by name."""
    name = text(config, "name")
    found = listed(calls.devops("GET", _POOLS + query({"poolName": name}), api_version=_VERSION))
    if not found:
        raise AtAttribute("name", f"Unable to find agent pool with name: {name}")
    pool = found[0]
    return {
        "id": str(pool["id"]),
        "name": pool["name"],
        "pool_type": pool.get("poolType"),
        "auto_provision": bool(pool.get("autoProvision")),
        "auto_update": bool(pool.get("autoUpdate")),
    }


def read_queue(calls: Calls, config: Values) -> Values:
    """`data azuredevops_agent_queue`: by name."""
    name = text(config, "name")
    address = _base(text(config, "project_id")) + query({"queueName": name})
    found = listed(calls.devops("GET", address, api_version=_VERSION))
    if not found:
        raise AtAttribute("name", f"Unable to find agent queues with name: {name}")
    return {"id": str(found[0]["id"]), "agent_pool_id": (found[0].get("pool") or {}).get("id")}


def _base(project: str) -> str:
    return f"{path(project)}/_apis/distributedtask/queues"


POOL_DATA = TerraformDataSource(type_name="azuredevops_agent_pool", read=read_pool)
QUEUE_DATA = TerraformDataSource(type_name="azuredevops_agent_queue", read=read_queue)
