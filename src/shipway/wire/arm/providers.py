"""Resource providers: which there are, all of them registered.

Source: https://learn.microsoft.com/rest/api/resources/providers
"""

from shipway.azure.entra import tenant
from shipway.base.errors import NotFound
from shipway.store.store import Store
from shipway.wire import api_versions
from shipway.wire.http import Request, Response, json_response

# namespace -> resource types with their api-versions; clients read what there is
_PROVIDERS: dict[str, dict[str, tuple[str, ...]]] = {
    "Microsoft.Authorization": {
        "roleAssignments": api_versions.AUTHORIZATION,
        "roleDefinitions": api_versions.AUTHORIZATION,
    },
    "Microsoft.ContainerRegistry": {"registries": api_versions.CONTAINER_REGISTRY},
    "Microsoft.Consumption": {"budgets": api_versions.BUDGETS},
    "Microsoft.Insights": {
        "actionGroups": api_versions.ACTION_GROUPS,
        "components": api_versions.INSIGHTS_COMPONENTS,
        "metricAlerts": api_versions.METRIC_ALERTS,
    },
    "Microsoft.KeyVault": {"vaults": api_versions.KEY_VAULT},
    "Microsoft.MachineLearningServices": {"workspaces": ()},
    "Microsoft.ManagedIdentity": {"userAssignedIdentities": api_versions.MANAGED_IDENTITY},
    "Microsoft.OperationalInsights": {"workspaces": api_versions.LOG_ANALYTICS},
    "Microsoft.Resources": {
        "resourceGroups": api_versions.RESOURCES,
        "subscriptions": api_versions.SUBSCRIPTIONS,
    },
    "Microsoft.Storage": {"storageAccounts": api_versions.STORAGE},
}


def list_providers(store: Store, request: Request) -> Response:
    """`GET /subscriptions/{subscription}/providers`."""
    del request
    return json_response({"value": [_provider(store, namespace) for namespace in _PROVIDERS]})


def get_provider(store: Store, request: Request) -> Response:
    """`GET /subscriptions/{subscription}/providers/{namespace}`. Raises `NotFound`."""
    return json_response(_provider(store, request.params["namespace"]))


def register(store: Store, request: Request) -> Response:
    """`POST .../providers/{namespace}/register`: those there are have been registered already."""
    return json_response(_provider(store, request.params["namespace"]))


def _provider(store: Store, namespace: str) -> dict[str, object]:
    name = next((n for n in _PROVIDERS if n.lower() == namespace.lower()), None)
    if name is None:
        raise NotFound(
            f"The resource namespace '{namespace}' is invalid",
            code="InvalidResourceNamespace",
            where=namespace,
            hint=f"Known here: {', '.join(_PROVIDERS)}.",
        )
    home = tenant.facts(store)
    types = [
        {"resourceType": t, "locations": ["West Europe"], "apiVersions": sorted(v, reverse=True)}
        for t, v in _PROVIDERS[name].items()
    ]
    return {
        "id": f"{home.subscription_scope}/providers/{name}",
        "namespace": name,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": types,
    }
