"""Application Insights components and their billing features.

Source: https://learn.microsoft.com/rest/api/application-insights/components
"""

from typing import Any

from shipway.azure.arm import resource_ids, resources
from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import tenant
from shipway.base import ids
from shipway.base.clock import timestamp
from shipway.store.store import Store
from shipway.wire.arm.shapes import object_of
from shipway.wire.http import Request, Response, json_response

_BILLING = "insights_billing"
_CAP: dict[str, Any] = {
    "Cap": 100.0,
    "WarningThreshold": 90,
    "ResetTime": 16,
    "StopSendNotificationWhenHitThreshold": False,
    "StopSendNotificationWhenHitCap": False,
    "MaxHistoryCap": 500.0,
}


def properties(store: Store, resource: ArmResource) -> dict[str, Any]:
    """A component with what Azure computes."""
    key = ids.guid_from("instrumentation key", resource.resource_id.lower())
    app_id = ids.guid_from("application insights", resource.resource_id.lower())
    ingestion = f"https://{resource.location}-5.in.applicationinsights.azure.com/"
    return {
        "Application_Type": "web",
        "Flow_Type": "Bluefield",
        "Request_Source": "rest",
        "RetentionInDays": 90,
        "IngestionMode": "LogAnalytics",
        "SamplingPercentage": 100.0,
        "DisableIpMasking": False,
        "DisableLocalAuth": False,
        "ForceCustomerStorageForProfiler": False,
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        **resource.properties,
        "ApplicationId": resource.name,
        "AppId": app_id,
        "Name": resource.name,
        "TenantId": tenant.facts(store).subscription_id,
        "CreationDate": timestamp(resource.created_at),
        "InstrumentationKey": key,
        "ConnectionString": (
            f"InstrumentationKey={key};IngestionEndpoint={ingestion};"
            f"LiveEndpoint=https://{resource.location}.livediagnostics.monitor.azure.com/;"
            f"ApplicationId={app_id}"
        ),
        "Ver": "v2",
    }


def removed(store: Store, resource: ArmResource) -> None:
    """Its billing features go with it."""
    store.documents.delete(_BILLING, resource.resource_id.lower())


def get_billing(store: Store, request: Request) -> Response:
    """`GET .../components/{name}/currentbillingfeatures`."""
    return json_response(_billing(store, _component(store, request)))


def put_billing(store: Store, request: Request) -> Response:
    """`PUT ...`: the daily cap; nothing is ingested here, so it is kept and shown only."""
    component = _component(store, request)
    body = request.json()
    before = _billing(store, component)
    volume = {**before["DataVolumeCap"], **object_of(body, "DataVolumeCap")}
    features = body.get("CurrentBillingFeatures") or before["CurrentBillingFeatures"]
    made = {"CurrentBillingFeatures": features, "DataVolumeCap": volume}
    store.documents.put(_BILLING, component.resource_id.lower(), made)
    return json_response(made)


def _billing(store: Store, component: ArmResource) -> dict[str, Any]:
    found = store.documents.find(_BILLING, component.resource_id.lower())
    if found is not None:
        return found.body
    return {"CurrentBillingFeatures": ["Basic"], "DataVolumeCap": dict(_CAP)}


def _component(store: Store, request: Request) -> ArmResource:
    home = tenant.facts(store)
    named = resource_ids.resource(
        home.subscription_id, request.params["group"], "Microsoft.Insights", "components",
        request.params["name"],
    )  # fmt: skip
    return resources.get(store, str(named))
