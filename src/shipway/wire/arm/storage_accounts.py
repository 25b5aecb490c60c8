"""Storage accounts and their containers through ARM.

Source: https://learn.microsoft.com/rest/api/storagerp/storage-accounts
"""

from collections.abc import Mapping
from typing import Any

from shipway.azure.arm import resource_groups, resources, role_assignments
from shipway.azure.blob import accounts, containers
from shipway.azure.blob.accounts import StorageAccount
from shipway.azure.blob.containers import Container
from shipway.azure.entra import tenant
from shipway.base.clock import timestamp
from shipway.base.errors import NotFound
from shipway.store.store import Store
from shipway.wire.arm.shapes import object_of, required, tags_of, text_of
from shipway.wire.http import Request, Response, json_response

_TYPE = "Microsoft.Storage/storageAccounts"
_DEFAULTS: dict[str, Any] = {
    "accessTier": "Hot",
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": True,
    "isHnsEnabled": False,
    "isNfsV3Enabled": False,
    "minimumTlsVersion": "TLS1_2",
    "publicNetworkAccess": "Enabled",
    "supportsHttpsTrafficOnly": True,
}


def put(store: Store, request: Request) -> Response:
    """`PUT .../storageAccounts/{account}`."""
    body = request.json()
    account, _ = accounts.create_or_update(
        store,
        name=request.params["account"],
        resource_group=request.params["group"],
        location=required(body, "location"),
        sku=text_of(object_of(body, "sku"), "name", "Standard_LRS"),
        account_kind=text_of(body, "kind", "StorageV2"),
        tags=tags_of(body),
        properties=_known(object_of(body, "properties")),
    )
    return json_response(shape(store, account))


def patch(store: Store, request: Request) -> Response:
    """`PATCH ...`: what is given replaces what was."""
    before = _get(store, request)
    body = request.json()
    account, _ = accounts.create_or_update(
        store,
        name=before.name,
        resource_group=before.resource_group,
        location=before.location,
        sku=text_of(object_of(body, "sku"), "name", before.sku),
        account_kind=text_of(body, "kind", before.account_kind),
        tags=tags_of(body) if "tags" in body else before.tags,
        properties={**before.properties, **_known(object_of(body, "properties"))},
    )
    return json_response(shape(store, account))


def get(store: Store, request: Request) -> Response:
    """`GET ...`."""
    return json_response(shape(store, _get(store, request)))


def list_accounts(store: Store, request: Request) -> Response:
    """`GET .../providers/Microsoft.Storage/storageAccounts`, of a group or of all."""
    group = request.params.get("group", "")
    if group:
        resource_groups.get(store, group)
    found = accounts.list_accounts(store, resource_group=group)
    return json_response({"value": [shape(store, a) for a in found]})


def delete(store: Store, request: Request) -> Response:
    """`DELETE ...`: 200, or 204 when there is none."""
    if accounts.find(store, request.params["account"]) is None:
        return Response(status=204)
    remove(store, _get(store, request))
    return Response(status=200)


def remove(store: Store, account: StorageAccount) -> None:
    """Remove an account with its containers and the roles at it."""
    with store.database.transaction():
        for container in containers.list_containers(store, account=account.name):
            containers.delete(store, account=account.name, name=container.name)
        role_assignments.remove_at(store, account.resource_id)
        accounts.delete(store, account.name)


def list_keys(store: Store, request: Request) -> Response:
    """`POST .../listKeys`."""
    account = _get(store, request)
    return json_response(_keys(accounts.keys(store, account.name), timestamp(account.created_at)))


def regenerate_key(store: Store, request: Request) -> Response:
    """`POST .../regenerateKey`."""
    account = _get(store, request)
    key_name = required(request.json(), "keyName")
    keys = accounts.regenerate_key(store, account.name, key_name)
    return json_response(_keys(keys, timestamp(store.clock.now())))


def get_blob_service(store: Store, request: Request) -> Response:
    """`GET .../blobServices/default`."""
    account = _get(store, request)
    return json_response(
        {
            "id": f"{account.resource_id}/blobServices/default",
            "name": "default",
            "type": f"{_TYPE}/blobServices",
            "sku": _sku(account),
            "properties": {
                "cors": {"corsRules": []},
                "deleteRetentionPolicy": {"enabled": False, "allowPermanentDelete": False},
            },
        }
    )


