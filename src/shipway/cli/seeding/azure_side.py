"""The Azure half of an environment: group, workspace, compute, roles, data."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shipway.base import ids
from shipway.cli.seeding.settings import StackSettings
from shipway.client.azure import AzureClient, AzureSaid

_ML = "Microsoft.MachineLearningServices/workspaces"
_ML_VERSION = "2024-10-01"
_LOCATION = "westeurope"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSide:
    """What was made, as far as the other half needs it."""

    workspace_id: str
    storage_id: str
    storage_account: str
    container: str


def make(client: AzureClient, settings: StackSettings, say: Say) -> AzureSide:
    """Make the resources of an environment; making them again changes nothing."""
    scope = f"/subscriptions/{client.subscription_id}/resourceGroups/{settings.resource_group}"
    client.arm("PUT", scope, api_version="2021-04-01", body={"location": _LOCATION})
    workspace_id = f"{scope}/providers/{_ML}/{settings.workspace}"
    client.arm("PUT", workspace_id, api_version=_ML_VERSION, body={
        "location": _LOCATION, "identity": {"type": "SystemAssigned"},
        "properties": {"friendlyName": f"flights {settings.environment}"},
    })  # fmt: skip
    say(f"workspace {settings.workspace}")
    side = of_workspace(client, workspace_id)
    container = f"{side.storage_id}/blobServices/default/containers/pipeline-artifacts"
    client.arm("PUT", container, api_version="2023-01-01", body={"properties": {}})
    compute = _compute(client, workspace_id, settings)
    say(f"compute {settings.get('compute_name')}")
    for role, where in (
        ("AzureML Data Scientist", workspace_id),
        ("Storage Blob Data Contributor", side.storage_id),
    ):
        assign(client, principal_id=compute, role=role, scope=where)
    return side


def of_workspace(client: AzureClient, workspace_id: str) -> AzureSide:
    """What a workspace that is there stands on."""
    workspace = client.arm("GET", workspace_id, api_version=_ML_VERSION)
    store = client.arm(
        "GET", f"{workspace_id}/datastores/workspaceblobstore", api_version=_ML_VERSION
    )
    return AzureSide(
        workspace_id=workspace_id,
        storage_id=str(workspace["properties"]["storageAccount"]),
        storage_account=str(store["properties"]["accountName"]),
        container=str(store["properties"]["containerName"]),
    )


def upload(client: AzureClient, side: AzureSide, folder: Path) -> int:
    """Upload the files of a folder below `data/`; how many."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        name = f"data/{path.relative_to(folder).as_posix()}"
        client.put_blob(side.storage_account, side.container, name, path.read_bytes())
    return len(files)


def assign(client: AzureClient, *, principal_id: str, role: str, scope: str) -> None:
    """Give a role at a scope; a second time it is there already."""
    wanted = f"roleName eq '{role}'".replace(" ", "%20")
    found = client.arm(
        "GET",
        f"{scope}/providers/Microsoft.Authorization/roleDefinitions?$filter={wanted}",
        api_version="2022-04-01",
    )
    definition = found["value"][0]["id"]
    name = ids.guid_from("role assignment", scope, role, principal_id)
    body = {"properties": {"roleDefinitionId": definition, "principalId": principal_id,
                           "principalType": "ServicePrincipal"}}  # fmt: skip
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    try:
        client.arm("PUT", path, api_version="2022-04-01", body=body)
    except AzureSaid as error:
        if error.code != "RoleAssignmentExists":
            raise


def _compute(client: AzureClient, workspace_id: str, settings: StackSettings) -> str:
    """The compute cluster; the object id of its identity."""
    made = client.arm(
        "PUT",
        f"{workspace_id}/computes/{settings.get('compute_name')}",
        api_version=_ML_VERSION,
        body={
            "location": _LOCATION,
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "computeType": "AmlCompute",
                "properties": {
                    "vmSize": settings.get("compute_vm_size"),
                    "scaleSettings": {
                        "minNodeCount": 0,
                        "maxNodeCount": int(settings.get("compute_max_nodes")),
                        "nodeIdleTimeBeforeScaleDown": "PT5M",
                    },
                },
            },
        },
    )
    return str(made["identity"]["principalId"])
