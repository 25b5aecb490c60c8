# The workspace and what it stands on: the longest names fit, jobs have narrow roles, nothing is open.
# A file of its own, for a provider that a module does not use may not be mocked beside it.

mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

variables {
  environment   = "dev"
  workload      = "flights"
  name_suffix   = "abc123"
  location      = "westeurope"
  tenant_id     = "00000000-0000-4000-8000-000000000004"
  compute       = { name = "cpu-cluster", vm_size = "Standard_DS3_v2", max_nodes = 2 }
  budget_amount = 100
}

run "training_jobs_have_what_they_need_and_alerts_are_heard" {
  command = plan

  module {
    source = "./modules/workspace"
  }

  variables {
    notify_webhook = "https://example.com/hook"
    alert_emails   = ["avery@example.com"]
  }

  assert {
    condition = { for name, one in azurerm_role_assignment.compute : one.role_definition_name => one.scope } == {
      "AzureML Data Scientist"        = azurerm_machine_learning_workspace.this.id
      "Storage Blob Data Contributor" = azurerm_storage_account.this.id
      "AcrPull"                       = azurerm_container_registry.this.id
    }
    error_message = "the cluster has other roles"
  }
  assert {
    condition     = !azurerm_storage_account.this.shared_access_key_enabled && !azurerm_storage_account.this.allow_nested_items_to_be_public
    error_message = "the account opens to a key, or to everybody"
  }
  assert {
    condition     = azurerm_storage_container.pipeline_artifacts.container_access_type == "private"
    error_message = "reports are for everybody"
  }
  assert {
    condition     = azurerm_key_vault.this.rbac_authorization_enabled && azurerm_key_vault.this.purge_protection_enabled
    error_message = "the vault goes by access policies, or can be purged"
  }
  assert {
    condition     = !azurerm_container_registry.this.admin_enabled
    error_message = "the registry has an admin password"
  }
  assert {
    condition     = azurerm_monitor_action_group.this.webhook_receiver[0].service_uri == "https://example.com/hook" && azurerm_monitor_action_group.this.email_receiver[0].email_address == "avery@example.com"
    error_message = "the alert goes elsewhere"
  }
  assert {
    condition     = one(azurerm_monitor_metric_alert.failed_runs.action).action_group_id == azurerm_monitor_action_group.this.id
    error_message = "the alert goes nowhere"
  }
}

run "longest_names" {
  command = plan

  module {
    source = "./modules/workspace"
  }

  variables {
    environment = "abcde6"
    workload    = "abcdefghi0"
    registry_id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/rg/providers/Microsoft.MachineLearningServices/registries/shared"
  }

  assert {
    condition     = azurerm_role_assignment.compute["shared"].role_definition_name == "AzureML Registry User" && endswith(azurerm_role_assignment.compute["shared"].scope, "/registries/shared")
    error_message = "jobs may not use the registry"
  }

  assert {
    condition     = can(regex("^[a-zA-Z]([a-zA-Z0-9]|-[a-zA-Z0-9]){2,23}$", azurerm_key_vault.this.name))
    error_message = "key vault: ${azurerm_key_vault.this.name}"
  }
  assert {
    condition     = can(regex("^[a-zA-Z0-9]{5,50}$", azurerm_container_registry.this.name))
    error_message = "container registry: ${azurerm_container_registry.this.name}"
  }
  assert {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$", azurerm_log_analytics_workspace.this.name))
    error_message = "log analytics workspace: ${azurerm_log_analytics_workspace.this.name}"
  }
  assert {
    condition     = length(azurerm_monitor_action_group.this.short_name) <= 12
    error_message = "short name of the action group: ${azurerm_monitor_action_group.this.short_name}"
  }
  assert {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,63}$", azurerm_consumption_budget_resource_group.this.name))
    error_message = "budget: ${azurerm_consumption_budget_resource_group.this.name}"
  }
}
