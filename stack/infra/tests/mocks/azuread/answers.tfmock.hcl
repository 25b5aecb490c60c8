mock_resource "azuread_application" {
  defaults = {
    id        = "/applications/00000000-0000-4000-8000-000000000011"
    client_id = "00000000-0000-4000-8000-000000000012"
  }
}

mock_resource "azuread_service_principal" {
  defaults = {
    id        = "/servicePrincipals/00000000-0000-4000-8000-000000000013"
    object_id = "00000000-0000-4000-8000-000000000013"
  }
}
