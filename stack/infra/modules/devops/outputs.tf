output "project_id" {
  description = "Id of the project."
  value       = local.project_id
}

output "project_name" {
  description = "Name of the project."
  value       = var.project_name
}

output "repository_id" {
  description = "Id of the repository; owner/name on GitHub."
  value       = local.repository_id
}

output "repository_url" {
  description = "Where to push to."
  value       = local.repository_url
}

output "service_connection_id" {
  description = "Id of the service connection."
  value       = azuredevops_serviceendpoint_azurerm.this.id
}

output "service_connection_name" {
  description = "Name of the service connection."
  value       = azuredevops_serviceendpoint_azurerm.this.service_endpoint_name
}

output "federation_issuer" {
  description = "Who signs the connection's tokens."
  value       = azuredevops_serviceendpoint_azurerm.this.workload_identity_federation_issuer
}

output "federation_subject" {
  description = "What the connection's tokens are about."
  value       = azuredevops_serviceendpoint_azurerm.this.workload_identity_federation_subject
}

output "variable_group_id" {
  description = "Number of the variable group."
  value       = azuredevops_variable_group.this.id
}

output "environment_id" {
  description = "Number of the environment that holds the approval."
  value       = azuredevops_environment.this.id
}

output "pipeline_ids" {
  description = "Numbers of the definitions, by kind: ml, release."
  value       = { for kind, one in azuredevops_build_definition.this : kind => one.id }
}
