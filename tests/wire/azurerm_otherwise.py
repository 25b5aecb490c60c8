"""The resource types of azurerm, each with the settings that the other configuration leaves out."""

from tests.wire.azurerm_everything import HEAD

OTHERWISE = (
    HEAD
    + """
data "azurerm_client_config" "me" {}
data "azurerm_subscription" "here" {}

data "azurerm_role_definition" "reader" {
  name  = "Reader"
  scope = data.azurerm_subscription.here.id
}

resource "azurerm_resource_group" "rg" {
  name     = "rg-other"
  location = "westeurope"
}

resource "azurerm_user_assigned_identity" "id" {
  name                = "id-other"
  resource_group_name = azurerm_resource_group.rg.name
  location            = azurerm_resource_group.rg.location
}

resource "azurerm_storage_account" "sa" {
  name                     = "stother0001"
  resource_group_name      = azurerm_resource_group.rg.name
  location                 = azurerm_resource_group.rg.location
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  access_tier              = "Cool"
  identity {
    type         = "SystemAssigned, UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.id.id]
  }
  network_rules {
    default_action = "Deny"
    ip_rules       = ["10.0.0.1", "10.0.0.2"]
  }
  blob_properties {
    versioning_enabled = false
  }
}

resource "azurerm_storage_container" "c" {
  name               = "artifacts"
  storage_account_id = azurerm_storage_account.sa.id
}

resource "azurerm_storage_blob" "file" {
  name                   = "a/upload.txt"
  storage_account_name   = azurerm_storage_account.sa.name
  storage_container_name = azurerm_storage_container.c.name
  type                   = "Block"
  source                 = "upload.txt"
  content_md5            = filemd5("upload.txt")
}

resource "azurerm_storage_blob" "copy" {
  name                 = "copy of it.txt"
  storage_container_id = azurerm_storage_container.c.id
  type                 = "Block"
  source_uri           = azurerm_storage_blob.file.url
  content_type         = "text/plain"
  metadata             = { a = "b" }
}

resource "azurerm_storage_blob" "empty" {
  name                 = "empty"
  storage_container_id = azurerm_storage_container.c.id
  type                 = "Block"
}

resource "azurerm_key_vault" "kv" {
  name                       = "kv-other-01"
  resource_group_name        = azurerm_resource_group.rg.name
  location                   = azurerm_resource_group.rg.location
  tenant_id                  = data.azurerm_client_config.me.tenant_id
  sku_name                   = "premium"
  purge_protection_enabled   = true
  soft_delete_retention_days = 7
  rbac_authorization_enabled = false
  access_policy {
    tenant_id          = data.azurerm_client_config.me.tenant_id
    object_id          = data.azurerm_client_config.me.object_id
    secret_permissions = ["Get", "List", "Set", "Delete", "Recover"]
  }
  network_acls {
    default_action = "Allow"
    bypass         = "AzureServices"
  }
}

resource "azurerm_key_vault_secret" "s" {
  name             = "api-key"
  value_wo         = "abc"
  value_wo_version = 1
  key_vault_id     = azurerm_key_vault.kv.id
}

data "azurerm_key_vault_secret" "s" {
  name         = azurerm_key_vault_secret.s.name
  key_vault_id = azurerm_key_vault.kv.id
}

data "azurerm_key_vault" "kv" {
  name                = azurerm_key_vault.kv.name
  resource_group_name = azurerm_resource_group.rg.name
}

resource "azurerm_log_analytics_workspace" "law" {
  name                = "log-other"
  resource_group_name = azurerm_resource_group.rg.name
  location            = azurerm_resource_group.rg.location
  identity { type = "SystemAssigned" }
}

resource "azurerm_application_insights" "appi" {
  name                          = "appi-other"
  resource_group_name           = azurerm_resource_group.rg.name
  location                      = azurerm_resource_group.rg.location
  application_type              = "web"
  disable_ip_masking            = true
  local_authentication_disabled = true
}

resource "azurerm_container_registry" "cr" {
  name                          = "crother0001"
  resource_group_name           = azurerm_resource_group.rg.name
  location                      = azurerm_resource_group.rg.location
  sku                           = "Premium"
  public_network_access_enabled = false
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.id.id]
  }
}

resource "azurerm_machine_learning_workspace" "mlw" {
  name                        = "mlw-other"
  resource_group_name         = azurerm_resource_group.rg.name
  location                    = azurerm_resource_group.rg.location
  application_insights_id     = azurerm_application_insights.appi.id
  key_vault_id                = azurerm_key_vault.kv.id
  storage_account_id          = azurerm_storage_account.sa.id
  high_business_impact        = true
  image_build_compute_name    = "cpu"
  storage_account_access_type = "Identity"
  managed_network {
    isolation_mode = "Disabled"
  }
  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_machine_learning_compute_cluster" "cpu" {
  name                          = "cpu"
  location                      = "northeurope"
  vm_priority                   = "LowPriority"
  vm_size                       = "STANDARD_DS2_V2"
  description                   = "nodes"
  tags                          = { a = "b" }
  machine_learning_workspace_id = azurerm_machine_learning_workspace.mlw.id
  scale_settings {
    min_node_count                       = 1
    max_node_count                       = 2
    scale_down_nodes_after_idle_duration = "PT1H30M"
  }
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.id.id]
  }
}

resource "azurerm_machine_learning_compute_instance" "ci" {
  name                          = "dev-box-2"
  machine_learning_workspace_id = azurerm_machine_learning_workspace.mlw.id
  virtual_machine_size          = "Standard_DS2_v2"
  authorization_type            = "personal"
  description                   = "mine"
  tags                          = { a = "b" }
  assign_to_user {
    object_id = data.azurerm_client_config.me.object_id
    tenant_id = data.azurerm_client_config.me.tenant_id
  }
  identity { type = "SystemAssigned" }
}

resource "azurerm_machine_learning_datastore_blobstorage" "ds" {
  name                 = "store_2"
  workspace_id         = azurerm_machine_learning_workspace.mlw.id
  storage_container_id = azurerm_storage_container.c.id

  description = "blobs"
  tags        = { a = "b" }
  is_default  = true
}

resource "azurerm_federated_identity_credential" "fic" {
  name                = "github"
  parent_id           = azurerm_user_assigned_identity.id.id
  resource_group_name = azurerm_resource_group.rg.name
  audience            = ["api://AzureADTokenExchange"]
  issuer              = "https://token.actions.githubusercontent.com"
  subject             = "repo:contoso/flights:ref:refs/heads/main"
}

resource "azurerm_role_assignment" "r" {
  name                             = "0f0f0f0f-1111-2222-3333-444444444444"
  scope                            = azurerm_resource_group.rg.id
  role_definition_id               = data.azurerm_role_definition.reader.id
  principal_id                     = azurerm_user_assigned_identity.id.principal_id
  skip_service_principal_aad_check = true
  description                      = "may read"
}

resource "azurerm_monitor_action_group" "ag" {
  name                = "ag-other"
  resource_group_name = azurerm_resource_group.rg.name
  short_name          = "var"
  enabled             = false
  arm_role_receiver {
    name                    = "owners"
    role_id                 = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    use_common_alert_schema = true
  }
  sms_receiver {
    name         = "phone"
    country_code = "49"
    phone_number = "123456789"
  }
}

resource "azurerm_monitor_metric_alert" "m" {
  name                = "alert-other"
  resource_group_name = azurerm_resource_group.rg.name
  scopes              = [azurerm_machine_learning_workspace.mlw.id]
  enabled             = false
  auto_mitigate       = false
  criteria {
    metric_namespace = "Microsoft.MachineLearningServices/workspaces"
    metric_name      = "Failed Runs"
    aggregation      = "Total"
    operator         = "GreaterThanOrEqual"
    threshold        = 1
  }
  criteria {
    metric_namespace       = "Microsoft.MachineLearningServices/workspaces"
    metric_name            = "Completed Runs"
    aggregation            = "Total"
    operator               = "LessThan"
    threshold              = 5
    skip_metric_validation = true
  }
  action {
    action_group_id    = azurerm_monitor_action_group.ag.id
    webhook_properties = { from = "terraform" }
  }
}

resource "azurerm_consumption_budget_resource_group" "b" {
  name              = "budget-other"
  resource_group_id = azurerm_resource_group.rg.id
  amount            = 100
  time_grain        = "Quarterly"
  time_period {
    start_date = "2026-10-01T00:00:00Z"
    end_date   = "2027-10-01T00:00:00Z"
  }
  filter {
    dimension {
      name   = "ResourceGroupName"
      values = ["rg-other"]
    }
  }
  notification {
    threshold     = 80
    operator      = "GreaterThan"
    contact_roles = ["Owner"]
  }
  notification {
    threshold      = 90
    enabled        = false
    operator       = "EqualTo"
    contact_groups = [azurerm_monitor_action_group.ag.id]
  }
}

output "secret" {
  value     = data.azurerm_key_vault_secret.s.value
  sensitive = true
}
"""
)
