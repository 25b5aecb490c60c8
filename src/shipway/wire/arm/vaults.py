"""Key vaults through ARM: creation modes, access policies, soft delete.

Source: https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults
"""

import re
from collections.abc import Mapping
from typing import Any

from shipway.azure.arm import operations, resources, role_assignments
from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import tenant
from shipway.azure.vault import vaults
from shipway.azure.vault.vaults import DeletedVault
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound
from shipway.store.store import Store
from shipway.wire.arm.operations import accepted
from shipway.wire.arm.resource_type import Given
from shipway.wire.arm.shapes import object_of
from shipway.wire.http import Request, Response, json_response

_NAME = re.compile(r"[a-zA-Z](?:-?[a-zA-Z0-9]){2,23}")
_MODEL, _MAY_ASSIGN = "enableRbacAuthorization", "Microsoft.Authorization/roleAssignments/write"
_ROLES_BY_DEFAULT = "2026-02-01"  # from this api-version on a new vault goes by roles


def properties(store: Store, resource: ArmResource) -> dict[str, Any]:
    """A vault with what Azure computes."""
    return {
        "tenantId": tenant.facts(store).tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [],
        "enabledForDeployment": False,
        "enabledForDiskEncryption": False,
        "enabledForTemplateDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": False,
        "publicNetworkAccess": "Enabled",
        **resource.properties,
        "vaultUri": f"https://{resource.name.lower()}.vault.azure.net/",
    }


def prepare(
    store: Store, request: Request, resource_id: str, given: Given, before: ArmResource | None
) -> Given:
    """Raises `BadInput` and `Conflict` in Azure's words; `createMode` recover brings one back."""
    name = request.params["name"]
    given = {k: v for k, v in given.items() if v is not None}
    mode = str(given.pop("createMode", "default")).lower()
    if before is not None:
        _check_kept(before, given)
        given = _with_model(store, request, before.resource_id, before.properties, given)
        return {**before.properties, **given} if request.method == "PATCH" else given
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 "
            "alphanumeric characters. The name must begin with a letter, end with a letter or "
            "digit, and not contain consecutive hyphens",
            code="VaultNameNotValid", where="name",
        )  # fmt: skip
    if mode == "recover":
        deleted = _deleted(store, name)
        if deleted.resource_id.lower() != resource_id.lower():
            raise Conflict(
                f"The deleted vault '{name}' was {deleted.resource_id}: recover it there",
                code="VaultAlreadyExists", where="name",
            )  # fmt: skip
        was = vaults.recover(store, name)
        return {**was, **_with_model(store, request, resource_id, was, given)}
    if vaults.find(store, name) is not None:
        raise Conflict(
            f"The vault name '{name}' is already in use. Vault names are globally unique so it is "
            "possible that the name is already taken. If you are sure that the vault name was not "
            "taken then it is possible that a vault with the same name was recently deleted but "
            "not purged after being placed in a recoverable state",
            code="VaultAlreadyExists", where="name",
        )  # fmt: skip
    if vaults.find_deleted(store, name) is not None:
        raise Conflict(
            "A vault with the same name already exists in deleted state. You need to either "
            "recover or purge existing key vault",
            code="ConflictError", where="name",
            hint="https://go.microsoft.com/fwlink/?linkid=2149745",
        )  # fmt: skip
    if _MODEL not in given:
        given[_MODEL] = request.arg("api-version") >= _ROLES_BY_DEFAULT
    return given


def removed(store: Store, resource: ArmResource) -> None:
    """It can be recovered until it is purged."""
    vaults.soft_delete(store, resource)


def put_access_policies(store: Store, request: Request) -> Response:
    """`PUT .../vaults/{name}/accessPolicies/{operation}`: add, replace or remove."""
    kind = request.params["operation"].lower()
    if kind not in ("add", "replace", "remove"):
        raise BadInput(
            f"The operation kind '{kind}' is not valid", where="operationKind",
            hint="add, replace or remove.",
        )  # fmt: skip
    given = object_of(request.json(), "properties").get("accessPolicies")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise BadInput("'accessPolicies' must be a list of objects", where="accessPolicies")
    with store.database.transaction():
        vault = resources.get(
            store, vaults.resource_id_of(store, request.params["group"], request.params["name"])
        )
        changed = _changed(kind, list(vault.properties.get("accessPolicies") or ()), given)
        resources.create_or_update(
            store, resource_id=vault.resource_id, location=vault.location, tags=vault.tags,
            resource_kind=vault.resource_kind, sku=vault.sku,
            properties={**vault.properties, "accessPolicies": changed},
            identity_type=vault.identity_type,
        )  # fmt: skip
    return json_response(
        {
            "id": f"{vault.resource_id}/accessPolicies/",
            "type": f"{vaults.TYPE}/accessPolicies",
            "name": kind,
            "location": vault.location,
            "properties": {"accessPolicies": changed},
        }
    )


