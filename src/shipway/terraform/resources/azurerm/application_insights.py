"""azurerm_application_insights, with the daily cap, which has calls of its own.

Source: azurerm's internal/services/applicationinsights/application_insights_resource.go.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.mapping import (
    LOCATION,
    TAGS,
    Field,
    Mapped,
    Twins,
    computed,
    expand,
    flatten,
    switch,
)

API_VERSION = "2020-02-02"
_BILLING_VERSION = "2015-05-01"
_BILLING: tuple[Mapped, ...] = (
    Field("daily_data_cap_in_gb", "DataVolumeCap.Cap", absent=100),
    Twins(
        "daily_data_cap_notifications_enabled", "daily_data_cap_notifications_disabled",
        "DataVolumeCap.StopSendNotificationWhenHitCap", opposite=True, negated=True,
    ),
)  # fmt: skip


def _complete(calls: Calls, values: Values, body: Body) -> None:
    del calls
    body["kind"] = values["application_type"]


def _put_billing(calls: Calls, values: Values) -> None:
    path = f"{values['id']}/currentbillingfeatures"
    before = calls.arm("GET", path, api_version=_BILLING_VERSION) or {}
    wanted = expand(_BILLING, values)
    volume = {**(before.get("DataVolumeCap") or {}), **wanted["DataVolumeCap"]}
    features = before.get("CurrentBillingFeatures") or ["Basic"]
    body = {"CurrentBillingFeatures": features, "DataVolumeCap": volume}
    calls.arm("PUT", path, api_version=_BILLING_VERSION, body=body)


def _enrich(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    del answer
    path = f"{state['id']}/currentbillingfeatures"
    values |= flatten(_BILLING, calls.arm("GET", path, api_version=_BILLING_VERSION) or {})


NOUN = ArmNoun(
    type_name="azurerm_application_insights",
    title="Application Insights",
    shape=arm_ids.COMPONENT,
    api_version=API_VERSION,
    rows=(
        LOCATION,
        TAGS,
        Field("application_type", "properties.Application_Type"),
        Field("retention_in_days", "properties.RetentionInDays", absent=90),
        Field("sampling_percentage", "properties.SamplingPercentage", absent=100),
        Field("workspace_id", "properties.WorkspaceResourceId"),
        Field(
            "force_customer_storage_for_profiler", "properties.ForceCustomerStorageForProfiler",
            absent=False,
        ),
        Twins("ip_masking_enabled", "disable_ip_masking", "properties.DisableIpMasking",
              opposite=True, negated=True),
        Twins("local_authentication_enabled", "local_authentication_disabled",
              "properties.DisableLocalAuth", opposite=True, negated=True),
        switch("internet_ingestion_enabled", "properties.publicNetworkAccessForIngestion"),
        switch("internet_query_enabled", "properties.publicNetworkAccessForQuery"),
        computed("app_id", "properties.AppId"),
        computed("instrumentation_key", "properties.InstrumentationKey"),
        computed("connection_string", "properties.ConnectionString"),
    ),
    beside=_BILLING,
    rules={
        "name": rules.not_empty,
        "resource_group_name": rules.GROUP_NAME,
        "sampling_percentage": rules.between(0, 100, form="f"),
        "daily_data_cap_in_gb": rules.at_least(0, form="f"),
        "workspace_id": rules.id_of(arm_ids.LOG_WORKSPACE),
        "force_customer_storage_for_profiler": rules.refused("There is no profiler."),
    },
    complete=_complete,
    enrich=_enrich,
    after_put=_put_billing,
)  # fmt: skip
RESOURCE: TerraformResource = resource_of(NOUN)
