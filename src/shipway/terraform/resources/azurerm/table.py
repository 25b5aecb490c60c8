"""Every resource and data source of azurerm."""

from typing import Final

from shipway.terraform.resource import TerraformDataSource, TerraformResource
from shipway.terraform.resources.azurerm import (
    account_data_sources,
    application_insights,
    consumption_budgets,
    container_registries,
    data_sources,
    federated_identity_credentials,
    key_vault_access_policies,
    key_vault_secrets,
    key_vaults,
    log_analytics_workspaces,
    ml_compute_clusters,
    ml_compute_instances,
    ml_datastores,
    ml_workspaces,
    monitor_action_groups,
    monitor_metric_alerts,
    resource_groups,
    role_assignments,
    role_definitions,
    storage_accounts,
    storage_blobs,
    storage_containers,
    user_assigned_identities,
)

RESOURCES: Final[tuple[TerraformResource, ...]] = (
    resource_groups.RESOURCE,
    storage_accounts.RESOURCE,
    storage_containers.RESOURCE,
    storage_blobs.RESOURCE,
    key_vaults.RESOURCE,
    key_vault_access_policies.RESOURCE,
    key_vault_secrets.RESOURCE,
    log_analytics_workspaces.RESOURCE,
    application_insights.RESOURCE,
    container_registries.RESOURCE,
    ml_workspaces.RESOURCE,
    ml_compute_clusters.RESOURCE,
    ml_compute_instances.RESOURCE,
    ml_datastores.RESOURCE,
    user_assigned_identities.RESOURCE,
    federated_identity_credentials.RESOURCE,
    role_definitions.RESOURCE,
    role_assignments.RESOURCE,
    monitor_action_groups.RESOURCE,
    monitor_metric_alerts.RESOURCE,
    *consumption_budgets.RESOURCES,
)
DATA_SOURCES: Final[tuple[TerraformDataSource, ...]] = (
    *account_data_sources.DATA_SOURCES,
    *data_sources.DATA_SOURCES,
)
