output "resource_group_name" {
  description = "Resource group of the state account."
  value       = azurerm_resource_group.state.name
}

output "storage_account_name" {
  description = "The state account: `-backend-config=storage_account_name=...`."
  value       = azurerm_storage_account.state.name
}

output "container_ids" {
  description = "ARM ids of the containers, by environment."
  value       = { for environment, one in azurerm_storage_container.state : environment => one.id }
}
