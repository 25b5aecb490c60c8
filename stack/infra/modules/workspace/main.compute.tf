resource "azurerm_machine_learning_compute_cluster" "this" {
  name                          = var.compute.name
  location                      = azurerm_resource_group.this.location
  machine_learning_workspace_id = azurerm_machine_learning_workspace.this.id
  vm_size                       = var.compute.vm_size
  vm_priority                   = var.compute.vm_priority
  tags                          = var.tags

  identity {
    type = "SystemAssigned"
  }

  scale_settings {
    min_node_count                       = var.compute.min_nodes
    max_node_count                       = var.compute.max_nodes
    scale_down_nodes_after_idle_duration = "PT${var.compute.idle_minutes}M"
  }
}

# What a training job does: read data, write outputs, look up the champion, register a model, and
# pull the image of its environment.
locals {
  compute_roles = merge(
    {
      workspace = { role = "AzureML Data Scientist", scope = azurerm_machine_learning_workspace.this.id }
      storage   = { role = "Storage Blob Data Contributor", scope = azurerm_storage_account.this.id }
      registry  = { role = "AcrPull", scope = azurerm_container_registry.this.id }
    },
    var.registry_id == "" ? {} : { shared = { role = "AzureML Registry User", scope = var.registry_id } },
  )
}

resource "azurerm_role_assignment" "compute" {
  for_each = local.compute_roles

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_machine_learning_compute_cluster.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}
