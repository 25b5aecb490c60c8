"""Routes and shapes of workspaces, and the discovery document that their discoveryUrl names.

Source: https://learn.microsoft.com/rest/api/azureml/workspaces
"""

from typing import Any

from shipway.azure.arm import operations
from shipway.azure.entra import tenant
from shipway.base.errors import BadInput
from shipway.ml import workspaces
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, given_identities, linked_accounts
from shipway.wire.ml import operations as operations_of_ml

_READ_ONLY = frozenset(
    {
        "friendlyName", "description", "storageAccount", "tenantId", "workspaceId", "discoveryUrl",
        "mlFlowTrackingUri", "provisioningState", "creationTime", "notebookInfo", "tags",
        "privateLinkCount", "serviceProvisionedResourceGroup", "privateEndpointConnections",
        "storageHnsEnabled", "agentsEndpointUri", "associatedWorkspaces",
    }
)  # fmt: skip


def get(store: Store, request: Request) -> Response:
    """One workspace."""
    return json_response(shape(store, envelopes.workspace_of(store, request)))


def list_all(store: Store, request: Request) -> Response:
    """The workspaces of a resource group or subscription."""
    found = workspaces.list_all(
        store,
        subscription=request.params["subscription"],
        resource_group=request.params.get("group", ""),
    )
    return envelopes.page(request, found, lambda workspace: shape(store, workspace))


def put(store: Store, request: Request) -> Response:
    """Create or replace. Made at once, so the first answer is the last: 200; the service knows
    202 beside it, and no 201."""
    body = request.json()
    location = fields.required_text(body, "location", hint='For example "westeurope".')
    _check_identity(body)
    given_identities.read(store, request, body)  # they are not kept; may they be given at all?
    kind = fields.text(body, "kind", "Default")
    if kind.lower() != "default":
        raise BadInput(
            f"The workspace kind '{kind}' is not supported.", code="ValidationError", where="kind",
            hint="Only 'Default' workspaces are; hubs, projects and feature stores are not.",
        )  # fmt: skip
    properties = fields.mapping(body, "properties")
    account = fields.text(properties, "storageAccount").rstrip("/").rpartition("/")[2]
    given: dict[str, Any] = {
        "description": fields.text(properties, "description"),
        "friendly_name": fields.text(properties, "friendlyName"),
        "tags": fields.texts(body, "tags"),
        "settings": {n: v for n, v in properties.items() if n not in _READ_ONLY},
    }
    with store.database.transaction():
        old = workspaces.find(store, envelopes.key_of(request))
        if old is not None:
            return json_response(shape(store, workspaces.update(store, old.key, **given)))
        if account:
            linked_accounts.check(store, request, account)
        made = workspaces.create(
            store, subscription=request.params["subscription"],
            resource_group=request.params["group"], name=request.params["workspace"],
            location=location.lower().replace(" ", ""), storage_account=account,
            principal=request.principal, **given,
        )  # fmt: skip
    return json_response(shape(store, made))


def patch(store: Store, request: Request) -> Response:
    """Change tags and properties."""
    body = request.json()
    workspace = envelopes.workspace_of(store, request)
    properties = fields.mapping(body, "properties")
    changed = workspaces.update(
        store, workspace.key,
        description=fields.text(properties, "description") if "description" in properties else None,
        friendly_name=fields.text(properties, "friendlyName")
        if "friendlyName" in properties
        else None,
        tags=fields.texts(body, "tags") if body.get("tags") is not None else None,
        settings={n: v for n, v in properties.items() if n not in _READ_ONLY},
    )  # fmt: skip
    return json_response(shape(store, changed))


def delete(store: Store, request: Request) -> Response:
    """Delete, with an operation to poll as on Azure; 204 when there was none."""
    key = envelopes.key_of(request)
    workspace = workspaces.find(store, key)
    if workspace is None:
        return Response(status=204)
    with store.database.transaction():
        operation = operations.start(store, resource_id=workspace.resource_id)
        workspaces.delete(store, key)
        operations.finish(store, operation.operation_id)
    headers = operations_of_ml.headers(request, workspace, operation.operation_id)
    return Response(status=202, headers=headers)


def list_keys(store: Store, request: Request) -> Response:
    """The keys that belong to a workspace."""
    workspace = envelopes.workspace_of(store, request)
    return json_response(
        {
            "userStorageKey": workspaces.storage_key(store, workspace),
            "userStorageResourceId": workspace.storage_account_id,
            "appInsightsInstrumentationKey": None,
            "containerRegistryCredentials": None,
            "notebookAccessKeys": None,
        }
    )


def discovery(store: Store, request: Request) -> Response:
    """The service URLs of a region; public, like Azure's own."""
    del store
    region = request.host.split(".", 1)[0]
    api = f"https://{region}.api.azureml.ms"
    return json_response(
        {
            "api": api, "history": api, "experimentation": api, "catalog": api, "hyperdrive": api,
            "pipelines": api, "modelmanagement": api, "studio": "https://ml.azure.com",
            "labeling": api, "datastore": api, "mlflow": api,
        }
    )  # fmt: skip


def shape(store: Store, workspace: Workspace) -> dict[str, Any]:
    """A workspace on the wire."""
    api = f"{workspace.location}.api.azureml.ms"
    return {
        "id": workspace.resource_id,
        "name": workspace.name,
        "type": f"{envelopes.PROVIDER}/workspaces",
        "location": workspace.location,
        "tags": dict(workspace.tags),
        "etag": workspace.etag,
        "kind": "Default",
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": {
            "type": "SystemAssigned",
            "principalId": workspace.principal_id,
            "tenantId": tenant.facts(store).tenant_id,
        },
        "systemData": envelopes.system_data(workspace),
        "properties": {
            "publicNetworkAccess": "Enabled",
            "systemDatastoresAuthMode": "accesskey",
            "v1LegacyMode": False,
            "hbiWorkspace": False,
            "enableDataIsolation": False,
            "keyVault": "",
            "applicationInsights": "",
            **workspace.settings,
            "friendlyName": workspace.friendly_name,
            "description": workspace.description,
            "storageAccount": workspace.storage_account_id,
            "tenantId": tenant.facts(store).tenant_id,
            "workspaceId": workspace.workspace_id,
            "discoveryUrl": f"https://{api}/discovery",
            "mlFlowTrackingUri": f"azureml://{api}/mlflow/v1.0{workspace.resource_id}",
            "provisioningState": "Succeeded",
            "storageHnsEnabled": False,
            "privateLinkCount": 0,
        },
    }


def _check_identity(body: dict[str, Any]) -> None:
    kind = fields.text(body, "identity.type", "SystemAssigned")
    if "systemassigned" not in kind.lower().replace("_", ""):
        raise BadInput(
            f"The identity type '{kind}' of a workspace is not supported.",
            code="ValidationError", where="identity.type",
            hint="shipway's workspaces have a system-assigned identity: send 'SystemAssigned'.",
        )  # fmt: skip
