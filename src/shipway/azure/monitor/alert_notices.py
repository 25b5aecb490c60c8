"""What a webhook is told when an alert fires or is resolved: Azure Monitor's own words.

Pure. Source: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema and
https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-metric-near-real-time
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipway.azure.arm import resource_ids
from shipway.azure.monitor.alert_rules import AlertRule, Criterion
from shipway.base.clock import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An alert that fired or was resolved: which, on what, and the numbers."""

    rule: AlertRule
    alert_id: str
    target: str
    subscription: str
    fired_at: datetime
    at: datetime
    values: tuple[float | None, ...]
    is_resolved: bool = False


def common(notice: Notice) -> dict[str, Any]:
    """The common alert schema."""
    rule = notice.rule
    essentials = {
        "alertId": f"/subscriptions/{notice.subscription}/providers/"
        f"Microsoft.AlertsManagement/alerts/{notice.alert_id}",
        "alertRule": rule.name,
        "alertRuleID": rule.resource_id,
        "targetResourceType": resource_ids.parse(notice.target).full_type.lower(),
        "severity": f"Sev{rule.severity}",
        "signalType": "Metric",
        "monitorCondition": "Resolved" if notice.is_resolved else "Fired",
        "monitoringService": "Platform",
        "alertTargetIDs": [notice.target],
        "configurationItems": [notice.target.rpartition("/")[2]],
        "originAlertId": f"{notice.alert_id}_{rule.name}",
        "firedDateTime": timestamp(notice.fired_at),
        "description": rule.description,
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    if notice.is_resolved:
        essentials["resolvedDateTime"] = timestamp(notice.at)
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": essentials,
            "alertContext": {
                "properties": dict(rule.properties) or None,
                "conditionType": rule.kind.rpartition(".")[2],
                "condition": _condition(notice),
            },
            "customProperties": dict(rule.properties) or None,
        },
    }


def classic(notice: Notice) -> dict[str, Any]:
    """The older schema, for receivers that do not ask for the common one."""
    rule, target = notice.rule, resource_ids.parse(notice.target)
    return {
        "schemaId": "AzureMonitorMetricAlert",
        "data": {
            "version": "2.0",
            "status": "Deactivated" if notice.is_resolved else "Activated",
            "context": {
                "timestamp": timestamp(notice.at),
                "id": rule.resource_id,
                "name": rule.name,
                "description": rule.description,
                "conditionType": rule.kind.rpartition(".")[2],
                "severity": str(rule.severity),
                "condition": _condition(notice),
                "subscriptionId": notice.subscription,
                "resourceGroupName": target.resource_group,
                "resourceName": target.name,
                "resourceType": target.full_type,
                "resourceId": notice.target,
                "portalLink": f"https://portal.azure.com/#resource{notice.target}",
            },
            "properties": dict(rule.properties),
        },
    }


def _condition(notice: Notice) -> dict[str, Any]:
    rule = notice.rule
    pairs = zip(rule.criteria, notice.values, strict=True)
    return {
        "windowSize": rule.window_text,
        "allOf": [_met(criterion, value) for criterion, value in pairs],
        "windowStartTime": timestamp(notice.at - rule.window),
        "windowEndTime": timestamp(notice.at),
    }


def _met(criterion: Criterion, value: float | None) -> dict[str, Any]:
    return {
        "metricName": criterion.metric,
        "metricNamespace": criterion.namespace,
        "operator": criterion.operator,
        "threshold": f"{criterion.threshold:g}",
        "timeAggregation": criterion.aggregation,
        "dimensions": [],
        "metricValue": value,
        "webTestName": None,
    }
