# Who a pipeline is in Azure. It has no password: Azure DevOps vouches for it.

resource "azuread_application" "this" {
  display_name = var.display_name
}

resource "azuread_service_principal" "this" {
  client_id = azuread_application.this.client_id
}

resource "azuread_application_federated_identity_credential" "this" {
  application_id = azuread_application.this.id
  display_name   = var.federation.name
  description    = "Azure DevOps service connection ${var.federation.name}"
  audiences      = ["api://AzureADTokenExchange"]
  issuer         = var.federation.issuer
  subject        = var.federation.subject
}
