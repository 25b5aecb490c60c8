output "client_id" {
  description = "Application (client) id."
  value       = azuread_application.this.client_id
}

output "object_id" {
  description = "Object id of the service principal."
  value       = azuread_service_principal.this.object_id
}
