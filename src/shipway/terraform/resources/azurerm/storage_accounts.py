"""azurerm_storage_account.

Network rules and the switch for public access are kept as they are given: nothing but this
machine reaches the services anyway. Source: azurerm's storage_account_resource.go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import Change, Problem, TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, arm_nouns, rules, storage_endpoints
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.identities import IDENTITY
from shipway.terraform.resources.azurerm.mapping import (
    LOCATION,
    TAGS,
    AbsentBlocks,
    Beside,
    Block,
    Field,
    at,
    computed,
    switch,
)
from shipway.terraform.unknown import UNKNOWN

TYPE_NAME = "azurerm_storage_account"
API_VERSION = "2025-08-01"
NAME = rules.matches(
    r"[a-z0-9]{3,24}",
    '{name} ("{value}") can only consist of lowercase letters and numbers, and must be between 3 '
    "and 24 characters long",
)
_ACCESS_TIERED = ("BlobStorage", "StorageV2", "FileStorage")
_OF_PREMIUM = ("LRS", "ZRS")
_ZONED = {"LRS": False, "GRS": False, "RAGRS": False, "ZRS": True, "GZRS": True, "RAGZRS": True}


@dataclass(frozen=True, slots=True)
class _Sku:
    """`account_tier` and `account_replication_type`, which travel as one word."""

    @property
    def names(self) -> tuple[str, ...]:
        return ("account_tier", "account_replication_type")

    def put(self, values: Values, body: dict[str, Any]) -> None:
        tier, replication = (values[name] for name in self.names)
        body["sku"] = {"name": f"{tier}_{replication}", "tier": tier}

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        tier, _, replication = str(at(answer, "sku.name") or "").partition("_")
        # the service writes RA-GRS as RAGRS, too; V2 is the newer billing of files
        into["account_tier"] = tier.removesuffix("V2")
        into["account_replication_type"] = replication.replace("-", "")


def _words(values: list[str]) -> str:
    return ", ".join(sorted(values))


def _of_words(text: str) -> list[str]:
    return sorted(one.strip() for one in text.split(","))


def _addresses(values: list[str]) -> list[dict[str, str]]:
    return [{"value": one, "action": "Allow"} for one in sorted(values)]


def _of_addresses(rows: list[dict[str, str]]) -> list[str]:
    return sorted(one["value"] for one in rows)


_NETWORK_RULES = Block(
    "network_rules",
    "properties.networkAcls",
    (
        Field("default_action", "defaultAction"),
        Field("bypass", "bypass", _words, _of_words, absent=[]),
        Field("ip_rules", "ipRules", _addresses, _of_addresses, absent=[]),
        AbsentBlocks(("virtual_network_subnet_ids", "private_link_access")),
    ),
)
_BLOB_PROPERTIES = Block(
    "blob_properties",
    "blobService",
    (
        Field("versioning_enabled", "isVersioningEnabled", absent=False, sent=False),
        Field("change_feed_enabled", "changeFeed.enabled", absent=False, sent=False),
        computed("change_feed_retention_in_days", "changeFeed.retentionInDays"),
        Field("default_service_version", "defaultServiceVersion", absent="", sent=False),
        Field(
            "last_access_time_enabled", "lastAccessTimeTrackingPolicy.enable",
            absent=False, sent=False,
        ),
        AbsentBlocks(
            ("cors_rule", "delete_retention_policy", "container_delete_retention_policy",
             "restore_policy")
        ),
    ),
)  # fmt: skip
_ABSENT_BLOCKS = (
    "azure_files_authentication", "custom_domain", "customer_managed_key", "immutability_policy",
    "queue_properties", "routing", "sas_policy", "share_properties", "static_website",
)  # fmt: skip


ROWS = (
    LOCATION,
    TAGS,
    IDENTITY,
    _Sku(),
    Field("account_kind", "kind"),
    Field("access_tier", "properties.accessTier"),
    Field("allow_nested_items_to_be_public", "properties.allowBlobPublicAccess", absent=True),
    Field("allowed_copy_scope", "properties.allowedCopyScope", sent=False),
    Field(
        "cross_tenant_replication_enabled", "properties.allowCrossTenantReplication", absent=False
    ),
    Field(
        "default_to_oauth_authentication", "properties.defaultToOAuthAuthentication", absent=False
    ),
    Field("dns_endpoint_type", "properties.dnsEndpointType", absent="Standard"),
    Field("edge_zone", "extendedLocation.name", sent=False),
    Field("https_traffic_only_enabled", "properties.supportsHttpsTrafficOnly", absent=True),
    computed(
        "infrastructure_encryption_enabled",
        "properties.encryption.requireInfrastructureEncryption",
        absent=False,
    ),
    computed("is_hns_enabled", "properties.isHnsEnabled", absent=False),
    computed("nfsv3_enabled", "properties.isNfsV3Enabled", absent=False),
    computed("sftp_enabled", "properties.isSftpEnabled", absent=False),
    Field("local_user_enabled", "properties.isLocalUserEnabled", absent=True),
    Field(
        "large_file_share_enabled", "properties.largeFileSharesState", sent=False, absent=False,
        from_wire=lambda word: word == "Enabled",
    ),
    Field("min_tls_version", "properties.minimumTlsVersion", absent="TLS1_2"),
    Field("provisioned_billing_model_version", "billingModel", sent=False),
    switch("public_network_access_enabled", "properties.publicNetworkAccess"),
    computed(
        "queue_encryption_key_type", "properties.encryption.services.queue.keyType", "Service"
    ),
    computed(
        "table_encryption_key_type", "properties.encryption.services.table.keyType", "Service"
    ),
    Field("shared_access_key_enabled", "properties.allowSharedKeyAccess", absent=True),
    _NETWORK_RULES,
    AbsentBlocks(_ABSENT_BLOCKS),
    storage_endpoints.Endpoints(),
)  # fmt: skip
_PLAIN_BLOBS = "Blobs here are stored plainly: no versions, change feed or retention."
RULES: dict[str, rules.Rule] = {
    "name": NAME,
    "resource_group_name": rules.GROUP_NAME,
    "allowed_copy_scope": rules.refused("Where blobs are copied from is not limited here."),
    "dns_endpoint_type": rules.refused("There are no DNS zones here.", but=("Standard",)),
    "edge_zone": rules.refused("There are no edge zones here."),
    "infrastructure_encryption_enabled": rules.refused("Files lie on your own disk, once."),
    "is_hns_enabled": rules.refused("Of the data planes only blobs are served, without folders."),
    "nfsv3_enabled": rules.refused("Blobs are served over HTTPS alone."),
    "sftp_enabled": rules.refused("Blobs are served over HTTPS alone."),
    "large_file_share_enabled": rules.refused("There are no file shares."),
    "provisioned_billing_model_version": rules.refused("Nothing is billed here."),
    "queue_encryption_key_type": rules.refused("There are no queues.", but=("Service",)),
    "table_encryption_key_type": rules.refused("There are no tables.", but=("Service",)),
    "account_kind": rules.only(
        "BlobStorage", "BlockBlobStorage", "Storage", "StorageV2", why="There are no file shares."
    ),
    "azure_files_authentication": rules.refused("There are no file shares."),
    "custom_domain": rules.refused("Accounts are reached by Azure's own names."),
    "customer_managed_key": rules.refused("There are no keys in key vaults, only secrets."),
    "immutability_policy": rules.refused(_PLAIN_BLOBS),
    "queue_properties": rules.refused("There are no queues."),
    "routing": rules.refused("There are no routes: everything is on this machine."),
    "sas_policy": rules.refused("The lifetime of signatures is not limited here."),
    "share_properties": rules.refused("There are no file shares."),
    "static_website": rules.refused("Blobs are not served as a web site."),
    "network_rules.virtual_network_subnet_ids": rules.refused("There are no virtual networks."),
    "network_rules.private_link_access": rules.refused("There are no private endpoints."),
    **{
        f"blob_properties.{name}": rules.refused(_PLAIN_BLOBS)
        for row in _BLOB_PROPERTIES.rows
        for name in row.names
    },
}


def _complete(calls: Calls, values: Values, body: Body) -> None:
    del calls
    properties = body.setdefault("properties", {})
    if values.get("access_tier") is None and body["kind"] in _ACCESS_TIERED:
        properties["accessTier"] = "Hot"
    # accounts of the first generations know no tiers
    if body["kind"] not in (*_ACCESS_TIERED, "BlockBlobStorage"):
        properties.pop("accessTier", None)


def _enrich(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    path = state["id"]
    keys = arm_nouns.permitted(calls, f"{path}/listKeys?$expand=kerb", API_VERSION)
    if keys is not None:
        values |= storage_endpoints.key_values(values["name"], values, keys)
    service = calls.arm(
        "GET", f"{path}/blobServices/default", api_version=API_VERSION, missing_ok=True
    )
    _BLOB_PROPERTIES.take({"blobService": (service or {}).get("properties")}, values)


def _change(change: Change) -> None:
    if change.prior is None:
        return
    before, after = (
        (str(one.get("account_kind")), one.get("account_replication_type"))
        for one in (change.prior, change.planned)
    )
    if before[0] != after[0] and before[0] != "Storage":
        change.requires_replace.add("account_kind")
    if after[1] is not UNKNOWN and _ZONED.get(str(before[1])) != _ZONED.get(str(after[1])):
        change.requires_replace.add("account_replication_type")


NOUN = ArmNoun(
    type_name=TYPE_NAME,
    title="Storage Account",
    shape=arm_ids.STORAGE_ACCOUNT,
    api_version=API_VERSION,
    rows=ROWS,
    rules=RULES,
    warnings={
        "shared_access_key_enabled": rules.Kept(
            "The keys of an account that an ML workspace uses are still accepted here; those of "
            "others are not.",
            when=False,
        )
    },
    beside=(_BLOB_PROPERTIES, Beside(storage_endpoints.KEY_NAMES)),
    complete=_complete,
    enrich=_enrich,
    change=_change,
)


def _validate(config: Values) -> Iterator[Problem]:
    yield from arm_nouns.validate(NOUN, config)
    kind, tier = config.get("account_kind"), config.get("account_tier")
    if kind == "BlockBlobStorage" and tier == "Standard":
        words = "a `account_tier` of `Standard` is not supported for BlockBlobStorage accounts"
        yield Problem("account_tier", words)
    if tier == "Premium" and config.get("account_replication_type") not in (*_OF_PREMIUM, UNKNOWN):
        words = "a `account_tier` of `Premium` is replicated by `LRS` or `ZRS` only"
        yield Problem("account_replication_type", words)


RESOURCE: TerraformResource = resource_of(NOUN, checks=_validate)
