"""azurerm_machine_learning_workspace.

Source: azurerm's internal/services/machinelearning/machine_learning_workspace_resource.go.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, feature, resource_of
from shipway.terraform.resources.azurerm.identities import Identity
from shipway.terraform.resources.azurerm.mapping import (
    LOCATION,
    TAGS,
    AbsentBlocks,
    Block,
    Field,
    computed,
    switch,
)

TYPE_NAME = "azurerm_machine_learning_workspace"
API_VERSION = "2025-06-01"
NAME = rules.matches(
    "[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}",
    "{path} must be between 3 and 33 characters, and may only include alphanumeric characters and "
    "'-'",
)
_STORES = {"AccessKey": "accesskey", "Identity": "identity"}
_NO_NETWORKS = "There are no virtual networks: everything is on this machine."
_OWN_IDENTITY = "A workspace acts as its own, system-assigned identity."
_LINKED = ("application_insights_id", "container_registry_id", "key_vault_id", "storage_account_id")


def same_but_case(old: object, new: object) -> bool:
    """Ids of ARM mean the same in any case."""
    return str(old or "").lower() == str(new or "").lower()


def _complete(calls: Calls, values: Values, body: Body) -> None:
    del calls, values
    body["sku"]["tier"] = body["sku"]["name"]


def _enrich(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    """A workspace that was given no friendly name shows its name as such."""
    del calls, answer
    if values["friendly_name"] == values["name"] and not state.get("friendly_name"):
        values["friendly_name"] = None


def _purge(calls: Calls) -> str:
    block, name = "machine_learning", "purge_soft_deleted_workspace_on_destroy"
    return "?forceToPurge=true" if feature(calls, block, name, default=False) else ""


def _store_word(word: str) -> str:
    return next((k for k, v in _STORES.items() if v == str(word).lower()), "AccessKey")


NOUN = ArmNoun(
    type_name=TYPE_NAME,
    title="Machine Learning Workspace",
    shape=arm_ids.ML_WORKSPACE,
    api_version=API_VERSION,
    rows=(
        LOCATION,
        TAGS,
        Identity(separator=","),
        Field("kind", "kind", absent="Default"),
        Field("sku_name", "sku.name", absent="Basic"),
        Field("description", "properties.description"),
        Field("friendly_name", "properties.friendlyName"),
        Field("application_insights_id", "properties.applicationInsights"),
        Field("container_registry_id", "properties.containerRegistry"),
        Field("key_vault_id", "properties.keyVault"),
        Field("storage_account_id", "properties.storageAccount"),
        Field("image_build_compute_name", "properties.imageBuildCompute"),
        Field("primary_user_assigned_identity", "properties.primaryUserAssignedIdentity"),
        Field("high_business_impact", "properties.hbiWorkspace", absent=False),
        Field("v1_legacy_mode_enabled", "properties.v1LegacyMode", absent=False),
        Field(
            "storage_account_access_type", "properties.systemDatastoresAuthMode",
            to_wire=lambda word: _STORES[word], from_wire=_store_word, absent="AccessKey",
        ),
        switch("public_network_access_enabled", "properties.publicNetworkAccess"),
        Block(
            "managed_network",
            "properties.managedNetwork",
            (
                Field("isolation_mode", "isolationMode", absent="Disabled"),
                Field("provision_on_creation_enabled", "", sent=False, from_wire=lambda _: False,
                      absent=False),
            ),
            always=True,
        ),
        Field("service_side_encryption_enabled", "", sent=False, from_wire=lambda _: False,
              absent=False),
        AbsentBlocks(("encryption", "feature_store", "serverless_compute")),
        computed("discovery_url", "properties.discoveryUrl", absent=""),
        computed("workspace_id", "properties.workspaceId", absent=""),
    ),
    rules={
        "name": NAME,
        "resource_group_name": rules.GROUP_NAME,
        "application_insights_id": rules.id_of(arm_ids.COMPONENT),
        "container_registry_id": rules.id_of(arm_ids.REGISTRY),
        "key_vault_id": rules.id_of(arm_ids.KEY_VAULT),
        "storage_account_id": rules.id_of(arm_ids.STORAGE_ACCOUNT),
        "primary_user_assigned_identity": rules.refused(_OWN_IDENTITY),
        "identity.type": rules.only("SystemAssigned", why=_OWN_IDENTITY),
        "kind": rules.only("Default", why="There are no feature stores."),
        "v1_legacy_mode_enabled": rules.refused("Only the second version of the API is served."),
        "managed_network.isolation_mode": rules.only("Disabled", why=_NO_NETWORKS),
        "managed_network.provision_on_creation_enabled": rules.refused(_NO_NETWORKS),
        "serverless_compute": rules.refused(_NO_NETWORKS),
        "feature_store": rules.refused("There are no feature stores."),
        "encryption": rules.refused("There are no keys in key vaults, only secrets."),
        "service_side_encryption_enabled": rules.refused("Files lie on your own disk."),
    },
    complete=_complete,
    enrich=_enrich,
    updates_by="PATCH",
    delete_query=_purge,
    suppress=dict.fromkeys(_LINKED, same_but_case),
)  # fmt: skip
RESOURCE: TerraformResource = resource_of(NOUN)
