"""Storage accounts and their containers through ARM.

Source: https://learn.microsoft.com/rest/api/storagerp/storage-accounts
"""

from collections.abc import Mapping
from typing import Any

from shipway.azure.arm import resource_groups, resources, role_assignments
from shipway.azure.blob import accounts, containers
from shipway.azure.blob.accounts import StorageAccount
from shipway.azure.blob.containers import Container
from shipway.azure.entra import managed_identities, tenant
from shipway.base.clock import timestamp
from shipway.base.errors import Conflict, NotFound, NotSupported
from shipway.store.store import Store
from shipway.wire.arm import identity_shapes
from shipway.wire.arm.shapes import object_of, required, tags_of, text_of
from shipway.wire.http import Request, Response, json_response

_TYPE = "Microsoft.Storage/storageAccounts"
_IDENTITY = "identity"  # kept beside the properties
_SERVICE = "storage_service"
_SERVICES: dict[str, dict[str, Any]] = {
    "blob": {
        "cors": {"corsRules": []},
        "deleteRetentionPolicy": {"enabled": False, "allowPermanentDelete": False},
    },
    "file": {
        "cors": {"corsRules": []},
        "protocolSettings": {"smb": {}},
        "shareDeleteRetentionPolicy": {"enabled": True, "days": 7},
    },
    "queue": {"cors": {"corsRules": []}},
    "table": {"cors": {"corsRules": []}},
}
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
        properties=_known(object_of(body, "properties")) | _identity(store, request, body),
    )
    _ensure_identity(store, account)
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
        properties={
            **before.properties,
            **_known(object_of(body, "properties")),
            **_identity(store, request, body),
        },
    )
    _ensure_identity(store, account)
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
        for document in store.documents.list(_SERVICE, prefix=f"{account.name}/"):
            store.documents.delete(_SERVICE, document.key)
        managed_identities.delete_for(store, account.resource_id)
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


def get_service(store: Store, request: Request) -> Response:
    """`GET .../blobServices/default`, `.../fileServices/default` and the others."""
    account, kind = _get(store, request), _service(request)
    return json_response(_service_shape(store, account, kind))


def put_service(store: Store, request: Request) -> Response:
    """`PUT ...`: kept and shown; versioning and soft delete change nothing about blobs here."""
    account, kind = _get(store, request), _service(request)
    given = object_of(request.json(), "properties")
    _refuse_unkept(kind, given)
    key = f"{account.name}/{kind}"
    store.documents.put(_SERVICE, key, {k: v for k, v in given.items() if v is not None})
    return json_response(_service_shape(store, account, kind))


def put_container(store: Store, request: Request) -> Response:
    """`PUT .../blobServices/default/containers/{container}`."""
    account = _get(store, request)
    properties = object_of(request.json(), "properties")
    _refuse_public(properties)
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


def patch_container(store: Store, request: Request) -> Response:
    """`PATCH .../containers/{container}`: other metadata. Raises `NotFound`."""
    account, name = _get(store, request), request.params["container"]
    properties = object_of(request.json(), "properties")
    _refuse_public(properties)
    found = containers.get(store, account=account.name, name=name)
    if properties.get("metadata") is not None:
        metadata = {str(k): str(v) for k, v in object_of(properties, "metadata").items()}
        found = containers.set_metadata(store, account=account.name, name=name, metadata=metadata)
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
    """An account as ARM writes it. Of its hosts the one for blobs is answered here."""
    given = {k: v for k, v in account.properties.items() if k != _IDENTITY}
    kept: Mapping[str, Any] = account.properties.get(_IDENTITY) or {}  # type: ignore[assignment]
    identity = identity_shapes.shape(
        store, account.resource_id, str(kept.get("kind", "")), tuple(kept.get("users", ()))
    )
    parts = ("blob", "dfs", "file", "queue", "table")
    hosts = {part: f"https://{account.name}.{part}.core.windows.net/" for part in parts}
    hosts["web"] = f"https://{account.name}.z6.web.core.windows.net/"
    own = {"identity": identity} if identity else {}
    return own | {
        "id": account.resource_id,
        "name": account.name,
        "type": _TYPE,
        "location": account.location,
        "tags": dict(account.tags),
        "kind": account.account_kind,
        "sku": _sku(account),
        "properties": {
            **_DEFAULTS,
            **given,
            "provisioningState": account.provisioning_state,
            "creationTime": timestamp(account.created_at),
            "primaryLocation": account.location,
            "statusOfPrimary": "available",
            "primaryEndpoints": hosts,
            "networkAcls": account.properties.get("networkAcls")
            or {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [],
                "virtualNetworkRules": []},
            "encryption": account.properties.get("encryption")
            or {"keySource": "Microsoft.Storage", "services": {"blob": {
                "enabled": True, "keyType": "Account"}}},
        },
    }  # fmt: skip


def _identity(store: Store, request: Request, body: Mapping[str, Any]) -> dict[str, object]:
    given = identity_shapes.read(store, request, body)
    return {} if given is None else {_IDENTITY: {"kind": given.kind, "users": list(given.users)}}


def _ensure_identity(store: Store, account: StorageAccount) -> None:
    kept: Mapping[str, Any] = account.properties.get(_IDENTITY) or {}  # type: ignore[assignment]
    if "SystemAssigned" in str(kept.get("kind", "")):
        managed_identities.create_for(store, account.resource_id)


def _service(request: Request) -> str:
    kind = request.params["kind"].lower()
    if kind not in _SERVICES:
        raise NotFound(f"there is no service '{kind}' of storage accounts", where=kind)
    return kind


def _service_shape(store: Store, account: StorageAccount, kind: str) -> dict[str, Any]:
    found = store.documents.find(_SERVICE, f"{account.name}/{kind}")
    return {
        "id": f"{account.resource_id}/{kind}Services/default",
        "name": "default",
        "type": f"{_TYPE}/{kind}Services",
        "sku": _sku(account),
        "properties": {**_SERVICES[kind], **(found.body if found else {})},
    }


def _refuse_public(properties: Mapping[str, Any]) -> None:
    given = properties.get("publicAccess") or "None"
    if given != "None":
        raise Conflict(
            "Public access is not permitted on this storage account",
            code="PublicAccessNotPermitted", where="publicAccess",
            hint="Containers are private here: leave it out, or send 'None'.",
        )  # fmt: skip


def _refuse_unkept(kind: str, given: Mapping[str, Any]) -> None:
    for name in ("isVersioningEnabled", "changeFeed", "restorePolicy"):
        value = given.get(name)
        wanted = value.get("enabled") if isinstance(value, dict) else value
        if wanted:
            raise NotSupported(
                f"'{name}' of the {kind} service is not supported", code="FeatureNotSupported",
                status=400, where=f"properties.{name}", hint="Leave it out or set it to false.",
            )  # fmt: skip


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
