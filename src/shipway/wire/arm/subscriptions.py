"""Subscriptions, tenants and the cloud's own description.

Source: https://learn.microsoft.com/rest/api/resources/subscriptions
"""

from shipway.azure.arm import role_assignments
from shipway.azure.entra import groups, tenant
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response


def list_subscriptions(store: Store, request: Request) -> Response:
    """`GET /subscriptions`: those in which the caller has any role."""
    principal_id = request.principal.object_id
    known = (principal_id, *groups.of_member(store, principal_id))
    has_role = any(role_assignments.list_assignments(store, principal_id=p) for p in known)
    return json_response({"value": [_subscription(store)] if has_role else [], "count": {
        "type": "Total", "value": int(has_role)}})  # fmt: skip


def get_subscription(store: Store, request: Request) -> Response:
    """`GET /subscriptions/{subscription}`."""
    del request
    return json_response(_subscription(store))


def list_locations(store: Store, request: Request) -> Response:
    """`GET /subscriptions/{subscription}/locations`: the one region that this machine is."""
    del request
    home = tenant.facts(store)
    location = {
        "id": f"{home.subscription_scope}/locations/{home.region}",
        "name": home.region,
        "type": "Region",
        "displayName": "West Europe",
        "regionalDisplayName": "(Europe) West Europe",
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }
    return json_response({"value": [location]})


def list_tenants(store: Store, request: Request) -> Response:
    """`GET /tenants`."""
    del request
    home = tenant.facts(store)
    found = {
        "id": f"/tenants/{home.tenant_id}",
        "tenantId": home.tenant_id,
        "countryCode": "NL",
        "displayName": "shipway",
        "defaultDomain": home.domain,
        "domains": [home.domain],
        "tenantCategory": "Home",
    }
    return json_response({"value": [found]})


def metadata_endpoints(store: Store, request: Request) -> Response:
    """`GET /metadata/endpoints`: where this cloud's services are. Needs no token."""
    del store
    cloud = _cloud()
    if request.arg("api-version") == "2018-01-01":
        graph = cloud["microsoftGraphResourceId"]
        return json_response({**cloud, "graphEndpoint": graph})
    if request.arg("api-version") == "2019-05-01":
        return json_response([cloud])  # this version alone lists clouds
    return json_response(cloud)


def _cloud() -> dict[str, object]:
    return {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "resourceManager": "https://management.azure.com",
        "gallery": "https://gallery.azure.com",
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com/",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "storage": "core.windows.net",
            "keyVaultDns": "vault.azure.net",
            "acrLoginServer": "azurecr.io",
            "storageSyncEndpointSuffix": "afs.azure.net",
            "mhsmDns": "managedhsm.azure.net",
        },
    }


def _subscription(store: Store) -> dict[str, object]:
    home = tenant.facts(store)
    return {
        "id": home.subscription_scope,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": home.subscription_id,
        "tenantId": home.tenant_id,
        "displayName": home.subscription_name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }
