mock_resource "azuredevops_project" {
  defaults = {
    id = "00000000-0000-4000-8000-000000000021"
  }
}

mock_data "azuredevops_project" {
  defaults = {
    id = "00000000-0000-4000-8000-000000000022"
  }
}

mock_resource "azuredevops_git_repository" {
  defaults = {
    id         = "00000000-0000-4000-8000-000000000023"
    remote_url = "https://dev.azure.com/mock/made"
  }
}

mock_data "azuredevops_git_repository" {
  defaults = {
    id         = "00000000-0000-4000-8000-000000000024"
    remote_url = "https://dev.azure.com/mock/found"
  }
}

mock_data "azuredevops_group" {
  defaults = {
    origin_id = "00000000-0000-4000-8000-000000000025"
  }
}

mock_data "azuredevops_users" {
  defaults = {
    users = [{
      descriptor     = "aad.mock"
      display_name   = "Mock"
      id             = "00000000-0000-4000-8000-000000000026"
      mail_address   = "mock@example.com"
      origin         = "aad"
      origin_id      = "00000000-0000-4000-8000-000000000027"
      principal_name = "mock@example.com"
    }]
  }
}

mock_resource "azuredevops_serviceendpoint_azurerm" {
  defaults = {
    id                                   = "00000000-0000-4000-8000-000000000028"
    workload_identity_federation_issuer  = "https://vstoken.dev.azure.com/mock"
    workload_identity_federation_subject = "sc://mock/flights/azure-ml-dev"
  }
}

mock_resource "azuredevops_serviceendpoint_github" {
  defaults = {
    id = "00000000-0000-4000-8000-000000000029"
  }
}

# numbers, as text: the provider reads them as numbers elsewhere
mock_resource "azuredevops_build_definition" {
  defaults = {
    id = "31"
  }
}

mock_resource "azuredevops_environment" {
  defaults = {
    id = "32"
  }
}

mock_resource "azuredevops_variable_group" {
  defaults = {
    id = "33"
  }
}
