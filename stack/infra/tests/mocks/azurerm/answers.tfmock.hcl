# What Azure would answer: ids in its form, because the provider reads them.

mock_data "azurerm_client_config" {
  defaults = {
    client_id       = "00000000-0000-4000-8000-000000000001"
    object_id       = "00000000-0000-4000-8000-000000000002"
    subscription_id = "00000000-0000-4000-8000-000000000003"
    tenant_id       = "00000000-0000-4000-8000-000000000004"
  }
}

mock_data "azurerm_subscription" {
  defaults = {
    subscription_id = "00000000-0000-4000-8000-000000000003"
    display_name    = "mock"
  }
}

mock_resource "azurerm_resource_group" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock"
  }
}

mock_resource "azurerm_storage_account" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.Storage/storageAccounts/mock"
  }
}

mock_resource "azurerm_storage_container" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.Storage/storageAccounts/mock/blobServices/default/containers/mock"
  }
}

mock_resource "azurerm_key_vault" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.KeyVault/vaults/mock"
  }
}

mock_resource "azurerm_log_analytics_workspace" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.OperationalInsights/workspaces/mock"
  }
}

mock_resource "azurerm_application_insights" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.Insights/components/mock"
  }
}

mock_resource "azurerm_container_registry" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.ContainerRegistry/registries/mock"
  }
}

mock_resource "azurerm_machine_learning_workspace" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.MachineLearningServices/workspaces/mock"
  }
}

mock_resource "azurerm_monitor_action_group" {
  defaults = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.Insights/actionGroups/mock"
  }
}
