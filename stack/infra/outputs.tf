output "resource_group_name" {
  description = "Resource group of the environment."
  value       = module.workspace.resource_group_name
}

output "workspace_id" {
  description = "ARM id of the workspace."
  value       = module.workspace.workspace_id
}

output "workspace_name" {
  description = "Name of the workspace."
  value       = module.workspace.workspace_name
}

output "storage_account_name" {
  description = "Storage account of the workspace."
  value       = module.workspace.storage_account_name
}

output "artifacts_container_id" {
  description = "ARM id of the container that reports of runs are put into."
  value       = module.workspace.artifacts_container_id
}

output "compute_name" {
  description = "Compute cluster."
  value       = module.workspace.compute_name
}

output "pipeline_client_id" {
  description = "Application (client) id of the pipelines' identity."
  value       = module.identity.client_id
}

output "pipeline_object_id" {
  description = "Object id of the pipelines' service principal: what roles are given to."
  value       = module.identity.object_id
}

output "project_id" {
  description = "Id of the Azure DevOps project."
  value       = module.devops.project_id
}

output "project_name" {
  description = "Name of the Azure DevOps project."
  value       = module.devops.project_name
}

output "repository_id" {
  description = "Id of the repository; owner/name on GitHub."
  value       = module.devops.repository_id
}

output "repository_url" {
  description = "Where to push to."
  value       = module.devops.repository_url
}

output "service_connection_name" {
  description = "Service connection of the environment."
  value       = module.devops.service_connection_name
}

output "service_connection_id" {
  description = "Id of the service connection."
  value       = module.devops.service_connection_id
}

output "variable_group_id" {
  description = "Number of the variable group."
  value       = module.devops.variable_group_id
}

output "approval_environment_id" {
  description = "Number of the Azure DevOps environment that holds the approval."
  value       = module.devops.environment_id
}

output "ml_pipeline_id" {
  description = "Number of the definition that trains."
  value       = module.devops.pipeline_ids["ml"]
}

output "release_pipeline_id" {
  description = "Number of the definition that releases what a schedule trained."
  value       = module.devops.pipeline_ids["release"]
}

output "deploy_branch" {
  description = "The branch whose pushes start the pipeline."
  value       = var.deploy_branch
}
