"""Action groups and metric alerts: checked here, acted upon in `loop/alert.py`.

Source: https://learn.microsoft.com/rest/api/monitor/action-groups and
https://learn.microsoft.com/rest/api/monitor/metric-alerts
"""

from typing import Any

from shipway.azure.arm import linked_access, resource_ids, resources
from shipway.azure.arm.resources import ArmResource
from shipway.azure.monitor import alert_rules
from shipway.base.errors import BadInput
from shipway.loop import notification
from shipway.ml import metrics
from shipway.store.store import Store
from shipway.wire.arm.resource_type import Given
from shipway.wire.http import Request

ACTION_GROUP = "Microsoft.Insights/actionGroups"
_RECEIVERS = (
    "emailReceivers", "smsReceivers", "webhookReceivers", "eventHubReceivers",
    "itsmReceivers", "azureAppPushReceivers", "automationRunbookReceivers", "voiceReceivers",
    "logicAppReceivers", "azureFunctionReceivers", "armRoleReceivers",
)  # fmt: skip


def action_group(store: Store, resource: ArmResource) -> dict[str, Any]:
    """An action group as Azure writes it: every list is there."""
    del store
    given = resource.properties
    return {
        "groupShortName": "", "enabled": True, **given,
        **{name: given.get(name) or [] for name in _RECEIVERS},
    }  # fmt: skip


def prepare_action_group(
    store: Store, request: Request, resource_id: str, given: Given, before: ArmResource | None
) -> Given:
    """Webhooks are called from here; receivers of other kinds are kept and tell nobody."""
    del store, resource_id
    given = {**(before.properties if before and request.method == "PATCH" else {}), **given}
    short = given.get("groupShortName")
    if not isinstance(short, str) or not 1 <= len(short) <= 12:
        raise BadInput(
            "The groupShortName must be a text of 1 to 12 characters", code="BadRequest",
            where="groupShortName",
        )  # fmt: skip
    for receiver in given.get("webhookReceivers") or ():
        if not isinstance(receiver, dict):
            raise BadInput(
                "A webhook receiver must be an object", code="BadRequest", where="webhookReceivers"
            )
        notification.check_url(str(receiver.get("serviceUri") or ""))
        if receiver.get("useAadAuth"):
            raise BadInput(
                "Webhooks with Entra authentication are not supported", code="BadRequest",
                where="useAadAuth", hint="Leave aad_auth out.",
            )  # fmt: skip
    return given


def metric_alert(store: Store, resource: ArmResource) -> dict[str, Any]:
    """An alert rule as Azure writes it."""
    del store
    defaults: dict[str, Any] = {
        "description": "", "severity": 3, "enabled": True, "autoMitigate": True,
        "evaluationFrequency": "PT1M", "windowSize": "PT5M", "actions": [],
    }  # fmt: skip
    return {**defaults, **{k: v for k, v in resource.properties.items() if v is not None}}


def prepare_metric_alert(
    store: Store, request: Request, resource_id: str, given: Given, before: ArmResource | None
) -> Given:
    """Raises in Azure's words for an unknown metric, scope or action group, and `Forbidden` for
    one that the caller may not read."""
    given = {**(before.properties if before and request.method == "PATCH" else {}), **given}
    rule = alert_rules.read(resource_id, given)
    for target in rule.scopes:
        _require_read(store, request, resource_id, target)
        for criterion in rule.criteria:
            metrics.check(store, resource_id=target, metric=criterion.metric)
    for group_id in rule.action_groups:
        _require_read(store, request, resource_id, group_id)
        found = resources.find(store, group_id)
        if found is None or found.full_type.lower() != ACTION_GROUP.lower():
            raise BadInput(
                f"The action group '{group_id}' was not found", code="BadRequest",
                where="actions.actionGroupId",
            )  # fmt: skip
    target_type = resource_ids.parse(rule.scopes[0]).full_type
    return {"targetResourceType": target_type, **{k: v for k, v in given.items() if v is not None}}


def _require_read(store: Store, request: Request, resource_id: str, linked_id: str) -> None:
    # an alert tells what its scopes measure, and its action groups have it told to others
    named = resource_ids.parse(resource_ids.scope_of_path(linked_id))
    kind = named.full_type or "Microsoft.Resources/subscriptions"
    linked_access.require(
        store, request.principal, resource_id=resource_id, linked_id=linked_id,
        action=f"{kind}/read",
    )  # fmt: skip
