"""azurerm_key_vault. Source: azurerm's internal/services/keyvault/key_vault_resource.go."""

from collections.abc import Mapping
from typing import Any

from shipway.base.errors import Conflict
from shipway.terraform.calls import Calls
from shipway.terraform.resource import Change, TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, feature, resource_of
from shipway.terraform.resources.azurerm.mapping import (
    LOCATION,
    TAGS,
    AbsentBlocks,
    Block,
    Field,
    Mapped,
    Twins,
    computed,
    switch,
)

TYPE_NAME = "azurerm_key_vault"
API_VERSION = "2026-02-01"
NAME = rules.every(
    rules.matches(
        "[a-zA-Z0-9-]{3,24}",
        '"{path}" may only contain alphanumeric characters and dashes and must be between 3-24 '
        "chars",
    ),
    rules.matches(
        "[a-zA-Z].*[a-zA-Z0-9]", '"{path}" must start with a letter and end with a letter or number'
    ),
    rules.matches("(?!.*--).*", '"{path}" must not contain consecutive hyphens'),
)
_PERMISSIONS = {
    "key": "keys", "secret": "secrets", "certificate": "certificates", "storage": "storage",
}  # fmt: skip


def _addresses(values: list[str]) -> list[dict[str, str]]:
    return [{"value": one} for one in sorted(values)]


def _of_addresses(rows: list[Mapping[str, Any]]) -> list[str]:
    return sorted(str(one["value"]) for one in rows)


_NETWORK_ACLS = Block(
    "network_acls",
    "properties.networkAcls",
    (
        Field("bypass", "bypass", absent="AzureServices"),
        Field("default_action", "defaultAction", absent="Allow"),
        Field("ip_rules", "ipRules", _addresses, _of_addresses, absent=[]),
        AbsentBlocks(("virtual_network_subnet_ids",)),
    ),
    always=True,
)
POLICY_ROWS: tuple[Mapped, ...] = (
    Field("tenant_id", "tenantId"),
    Field("object_id", "objectId"),
    Field("application_id", "applicationId"),
    *(
        Field(f"{one}_permissions", f"permissions.{plural}", absent=[])
        for one, plural in _PERMISSIONS.items()
    ),
)
_ACCESS_POLICY = Block("access_policy", "properties.accessPolicies", POLICY_ROWS, many=True)
ROWS = (
    LOCATION,
    TAGS,
    Field("tenant_id", "properties.tenantId"),
    Field("sku_name", "properties.sku.name", from_wire=lambda word: str(word).lower()),
    Twins(
        "rbac_authorization_enabled", "enable_rbac_authorization",
        "properties.enableRbacAuthorization", default=False,
    ),
    Field("enabled_for_deployment", "properties.enabledForDeployment", absent=False),
    Field("enabled_for_disk_encryption", "properties.enabledForDiskEncryption", absent=False),
    Field(
        "enabled_for_template_deployment", "properties.enabledForTemplateDeployment", absent=False
    ),
    Field(
        "purge_protection_enabled", "properties.enablePurgeProtection", absent=False,
        to_wire=lambda flag: flag or None,
    ),
    Field("soft_delete_retention_days", "properties.softDeleteRetentionInDays", absent=90),
    switch("public_network_access_enabled", "properties.publicNetworkAccess"),
    _NETWORK_ACLS,
    _ACCESS_POLICY,
    AbsentBlocks(("contact",)),
    computed("vault_uri", "properties.vaultUri"),
)  # fmt: skip


def _deleted(calls: Calls, location: str, name: str) -> str:
    return (
        f"/subscriptions/{calls.subscription_id}/providers/Microsoft.KeyVault/locations/{location}"
        f"/deletedVaults/{name}"
    )


def _complete(calls: Calls, values: Values, body: Body) -> None:
    properties = body["properties"]
    properties["sku"]["family"] = "A"
    properties["enableSoftDelete"] = True
    if properties.get("enablePurgeProtection") is None:
        properties.pop("enablePurgeProtection", None)
    if values.get("id") or not _is_deleted(calls, values):
        return
    if not feature(calls, "key_vault", "recover_soft_deleted_key_vaults", default=True):
        raise Conflict(
            f"An existing soft-deleted Key Vault exists with the Name {values['name']!r} in the "
            f"location {values['location']!r}, however automatically recovering this Key Vault has "
            'been disabled via the "features" block.',
            code="SoftDeletedVaultExists",
        )
    properties["createMode"] = "recover"


def _is_deleted(calls: Calls, values: Values) -> bool:
    path = _deleted(calls, values["location"], values["name"])
    return calls.arm("GET", path, api_version=API_VERSION, missing_ok=True) is not None


def _purge(calls: Calls, state: Values) -> None:
    """A deleted vault keeps its name until it is purged, which its protection forbids."""
    wanted = feature(calls, "key_vault", "purge_soft_delete_on_destroy", default=True)
    if wanted and not state.get("purge_protection_enabled") and _is_deleted(calls, state):
        path = _deleted(calls, state["location"], state["name"])
        calls.arm("POST", f"{path}/purge", api_version=API_VERSION, missing_ok=True)


def _change(change: Change) -> None:
    """Purge protection and the days of retention never go back."""
    prior = change.prior or {}
    if prior.get("purge_protection_enabled") and not change.planned.get("purge_protection_enabled"):
        change.requires_replace.add("purge_protection_enabled")
    days = prior.get("soft_delete_retention_days")
    if days is not None and change.planned.get("soft_delete_retention_days") != days:
        change.requires_replace.add("soft_delete_retention_days")


NOUN = ArmNoun(
    type_name=TYPE_NAME,
    title="Key Vault",
    shape=arm_ids.KEY_VAULT,
    api_version=API_VERSION,
    rows=ROWS,
    rules={
        "name": NAME,
        "resource_group_name": rules.GROUP_NAME,
        "tenant_id": rules.uuid,
        "soft_delete_retention_days": rules.between(7, 90),
        "contact": rules.refused("There are no certificates, so nobody is told of their ends."),
        "network_acls.virtual_network_subnet_ids": rules.refused("There are no virtual networks."),
    },
    complete=_complete,
    after_delete=_purge,
    change=_change,
    updates_by="PATCH",
)
RESOURCE: TerraformResource = resource_of(NOUN)
