"""Routes and shapes of datastores and their secrets.

Source: https://learn.microsoft.com/rest/api/azureml/datastores
"""

from typing import Any

from shipway.azure.blob import accounts
from shipway.base.errors import NotSupported
from shipway.ml import datastores
from shipway.ml.datastores import Datastore
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, linked_accounts

_CREDENTIALS = ("AccountKey", "Sas", "None", "ServicePrincipal", "Certificate")


def get(store: Store, request: Request) -> Response:
    """One datastore."""
    workspace = envelopes.workspace_of(store, request)
    found = datastores.get(store, workspace=workspace.key, name=request.params["name"])
    return json_response(shape(workspace, found))


def list_all(store: Store, request: Request) -> Response:
    """The datastores of a workspace."""
    workspace = envelopes.workspace_of(store, request)
    found = datastores.list_all(store, workspace=workspace.key)
    if request.arg("isDefault").lower() == "true":
        found = [datastore for datastore in found if datastore.is_default]
    return envelopes.page(request, found, lambda datastore: shape(workspace, datastore))


def put(store: Store, request: Request) -> Response:
    """Create or replace."""
    workspace = envelopes.workspace_of(store, request)
    properties = fields.mapping(request.json(), "properties")
    kind = fields.choice(properties, "datastoreType", datastores.TYPES, "")
    if kind not in ("AzureBlob", "AzureFile", "AzureDataLakeGen2"):
        raise NotSupported(
            f"datastores of type {kind} are not supported", code="DatastoreTypeNotSupported",
            where="properties.datastoreType", hint="Supported: AzureBlob, AzureDataLakeGen2.",
        )  # fmt: skip
    credentials = fields.choice(properties, "credentials.credentialsType", _CREDENTIALS, "None")
    account = fields.required_text(properties, "accountName").lower()
    key = fields.text(properties, "credentials.secrets.key")
    linked_accounts.check(store, request, account, key=key)
    container = {"AzureBlob": "containerName", "AzureFile": "fileShareName"}
    name = request.params["name"]
    with store.database.transaction():
        before = datastores.find(store, workspace=workspace.key, name=name)
        made = datastores.create(
            store, workspace=workspace.key, name=name, datastore_type=kind,
            account=account,
            container=fields.required_text(properties, container.get(kind, "filesystem")),
            is_default=fields.flag(
                properties, "isDefault", default=before.is_default if before else False
            ),
            description=fields.text(properties, "description"),
            tags=fields.texts(properties, "tags"),
            properties=fields.texts(properties, "properties"),
            credentials_type=credentials, principal=request.principal,
        )  # fmt: skip
    return json_response(shape(workspace, made), status=201 if before is None else 200)


def delete(store: Store, request: Request) -> Response:
    """Forget a datastore."""
    workspace = envelopes.workspace_of(store, request)
    gone = datastores.delete(store, workspace=workspace.key, name=request.params["name"])
    return Response(status=200 if gone else 204)


def list_secrets(store: Store, request: Request) -> Response:
    """The secret of a datastore: its account's key.

    Azure answers a SAS where one that expires is asked for; the SDK signs log URLs itself with
    whatever it gets, which works with the base64 key alone.
    """
    workspace = envelopes.workspace_of(store, request)
    found = datastores.get(store, workspace=workspace.key, name=request.params["name"])
    fields.flag(request.json(), "expirableSecret")
    key = accounts.keys(store, found.account)["key1"]
    return json_response({"secretsType": "AccountKey", "key": key})


def shape(workspace: Workspace, datastore: Datastore) -> dict[str, Any]:
    """A datastore on the wire."""
    place = {
        "AzureBlob": "containerName", "AzureFile": "fileShareName",
    }.get(datastore.datastore_type, "filesystem")  # fmt: skip
    properties: dict[str, Any] = {
        "description": datastore.description or None,
        "tags": dict(datastore.tags),
        "properties": dict(datastore.properties),
        "isDefault": datastore.is_default,
        "credentials": {"credentialsType": datastore.credentials_type},
        "datastoreType": datastore.datastore_type,
        "accountName": datastore.account,
        place: datastore.container,
        "endpoint": "core.windows.net",
        "protocol": "https",
        "serviceDataAccessAuthIdentity": "None",
        "subscriptionId": workspace.subscription,
        "resourceGroup": workspace.resource_group,
    }
    return envelopes.resource(workspace, f"datastores/{datastore.name}", datastore, properties)
