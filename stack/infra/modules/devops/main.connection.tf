# The way into Azure, by workload identity federation: Azure DevOps signs a token for this connection
# and Entra ID trusts its issuer and subject. There is no key.
resource "azuredevops_serviceendpoint_azurerm" "this" {
  project_id                             = local.project_id
  service_endpoint_name                  = "azure-ml-${var.environment}"
  description                            = "Azure ML, ${var.environment}"
  service_endpoint_authentication_scheme = "WorkloadIdentityFederation"
  azurerm_spn_tenantid                   = var.azure.tenant_id
  azurerm_subscription_id                = var.azure.subscription_id
  azurerm_subscription_name              = var.azure.subscription_name

  credentials {
    serviceprincipalid = var.azure.client_id
  }
}

# A pipeline of another branch could name the connection in its YAML; it is stopped here.
resource "azuredevops_check_branch_control" "connection" {
  project_id           = local.project_id
  display_name         = "Only ${var.repository.deploy_branch}"
  target_resource_id   = azuredevops_serviceendpoint_azurerm.this.id
  target_resource_type = "endpoint"
  allowed_branches     = local.deploy_ref
}
