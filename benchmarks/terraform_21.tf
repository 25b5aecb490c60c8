# With the resource group of terraform.py: 21 resources of three providers.
data "azurerm_client_config" "me" {}

resource "azurerm_storage_account" "s" {
  name                     = "stbenchfew"
  resource_group_name      = azurerm_resource_group.g.name
  location                 = azurerm_resource_group.g.location
  account_tier             = "Standard"
  account_replication_type = "LRS"
}
resource "azurerm_storage_container" "c" {
  name               = "pipeline-artifacts"
  storage_account_id = azurerm_storage_account.s.id
}
resource "azurerm_log_analytics_workspace" "l" {
  name                = "log-bench"
  resource_group_name = azurerm_resource_group.g.name
  location            = azurerm_resource_group.g.location
}
resource "azurerm_application_insights" "a" {
  name                = "appi-bench"
  resource_group_name = azurerm_resource_group.g.name
  location            = azurerm_resource_group.g.location
  workspace_id        = azurerm_log_analytics_workspace.l.id
  application_type    = "web"
}
resource "azurerm_key_vault" "k" {
  name                       = "kv-bench-few"
  resource_group_name        = azurerm_resource_group.g.name
  location                   = azurerm_resource_group.g.location
  tenant_id                  = data.azurerm_client_config.me.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
}
resource "azurerm_container_registry" "r" {
  name                = "crbenchfew"
  resource_group_name = azurerm_resource_group.g.name
  location            = azurerm_resource_group.g.location
  sku                 = "Basic"
}
resource "azurerm_machine_learning_workspace" "w" {
  name                    = "mlw-bench"
  resource_group_name     = azurerm_resource_group.g.name
  location                = azurerm_resource_group.g.location
  application_insights_id = azurerm_application_insights.a.id
  key_vault_id            = azurerm_key_vault.k.id
  storage_account_id      = azurerm_storage_account.s.id
  container_registry_id   = azurerm_container_registry.r.id
  identity {
    type = "SystemAssigned"
  }
}
resource "azurerm_machine_learning_compute_cluster" "c" {
  name                          = "cpu-cluster"
  location                      = azurerm_resource_group.g.location
  machine_learning_workspace_id = azurerm_machine_learning_workspace.w.id
  vm_priority                   = "Dedicated"
  vm_size                       = "Standard_DS3_v2"
  scale_settings {
    min_node_count                       = 0
    max_node_count                       = 2
    scale_down_nodes_after_idle_duration = "PT5M"
  }
}
resource "azurerm_user_assigned_identity" "i" {
  name                = "id-bench"
  resource_group_name = azurerm_resource_group.g.name
  location            = azurerm_resource_group.g.location
}
resource "azurerm_role_assignment" "r" {
  scope                = azurerm_resource_group.g.id
  role_definition_name = "Reader"
  principal_id         = azuread_service_principal.s.object_id
}

resource "azuread_application" "a" {
  display_name = "bench"
}
resource "azuread_service_principal" "s" {
  client_id = azuread_application.a.client_id
}
resource "azuread_application_federated_identity_credential" "f" {
  application_id = azuread_application.a.id
  display_name   = "bench"
  audiences      = ["api://AzureADTokenExchange"]
  issuer         = "https://vstoken.dev.azure.com/bench"
  subject        = "sc://shipway/bench/azure"
}
resource "azuread_group" "g" {
  display_name     = "bench"
  security_enabled = true
}

resource "azuredevops_project" "p" {
  name = "bench"
}
resource "azuredevops_git_repository" "r" {
  project_id = azuredevops_project.p.id
  name       = "code"
  initialization {
    init_type = "Clean"
  }
}
resource "azuredevops_environment" "e" {
  project_id = azuredevops_project.p.id
  name       = "bench"
}
resource "azuredevops_check_exclusive_lock" "l" {
  project_id           = azuredevops_project.p.id
  target_resource_id   = azuredevops_environment.e.id
  target_resource_type = "environment"
}
resource "azuredevops_variable_group" "v" {
  project_id = azuredevops_project.p.id
  name       = "bench"
  variable {
    name  = "region"
    value = "westeurope"
  }
}
resource "azurerm_federated_identity_credential" "f" {
  name                      = "bench"
  user_assigned_identity_id = azurerm_user_assigned_identity.i.id
  audience                  = ["api://AzureADTokenExchange"]
  issuer                    = "https://vstoken.dev.azure.com/bench"
  subject                   = "sc://shipway/bench/azure"
}