def put_container(store: Store, request: Request) -> Response:
    """`PUT .../blobServices/default/containers/{container}`."""
    account = _get(store, request)
    properties = object_of(request.json(), "properties")
    metadata = {str(k): str(v) for k, v in object_of(properties, "metadata").items()}
    name = request.params["container"]
    with store.database.transaction():
        found = containers.find(store, account=account.name, name=name)
        if found is None:
            made = containers.create(store, account=account.name, name=name, metadata=metadata)
            return json_response(_container(account, made), status=201)
        if metadata:
            found = containers.set_metadata(
                store, account=account.name, name=name, metadata=metadata
            )
    return json_response(_container(account, found))


def get_container(store: Store, request: Request) -> Response:
    """`GET .../containers/{container}`."""
    account = _get(store, request)
    found = containers.get(store, account=account.name, name=request.params["container"])
    return json_response(_container(account, found))


def list_containers(store: Store, request: Request) -> Response:
    """`GET .../containers`."""
    account = _get(store, request)
    found = containers.list_containers(store, account=account.name)
    return json_response({"value": [_container(account, c) for c in found]})


def delete_container(store: Store, request: Request) -> Response:
    """`DELETE .../containers/{container}`: 200, or 204 when there is none."""
    account, name = _get(store, request), request.params["container"]
    if containers.find(store, account=account.name, name=name) is None:
        return Response(status=204)
    with store.database.transaction():
        containers.delete(store, account=account.name, name=name)
        role_assignments.remove_at(
            store, f"{account.resource_id}/blobServices/default/containers/{name}"
        )
    return Response(status=200)


def shape(store: Store, account: StorageAccount) -> dict[str, Any]:
    """An account as ARM writes it."""
    del store
    host = f"{account.name}.{{}}.core.windows.net"
    return {
        "id": account.resource_id,
        "name": account.name,
        "type": _TYPE,
        "location": account.location,
        "tags": dict(account.tags),
        "kind": account.account_kind,
        "sku": _sku(account),
        "properties": {
            **_DEFAULTS,
            **account.properties,
            "provisioningState": account.provisioning_state,
            "creationTime": timestamp(account.created_at),
            "primaryLocation": account.location,
            "statusOfPrimary": "available",
            "primaryEndpoints": {"blob": f"https://{host.format('blob')}/"},
            "networkAcls": account.properties.get("networkAcls")
            or {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [],
                "virtualNetworkRules": []},
            "encryption": account.properties.get("encryption")
            or {"keySource": "Microsoft.Storage", "services": {"blob": {
                "enabled": True, "keyType": "Account"}}},
        },
    }  # fmt: skip


def _get(store: Store, request: Request) -> StorageAccount:
    resource_groups.get(store, request.params["group"])
    account = accounts.find(store, request.params["account"])
    if account is None or account.resource_group.lower() != request.params["group"].lower():
        raise _absent(store, request)
    return account


def _absent(store: Store, request: Request) -> NotFound:
    home = tenant.facts(store)
    return resources.absent(
        f"{home.subscription_scope}/resourceGroups/{request.params['group']}"
        f"/providers/{_TYPE}/{request.params['account']}"
    )


def _known(properties: Mapping[str, Any]) -> dict[str, object]:
    computed = {"provisioningState", "creationTime", "primaryEndpoints", "primaryLocation"}
    return {k: v for k, v in properties.items() if k not in computed and v is not None}


def _sku(account: StorageAccount) -> dict[str, str]:
    return {"name": account.sku, "tier": account.sku.partition("_")[0]}


def _keys(keys: Mapping[str, str], created: str) -> dict[str, Any]:
    return {
        "keys": [
            {"keyName": n, "value": v, "permissions": "FULL", "creationTime": created}
            for n, v in keys.items()
        ]
    }


def _container(account: StorageAccount, container: Container) -> dict[str, Any]:
    return {
        "id": f"{account.resource_id}/blobServices/default/containers/{container.name}",
        "name": container.name,
        "type": f"{_TYPE}/blobServices/containers",
        "etag": f'"{container.etag}"',
        "properties": {
            "metadata": dict(container.metadata),
            "publicAccess": "None",
            "leaseStatus": "Unlocked",
            "leaseState": "Available",
            "lastModifiedTime": timestamp(container.modified_at),
            "hasImmutabilityPolicy": False,
            "hasLegalHold": False,
            "defaultEncryptionScope": "$account-encryption-key",
            "denyEncryptionScopeOverride": False,
        },
    }
