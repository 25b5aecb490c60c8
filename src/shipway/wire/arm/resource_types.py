"""The simpler providers' resource types: one row each, with what their provider computes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import managed_identities, tenant
from shipway.base import ids
from shipway.store.store import Store
from shipway.wire import api_versions

Properties = Callable[[Store, ArmResource], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A type: its namespace and name, how it creates, what it adds to the given properties."""

    namespace: str
    name: str
    api_versions: tuple[str, ...]
    properties: Properties
    status_when_new: int = 201
    doc: str = ""

    @property
    def full_type(self) -> str:
        """`Microsoft.KeyVault/vaults`."""
        return f"{self.namespace}/{self.name}"


def _vault(store: Store, resource: ArmResource) -> dict[str, Any]:
    return {
        "tenantId": tenant.facts(store).tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [],
        "enabledForDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "publicNetworkAccess": "Enabled",
        **resource.properties,
        "vaultUri": f"https://{resource.name.lower()}.vault.azure.net/",
    }


def _component(store: Store, resource: ArmResource) -> dict[str, Any]:
    del store
    key = ids.guid_from("instrumentation key", resource.resource_id.lower())
    app_id = ids.guid_from("application insights", resource.resource_id.lower())
    ingestion = f"https://{resource.location}-5.in.applicationinsights.azure.com/"
    return {
        "Application_Type": "web",
        "Flow_Type": "Bluefield",
        "Request_Source": "rest",
        "RetentionInDays": 90,
        "IngestionMode": "LogAnalytics",
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        **resource.properties,
        "ApplicationId": resource.name,
        "AppId": app_id,
        "Name": resource.name,
        "InstrumentationKey": key,
        "ConnectionString": (
            f"InstrumentationKey={key};IngestionEndpoint={ingestion};ApplicationId={app_id}"
        ),
        "Ver": "v2",
    }


def _log_workspace(store: Store, resource: ArmResource) -> dict[str, Any]:
    del store
    return {
        "retentionInDays": 30,
        "sku": {"name": "PerGB2018"},
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "workspaceCapping": {"dailyQuotaGb": -1.0, "dataIngestionStatus": "RespectQuota"},
        **resource.properties,
        "customerId": ids.guid_from("log workspace", resource.resource_id.lower()),
    }


def _registry(store: Store, resource: ArmResource) -> dict[str, Any]:
    del store
    return {
        "adminUserEnabled": False,
        "publicNetworkAccess": "Enabled",
        "zoneRedundancy": "Disabled",
        **resource.properties,
        "loginServer": f"{resource.name.lower()}.azurecr.io",
    }


def _identity(store: Store, resource: ArmResource) -> dict[str, Any]:
    principal = managed_identities.create_for(store, resource.resource_id)
    return {
        "tenantId": principal.tenant_id,
        "principalId": principal.object_id,
        "clientId": principal.app_id,
    }


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        namespace="Microsoft.KeyVault", name="vaults", api_versions=api_versions.KEY_VAULT,
        properties=_vault, doc="https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults",
    ),
    ResourceType(
        namespace="Microsoft.Insights", name="components", properties=_component,
        api_versions=api_versions.INSIGHTS_COMPONENTS, status_when_new=200,
        doc="https://learn.microsoft.com/rest/api/application-insights/components",
    ),
    ResourceType(
        namespace="Microsoft.OperationalInsights", name="workspaces", properties=_log_workspace,
        api_versions=api_versions.LOG_ANALYTICS,
        doc="https://learn.microsoft.com/rest/api/loganalytics/workspaces",
    ),
    ResourceType(
        namespace="Microsoft.ContainerRegistry", name="registries", properties=_registry,
        api_versions=api_versions.CONTAINER_REGISTRY,
        doc="https://learn.microsoft.com/rest/api/containerregistry/registries",
    ),
    ResourceType(
        namespace="Microsoft.ManagedIdentity", name="userAssignedIdentities", properties=_identity,
        api_versions=api_versions.MANAGED_IDENTITY,
        doc="https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities",
    ),
)  # fmt: skip
