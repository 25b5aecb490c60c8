"""Log Analytics workspaces: their keys, and those that were deleted and can come back.

Source: https://learn.microsoft.com/rest/api/loganalytics/workspaces
"""

from typing import Any

from shipway.azure.arm import resource_ids, resources
from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import tenant
from shipway.base import ids
from shipway.base.clock import timestamp
from shipway.store.store import Store
from shipway.wire.arm.resource_type import Given
from shipway.wire.http import Request, Response, json_response

TYPE = "Microsoft.OperationalInsights/workspaces"
_KEYS = ("primarySharedKey", "secondarySharedKey")


def properties(store: Store, resource: ArmResource) -> dict[str, Any]:
    """A workspace with what Azure computes."""
    del store
    given = dict(resource.properties)
    features = {
        "legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": True,
        **(given.pop("features", None) or {}),
    }  # fmt: skip
    return {
        "retentionInDays": 30,
        "sku": {"name": "PerGB2018"},
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "forceCmkForQuery": False,
        "workspaceCapping": {"dailyQuotaGb": -1.0, "dataIngestionStatus": "RespectQuota"},
        **given,
        "features": features,
        "customerId": ids.guid_from("log workspace", resource.resource_id.lower()),
        "createdDate": timestamp(resource.created_at),
    }


def prepare(
    store: Store, request: Request, resource_id: str, given: Given, before: ArmResource | None
) -> Given:
    """Workspaces deleted here are gone at once, so there is none to recover."""
    del store, request, resource_id
    kept = {k: v for k, v in given.items() if v is not None}
    return {**(before.properties if before else {}), **kept}


def removed(store: Store, resource: ArmResource) -> None:
    """Its keys go with it."""
    for name in _KEYS:
        store.secrets.delete(_secret(resource, name))


def list_deleted(store: Store, request: Request) -> Response:
    """`GET .../deletedWorkspaces`: none; here a deletion is what `force=true` is on Azure."""
    del store, request
    return json_response({"value": []})


def shared_keys(store: Store, request: Request) -> Response:
    """`POST .../workspaces/{name}/sharedKeys`."""
    workspace = _workspace(store, request)
    return json_response({name: _key(store, workspace, name) for name in _KEYS})


def regenerate(store: Store, request: Request) -> Response:
    """`POST .../workspaces/{name}/regenerateSharedKey`: both anew."""
    workspace = _workspace(store, request)
    removed(store, workspace)
    return shared_keys(store, request)


def _key(store: Store, workspace: ArmResource, name: str) -> str:
    with store.database.transaction():
        found = store.secrets.find(_secret(workspace, name))
        if found is None:
            found = ids.new_key()
            store.secrets.put(_secret(workspace, name), found)
    return found


def _secret(workspace: ArmResource, name: str) -> str:
    return f"log workspace {workspace.resource_id.lower()} {name}"


def _workspace(store: Store, request: Request) -> ArmResource:
    home = tenant.facts(store)
    named = resource_ids.resource(
        home.subscription_id, request.params["group"], "Microsoft.OperationalInsights",
        "workspaces", request.params["name"],
    )  # fmt: skip
    return resources.get(store, str(named))
