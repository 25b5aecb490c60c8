"""azurerm_monitor_action_group. Webhooks are called; other receivers are kept and tell nobody.

Source: azurerm's internal/services/monitor/monitor_action_group_resource.go.
"""

from shipway.terraform.resource import TerraformResource
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, resource_of
from shipway.terraform.resources.azurerm.mapping import (
    TAGS,
    AbsentBlocks,
    Block,
    Field,
    Mapped,
    normal_location,
)

_NAME = Field("name", "name")
_COMMON = Field("use_common_alert_schema", "useCommonAlertSchema", absent=False)
_PHONE = (_NAME, Field("country_code", "countryCode"), Field("phone_number", "phoneNumber"))
_KEPT = "shipway calls webhooks only: this receiver is kept and nobody is told through it."


def _receivers(name: str, path: str, *rows: Mapped) -> Block:
    return Block(f"{name}_receiver", f"properties.{path}Receivers", rows, many=True)


_WEBHOOK = _receivers(
    "webhook", "webhook", _NAME, _COMMON, Field("service_uri", "serviceUri"),
    AbsentBlocks(("aad_auth",)),
)  # fmt: skip
_OTHERS = (
    _receivers("arm_role", "armRole", _NAME, _COMMON, Field("role_id", "roleId")),
    _receivers(
        "automation_runbook", "automationRunbook", _NAME, _COMMON,
        Field("automation_account_id", "automationAccountId"),
        Field("runbook_name", "runbookName"),
        Field("webhook_resource_id", "webhookResourceId"),
        Field("is_global_runbook", "isGlobalRunbook", absent=False),
        Field("service_uri", "serviceUri"),
    ),
    _receivers("azure_app_push", "azureAppPush", _NAME, Field("email_address", "emailAddress")),
    _receivers(
        "azure_function", "azureFunction", _NAME, _COMMON,
        Field("function_app_resource_id", "functionAppResourceId"),
        Field("function_name", "functionName"),
        Field("http_trigger_url", "httpTriggerUrl"),
    ),
    _receivers("email", "email", _NAME, _COMMON, Field("email_address", "emailAddress")),
    _receivers(
        "event_hub", "eventHub", _NAME, _COMMON,
        Field("event_hub_name", "eventHubName"),
        Field("event_hub_namespace", "eventHubNameSpace"),
        Field("subscription_id", "subscriptionId", absent=""),
        Field("tenant_id", "tenantId", absent=""),
    ),
    _receivers(
        "itsm", "itsm", _NAME,
        Field("workspace_id", "workspaceId"),
        Field("connection_id", "connectionId"),
        Field("ticket_configuration", "ticketConfiguration"),
        Field("region", "region"),
    ),
    _receivers(
        "logic_app", "logicApp", _NAME, _COMMON,
        Field("resource_id", "resourceId"),
        Field("callback_url", "callbackUrl"),
    ),
    _receivers("sms", "sms", *_PHONE),
    _receivers("voice", "voice", *_PHONE),
)  # fmt: skip
NOUN = ArmNoun(
    type_name="azurerm_monitor_action_group",
    shape=arm_ids.ACTION_GROUP,
    api_version="2023-01-01",
    rows=(
        TAGS,
        Field("location", "location", absent="global", from_wire=normal_location),
        Field("short_name", "properties.groupShortName"),
        Field("enabled", "properties.enabled", absent=True),
        _WEBHOOK,
        *_OTHERS,
    ),
    rules={
        "name": rules.not_empty,
        "resource_group_name": rules.GROUP_NAME,
        "short_name": rules.length(1, 12),
        "webhook_receiver.service_uri": rules.web_address,
        "webhook_receiver.aad_auth": rules.refused("Webhooks are called without a token."),
        "arm_role_receiver.role_id": rules.uuid,
    },
    warnings={f"{row.name}.name": rules.Kept(_KEPT) for row in _OTHERS},
)
RESOURCE: TerraformResource = resource_of(NOUN)
