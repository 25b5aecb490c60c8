"""azurerm_monitor_metric_alert: thresholds on metrics of whole resources.

Source: azurerm's internal/services/monitor/monitor_metric_alert_resource.go.
"""

from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.mapping import (
    TAGS,
    AbsentBlocks,
    Block,
    Field,
    normal_location,
)

# the real provider writes this one even for a single resource
_TYPE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"
_NO_DATA = "Only fixed thresholds on metrics are evaluated."


def _complete(calls: Calls, values: Values, body: Body) -> None:
    del calls, values
    body["location"] = "global"
    criteria = body["properties"]["criteria"]
    criteria["odata.type"] = _TYPE
    for number, one in enumerate(criteria["allOf"], 1):
        one |= {"name": f"Metric{number}", "criterionType": "StaticThresholdCriterion"}


def _enrich(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    """Resource groups and names in the answer may be of another case than they were given."""
    del calls, answer
    known = {str(one).lower(): one for one in state.get("scopes") or ()}
    values["scopes"] = [known.get(str(one).lower(), one) for one in values["scopes"]]
    names = {
        str(one.get("action_group_id")).lower(): one["action_group_id"]
        for one in state.get("action") or ()
    }
    for action in values["action"]:
        given = str(action["action_group_id"])
        action["action_group_id"] = names.get(given.lower(), given)


def _plain_number(value: Any) -> Any:  # noqa: ANN401  # any JSON number
    return int(value) if isinstance(value, float) and value.is_integer() else value


NOUN = ArmNoun(
    type_name="azurerm_monitor_metric_alert",
    shape=arm_ids.METRIC_ALERT,
    api_version="2018-03-01",
    rows=(
        TAGS,
        Field("description", "properties.description"),
        Field("enabled", "properties.enabled", absent=True),
        Field("auto_mitigate", "properties.autoMitigate", absent=True),
        Field("severity", "properties.severity"),
        Field("frequency", "properties.evaluationFrequency"),
        Field("window_size", "properties.windowSize"),
        Field("scopes", "properties.scopes"),
        Field("target_resource_type", "properties.targetResourceType", absent=""),
        Field(
            "target_resource_location", "properties.targetResourceRegion", absent="",
            from_wire=normal_location,
        ),
        Block(
            "criteria",
            "properties.criteria.allOf",
            (
                Field("metric_namespace", "metricNamespace"),
                Field("metric_name", "metricName"),
                Field("aggregation", "timeAggregation"),
                Field("operator", "operator"),
                Field("threshold", "threshold", from_wire=_plain_number),
                Field("skip_metric_validation", "skipMetricValidation", absent=False),
                AbsentBlocks(("dimension",)),
            ),
            many=True,
        ),
        Block(
            "action",
            "properties.actions",
            (
                Field("action_group_id", "actionGroupId"),
                Field("webhook_properties", "webHookProperties"),
            ),
            many=True,
        ),
        AbsentBlocks(
            ("dynamic_criteria", "application_insights_web_test_location_availability_criteria")
        ),
    ),
    rules={
        "name": rules.not_empty,
        "resource_group_name": rules.GROUP_NAME,
        "severity": rules.between(0, 4),
        "action.action_group_id": rules.id_of(arm_ids.ACTION_GROUP),
        "criteria.dimension": rules.refused("A resource is measured as a whole."),
        "dynamic_criteria": rules.refused(_NO_DATA),
        "application_insights_web_test_location_availability_criteria": rules.refused(_NO_DATA),
    },
    complete=_complete,
    enrich=_enrich,
)  # fmt: skip
RESOURCE: TerraformResource = resource_of(NOUN)
