"""`azuredevops_agent_queue` and the data sources of pools and queues.

Calls: POST, GET and DELETE of `{project}/_apis/distributedtask/queues`, GET of
`_apis/distributedtask/pools`.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import (
    AtAttribute,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    listed,
    number,
    path,
    query,
    same_letters,
    text,
)
from shipway.terraform.resources.azuredevops.imports import by_project, is_integer

_VERSION = "7.1-preview.1"
_POOLS = "/_apis/distributedtask/pools"


def create(calls: Calls, values: Values) -> Values:
    """Let a project use a pool."""
    pool, name = number(values, "agent_pool_id"), text(values, "name")
    body: Values = {"name": name}
    if pool:
        with doing("looking up referenced agent pool", {404: "agent_pool_id"}):
            found = calls.devops("GET", _POOLS + path(pool), api_version=_VERSION)
        body = {"name": found["name"], "pool": {"id": pool}}
    address = _base(text(values, "project_id")) + query({"authorizePipelines": "false"})
    about = "agent_pool_id" if pool else "name"
    with doing("creating agent queue", {404: about, 409: about}):
        made = calls.devops("POST", address, api_version=_VERSION, body=body)
    return {"id": str(made["id"])}


def read(calls: Calls, values: Values) -> Values | None:
    """The queue as it is; None when it is gone."""
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    found = calls.devops("GET", address, api_version=_VERSION, missing_ok=True)
    if found is None:
        return None
    return {"name": found["name"], "agent_pool_id": (found.get("pool") or {}).get("id")}


def delete(calls: Calls, values: Values) -> None:
    """Take the pool from the project."""
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    with doing("deleting agent queue"):
        calls.devops("DELETE", address, api_version=_VERSION, missing_ok=True)


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


QUEUE = TerraformResource(
    type_name="azuredevops_agent_queue",
    create=create,
    read=read,
    delete=delete,
    import_state=by_project(is_integer, "projectid/queueId"),
    suppress={"project_id": same_letters},
)
POOL_DATA = TerraformDataSource(type_name="azuredevops_agent_pool", read=read_pool)
QUEUE_DATA = TerraformDataSource(type_name="azuredevops_agent_queue", read=read_queue)
