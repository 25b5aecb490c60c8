"""The simpler providers' resource types: one row each."""

from shipway.loop import alert
from shipway.wire import api_versions
from shipway.wire.arm import (
    insights_components,
    log_workspaces,
    monitor,
    registries,
    user_identities,
    vaults,
)
from shipway.wire.arm.resource_type import ResourceType

_DOC = "https://learn.microsoft.com/rest/api/"

TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        namespace="Microsoft.KeyVault", name="vaults", api_versions=api_versions.KEY_VAULT,
        properties=vaults.properties, prepare=vaults.prepare, removed=vaults.removed,
        doc=_DOC + "keyvault/keyvault/vaults",
    ),
    ResourceType(
        namespace="Microsoft.Insights", name="components",
        properties=insights_components.properties, removed=insights_components.removed,
        api_versions=api_versions.INSIGHTS_COMPONENTS, status_when_new=200,
        doc=_DOC + "application-insights/components",
    ),
    ResourceType(
        namespace="Microsoft.OperationalInsights", name="workspaces",
        properties=log_workspaces.properties, prepare=log_workspaces.prepare,
        removed=log_workspaces.removed, api_versions=api_versions.LOG_ANALYTICS,
        doc=_DOC + "loganalytics/workspaces",
    ),
    ResourceType(
        namespace="Microsoft.ContainerRegistry", name="registries",
        properties=registries.properties, prepare=registries.prepare, removed=registries.removed,
        api_versions=api_versions.CONTAINER_REGISTRY, doc=_DOC + "containerregistry/registries",
    ),
    ResourceType(
        namespace="Microsoft.ManagedIdentity", name="userAssignedIdentities",
        properties=user_identities.properties, removed=user_identities.removed,
        api_versions=api_versions.MANAGED_IDENTITY,
        doc=_DOC + "managedidentity/user-assigned-identities",
    ),
    ResourceType(
        namespace="Microsoft.Insights", name="actionGroups", properties=monitor.action_group,
        prepare=monitor.prepare_action_group, api_versions=api_versions.ACTION_GROUPS,
        doc=_DOC + "monitor/action-groups",
    ),
    ResourceType(
        namespace="Microsoft.Insights", name="metricAlerts", properties=monitor.metric_alert,
        prepare=monitor.prepare_metric_alert, saved=alert.on_saved, removed=alert.on_removed,
        api_versions=api_versions.METRIC_ALERTS, status_when_new=200,
        doc=_DOC + "monitor/metric-alerts",
    ),
)  # fmt: skip
