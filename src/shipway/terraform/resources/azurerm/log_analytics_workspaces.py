"""azurerm_log_analytics_workspace. Source: azurerm's log_analytics_workspace_resource.go."""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, arm_nouns, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.identities import IDENTITY
from shipway.terraform.resources.azurerm.mapping import (
    LOCATION,
    TAGS,
    Beside,
    Field,
    Twins,
    computed,
    switch,
)

API_VERSION = "2023-09-01"
_KEYS_VERSION = "2020-08-01"
_KEYS = {"primary_shared_key": "primarySharedKey", "secondary_shared_key": "secondarySharedKey"}
_LATEST = "PerGB2018"


def _complete(calls: Calls, values: Values, body: Body) -> None:
    del calls, values
    properties = body.setdefault("properties", {})
    properties.setdefault("sku", {}).setdefault("name", _LATEST)
    properties.setdefault("retentionInDays", 30)


def _enrich(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    del answer
    keys = arm_nouns.permitted(calls, f"{state['id']}/sharedKeys", _KEYS_VERSION)
    if keys is not None:
        values |= {name: keys.get(word) or "" for name, word in _KEYS.items()}


NOUN = ArmNoun(
    type_name="azurerm_log_analytics_workspace",
    title="Log Analytics Workspace",
    shape=arm_ids.LOG_WORKSPACE,
    api_version=API_VERSION,
    rows=(
        LOCATION,
        TAGS,
        IDENTITY,
        Field("sku", "properties.sku.name"),
        Field("reservation_capacity_in_gb_per_day", "properties.sku.capacityReservationLevel"),
        Field("retention_in_days", "properties.retentionInDays"),
        Field("daily_quota_gb", "properties.workspaceCapping.dailyQuotaGb", absent=-1),
        Field("cmk_for_query_forced", "properties.forceCmkForQuery", sent=False, absent=False),
        Field(
            "allow_resource_only_permissions",
            "properties.features.enableLogAccessUsingOnlyResourcePermissions",
            absent=True,
        ),
        Field(
            "immediate_data_purge_on_30_days_enabled",
            "properties.features.immediatePurgeDataOn30Days",
            absent=False,
        ),
        Twins(
            "local_authentication_enabled", "local_authentication_disabled",
            "properties.features.disableLocalAuth", opposite=True, negated=True,
        ),
        switch("internet_ingestion_enabled", "properties.publicNetworkAccessForIngestion"),
        switch("internet_query_enabled", "properties.publicNetworkAccessForQuery"),
        Field("data_collection_rule_id", "properties.defaultDataCollectionRuleResourceId",
              sent=False),
        computed("workspace_id", "properties.customerId"),
    ),
    beside=(Beside(tuple(_KEYS)),),
    rules={
        "name": rules.every(
            rules.matches(
                "[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]",
                "{path} can only contain alphabet, number, and '-' character. You can not use '-' "
                "as the start and end of the name",
            ),
            rules.matches(".{4,63}", "{path} can only be between 4 and 63 characters long"),
        ),
        "resource_group_name": rules.GROUP_NAME,
        "retention_in_days": rules.between(7, 730),
        "daily_quota_gb": rules.at_least(-1, form="f"),
        "cmk_for_query_forced": rules.refused("There are no keys in key vaults, only secrets."),
        "data_collection_rule_id": rules.refused("There are no data collection rules."),
    },
    complete=_complete,
    enrich=_enrich,
)  # fmt: skip
RESOURCE: TerraformResource = resource_of(NOUN)