def list_deleted(store: Store, request: Request) -> Response:
    """`GET /subscriptions/{subscription}/providers/Microsoft.KeyVault/deletedVaults`."""
    del request
    return json_response({"value": [_shape(store, one) for one in vaults.list_deleted(store)]})


def get_deleted(store: Store, request: Request) -> Response:
    """`GET .../locations/{location}/deletedVaults/{name}`. Raises `NotFound`."""
    return json_response(_shape(store, _deleted(store, request.params["name"])))


def purge(store: Store, request: Request) -> Response:
    """`POST .../deletedVaults/{name}/purge`. Raises `NotFound`, `Forbidden` for a protected one."""
    deleted = _deleted(store, request.params["name"])
    if deleted.has_purge_protection:
        raise Forbidden(
            f"Operation 'DeletedVaultPurge' is not allowed: '{deleted.name}' has purge protection",
            code="MethodNotAllowed", where=deleted.name,
        )  # fmt: skip
    with store.database.transaction():
        operation = operations.start(store, resource_id=deleted.resource_id)
        vaults.purge(store, deleted.name)
        operations.finish(store, operation.operation_id)
    return accepted(store, operation.operation_id)


def _changed(
    kind: str, before: list[dict[str, Any]], given: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    named = {str(one.get("objectId", "")).lower(): one for one in given}
    kept = [one for one in before if str(one.get("objectId", "")).lower() not in named]
    if kind == "remove":
        return kept
    if kind == "replace":
        return kept + given
    merged = [_joined(one, named[str(one.get("objectId", "")).lower()]) for one in before
              if one not in kept]  # fmt: skip
    known = {str(one.get("objectId", "")).lower() for one in before}
    return kept + merged + [one for key, one in named.items() if key not in known]


def _joined(before: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    old, new = before.get("permissions") or {}, more.get("permissions") or {}
    permissions = {
        kind: list(dict.fromkeys([*(old.get(kind) or ()), *(new.get(kind) or ())]))
        for kind in {*old, *new}
    }
    return {**before, "permissions": permissions}


def _check_kept(before: ArmResource, given: Given) -> None:
    if before.properties.get("enablePurgeProtection") and given.get("enablePurgeProtection") is (
        False
    ):
        raise BadInput(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge '
            "protection for a vault is an irreversible action",
            code="BadRequest", where="enablePurgeProtection",
        )  # fmt: skip


def _with_model(
    store: Store, request: Request, resource_id: str, was: Mapping[str, Any], given: Given
) -> Given:
    """`given` with the permission model, kept where it says none.

    Raises `BadInput` (InsufficientPermissions) for another one, unless the caller may assign roles:
    whoever writes a vault writes its access policies, which would then open what roles had closed.
    Source: https://learn.microsoft.com/azure/key-vault/general/rbac-guide
    """
    model = bool(was.get(_MODEL))
    given = {_MODEL: model, **given}
    if bool(given[_MODEL]) != model and not role_assignments.is_permitted(
        store, request.principal, action=_MAY_ASSIGN, scope=resource_id
    ):
        raise BadInput(
            "Caller is not allowed to change permission model. Details: "
            f"oid={request.principal.object_id}; action={_MAY_ASSIGN}; resource={resource_id}; "
            "decision=NotAllowed",
            code="InsufficientPermissions", where=_MODEL,
        )  # fmt: skip
    return given


def _deleted(store: Store, name: str) -> DeletedVault:
    found = vaults.find_deleted(store, name)
    if found is None:
        raise NotFound(
            f"The specified deleted vault '{name}' does not exist",
            code="DeletedVaultNotFound", where=name,
        )  # fmt: skip
    return found


def _shape(store: Store, deleted: DeletedVault) -> dict[str, Any]:
    home = tenant.facts(store)
    return {
        "id": f"{home.subscription_scope}/providers/Microsoft.KeyVault/locations/"
        f"{deleted.location}/deletedVaults/{deleted.name}",
        "name": deleted.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": deleted.resource_id,
            "location": deleted.location,
            "tags": dict(deleted.tags),
            "deletionDate": timestamp(deleted.deleted_at),
            "scheduledPurgeDate": timestamp(deleted.purge_at),
            "purgeProtectionEnabled": deleted.has_purge_protection,
        },
    }
