output "resource_group_name" {
  description = "Name of the resource group."
  value       = azurerm_resource_group.this.name
}

output "workspace_id" {
  description = "ARM id of the workspace."
  value       = azurerm_machine_learning_workspace.this.id
}

output "workspace_name" {
  description = "Name of the workspace."
  value       = azurerm_machine_learning_workspace.this.name
}

output "storage_account_id" {
  description = "ARM id of the storage account."
  value       = azurerm_storage_account.this.id
}

output "storage_account_name" {
  description = "Name of the storage account."
  value       = azurerm_storage_account.this.name
}

output "artifacts_container_id" {
  description = "ARM id of the container for reports."
  value       = azurerm_storage_container.pipeline_artifacts.id
}

output "compute_name" {
  description = "Name of the compute cluster."
  value       = azurerm_machine_learning_compute_cluster.this.name
}

output "compute_principal_id" {
  description = "Object id of the cluster's identity."
  value       = azurerm_machine_learning_compute_cluster.this.identity[0].principal_id
}

output "action_group_id" {
  description = "ARM id of the action group that hears of alerts."
  value       = azurerm_monitor_action_group.this.id
}
