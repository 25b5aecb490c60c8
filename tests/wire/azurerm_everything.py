"""One configuration with every resource type of azurerm, as a user would write it.

`changed` gives other values to what can change in place; `place` is a part of every name, and
another one replaces what carries it.
"""

HEAD = """
terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  features {}
}
"""

EVERYTHING = (
    HEAD
    + """
variable "place" {
  type    = string
  default = "dev"
}

variable "changed" {
  type    = bool
  default = false
}

locals {
  tags = { env = var.place, revision = var.changed ? "two" : "one" }
}

data "azurerm_client_config" "me" {}
data "azurerm_subscription" "current" {}

resource "azurerm_resource_group" "ml" {
  name     = "rg-all-${var.place}"
  location = "West Europe"
  tags     = local.tags
}

resource "azurerm_storage_account" "ml" {
  name                            = "stall${var.place}01"
  resource_group_name             = azurerm_resource_group.ml.name
  location                        = azurerm_resource_group.ml.location
  account_tier                    = "Standard"
  account_replication_type        = var.changed ? "GRS" : "LRS"
  allow_nested_items_to_be_public = false
  tags                            = local.tags
}

resource "azurerm_storage_container" "artifacts" {
  name               = "pipeline-artifacts"
  storage_account_id = azurerm_storage_account.ml.id
  metadata           = { purpose = var.changed ? "promotion" : "artifacts" }
}

resource "azurerm_storage_container" "by_name" {
  name                 = "older-way"
  storage_account_name = azurerm_storage_account.ml.name
}

resource "azurerm_storage_blob" "readme" {
  name                 = "docs/read me.txt"
  storage_container_id = azurerm_storage_container.artifacts.id
  type                 = "Block"
  source_content       = "made by Terraform"
  content_type         = var.changed ? "text/markdown" : "text/plain"
}

resource "azurerm_key_vault" "ml" {
  name                       = "kv-all-${var.place}"
  resource_group_name        = azurerm_resource_group.ml.name
  location                   = azurerm_resource_group.ml.location
  tenant_id                  = data.azurerm_client_config.me.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  enabled_for_deployment     = var.changed
}

resource "azurerm_role_assignment" "secrets" {
  scope                = azurerm_key_vault.ml.id
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = data.azurerm_client_config.me.object_id
}

resource "azurerm_key_vault_secret" "key" {
  name            = "api-key"
  value           = var.changed ? "two" : "one"
  key_vault_id    = azurerm_key_vault.ml.id
  expiration_date = "2099-01-01T00:00:00Z"

  depends_on = [azurerm_role_assignment.secrets]
}

resource "azurerm_log_analytics_workspace" "ml" {
  name                = "log-all-${var.place}"
  resource_group_name = azurerm_resource_group.ml.name
  location            = azurerm_resource_group.ml.location
  retention_in_days   = var.changed ? 60 : 30
}

resource "azurerm_application_insights" "ml" {
  name                 = "appi-all-${var.place}"
  resource_group_name  = azurerm_resource_group.ml.name
  location             = azurerm_resource_group.ml.location
  workspace_id         = azurerm_log_analytics_workspace.ml.id
  application_type     = "web"
  daily_data_cap_in_gb = var.changed ? 2 : 1
}

resource "azurerm_container_registry" "ml" {
  name                = "crall${var.place}01"
  resource_group_name = azurerm_resource_group.ml.name
  location            = azurerm_resource_group.ml.location
  sku                 = var.changed ? "Standard" : "Basic"
  admin_enabled       = true
}

resource "azurerm_machine_learning_workspace" "ml" {
  name                    = "mlw-all-${var.place}"
  resource_group_name     = azurerm_resource_group.ml.name
  location                = azurerm_resource_group.ml.location
  application_insights_id = azurerm_application_insights.ml.id
  key_vault_id            = azurerm_key_vault.ml.id
  storage_account_id      = azurerm_storage_account.ml.id
  container_registry_id   = azurerm_container_registry.ml.id
  description             = var.changed ? "Flights" : null

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_machine_learning_compute_cluster" "cpu" {
  name                          = "cpu-cluster"
  machine_learning_workspace_id = azurerm_machine_learning_workspace.ml.id
  location                      = azurerm_resource_group.ml.location
  vm_size                       = "STANDARD_DS3_V2"
  vm_priority                   = "Dedicated"

  scale_settings {
    min_node_count                       = 0
    max_node_count                       = var.changed ? 4 : 2
    scale_down_nodes_after_idle_duration = "PT2M"
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_machine_learning_compute_instance" "box" {
  name                          = "box-${var.place}"
  machine_learning_workspace_id = azurerm_machine_learning_workspace.ml.id
  virtual_machine_size          = "STANDARD_DS2_V2"
}

resource "azurerm_machine_learning_datastore_blobstorage" "artifacts" {
  name                 = "artifacts"
  workspace_id         = azurerm_machine_learning_workspace.ml.id
  storage_container_id = azurerm_storage_container.artifacts.id
  account_key          = azurerm_storage_account.ml.primary_access_key
}

resource "azurerm_user_assigned_identity" "pipeline" {
  name                = "id-all-${var.place}"
  resource_group_name = azurerm_resource_group.ml.name
  location            = azurerm_resource_group.ml.location
  tags                = local.tags
}

resource "azurerm_federated_identity_credential" "pipeline" {
  name                      = "azure-devops"
  user_assigned_identity_id = azurerm_user_assigned_identity.pipeline.id
  audience                  = ["api://AzureADTokenExchange"]
  issuer                    = "https://vstoken.dev.azure.com/0b1a1d2c-0000-4000-8000-000000000001"
  subject                   = "sc://shipway/flights/${var.changed ? "azure-ml" : "azure"}"
}

resource "azurerm_role_definition" "submitter" {
  name        = "Job submitter ${var.place}"
  scope       = azurerm_resource_group.ml.id
  description = var.changed ? "Submits and cancels jobs" : "Submits jobs"

  permissions {
    actions = ["Microsoft.MachineLearningServices/workspaces/jobs/*"]
  }
}

resource "azurerm_role_assignment" "jobs" {
  scope              = azurerm_machine_learning_workspace.ml.id
  role_definition_id = azurerm_role_definition.submitter.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.pipeline.principal_id
  description        = "The pipeline submits jobs"
}

resource "azurerm_role_assignment" "data" {
  scope                = azurerm_storage_account.ml.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.pipeline.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_monitor_action_group" "team" {
  name                = "ag-all-${var.place}"
  resource_group_name = azurerm_resource_group.ml.name
  short_name          = "mlteam"

  webhook_receiver {
    name                    = "chat"
    service_uri             = "https://hooks.example.com/${var.changed ? "two" : "one"}"
    use_common_alert_schema = true
  }
}

resource "azurerm_monitor_metric_alert" "failed" {
  name                = "failed-all-${var.place}"
  resource_group_name = azurerm_resource_group.ml.name
  scopes              = [azurerm_machine_learning_workspace.ml.id]
  severity            = var.changed ? 1 : 2

  criteria {
    metric_namespace = "Microsoft.MachineLearningServices/workspaces"
    metric_name      = "Failed Runs"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 0.5
  }

  action {
    action_group_id = azurerm_monitor_action_group.team.id
  }
}

resource "azurerm_consumption_budget_resource_group" "ml" {
  name              = "budget-all-${var.place}"
  resource_group_id = azurerm_resource_group.ml.id
  amount            = var.changed ? 200 : 100

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    threshold      = 80
    operator       = "GreaterThan"
    contact_emails = ["team@example.com"]
  }
}

resource "azurerm_consumption_budget_subscription" "all" {
  name            = "budget-all-${var.place}"
  subscription_id = data.azurerm_subscription.current.id
  amount          = var.changed ? 2000 : 1000

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    threshold      = 100
    operator       = "EqualTo"
    contact_groups = [azurerm_monitor_action_group.team.id]
  }
}

resource "azurerm_key_vault_access_policy" "pipeline" {
  key_vault_id       = azurerm_key_vault.ml.id
  tenant_id          = data.azurerm_client_config.me.tenant_id
  object_id          = azurerm_user_assigned_identity.pipeline.principal_id
  secret_permissions = var.changed ? ["Get", "List"] : ["Get"]
}

output "blob_endpoint" {
  value = azurerm_storage_account.ml.primary_blob_endpoint
}
"""
)
# what `changed` changes in place
CHANGING = 19
