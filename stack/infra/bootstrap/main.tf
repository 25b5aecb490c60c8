data "azurerm_client_config" "current" {}

locals {
  # letters and digits only, at most 24, unique in the world
  account_name = "sttfstate${substr(sha1(data.azurerm_client_config.current.subscription_id), 0, 8)}"

  writers = {
    for pair in flatten([
      for environment in var.environments : [
        for one in distinct(concat(
          var.grant_caller ? [data.azurerm_client_config.current.object_id] : [],
          lookup(var.writers, environment, []),
        )) : { environment = environment, principal_id = one }
      ]
    ]) : "${pair.environment}/${pair.principal_id}" => pair
  }
}

resource "azurerm_resource_group" "state" {
  name     = var.resource_group_name
  location = var.location
}

# No key that opens every state: only roles, one container and one set of people per environment.
resource "azurerm_storage_account" "state" {
  name                            = local.account_name
  location                        = azurerm_resource_group.state.location
  resource_group_name             = azurerm_resource_group.state.name
  account_tier                    = "Standard"
  account_replication_type        = var.replication_type
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  allow_nested_items_to_be_public = false
  min_tls_version                 = "TLS1_2"

  # a state that was overwritten or deleted can be had back
  dynamic "blob_properties" {
    for_each = var.keep_versions ? [30] : []

    content {
      versioning_enabled = true

      delete_retention_policy {
        days = blob_properties.value
      }
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "state" {
  for_each = var.environments

  name                  = "tfstate-${each.key}"
  storage_account_id    = azurerm_storage_account.state.id
  container_access_type = "private"
}

resource "azurerm_role_assignment" "writer" {
  for_each = local.writers

  scope                = azurerm_storage_container.state[each.value.environment].id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = each.value.principal_id
}
