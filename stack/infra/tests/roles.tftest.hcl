# Who a pipeline is and what it may do: federation, no secret, narrow roles.

mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

run "the_pipeline_is_trusted_by_federation" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    display_name = "dev-ml-devops"
    federation = {
      name    = "azure-ml-dev"
      issuer  = "https://vstoken.dev.azure.com/mock"
      subject = "sc://mock/flights/azure-ml-dev"
    }
    role_assignments = {
      workspace = { role = "AzureML Data Scientist", scope = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/rg" }
    }
  }

  assert {
    condition = (azuread_application_federated_identity_credential.this.issuer == "https://vstoken.dev.azure.com/mock"
      && azuread_application_federated_identity_credential.this.subject == "sc://mock/flights/azure-ml-dev"
    && azuread_application_federated_identity_credential.this.audiences == tolist(["api://AzureADTokenExchange"]))
    error_message = "the credential trusts something else"
  }
  assert {
    condition     = azurerm_role_assignment.this["workspace"].principal_id == azuread_service_principal.this.object_id
    error_message = "a role takes the object id of the service principal"
  }
  assert {
    condition     = azurerm_role_assignment.this["workspace"].principal_type == "ServicePrincipal"
    error_message = "without its type a new principal may not be found yet"
  }
}

run "a_pipeline_gets_no_role_that_can_do_everything" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    display_name = "dev-ml-devops"
    federation   = { name = "azure-ml-dev", issuer = "i", subject = "s" }
    role_assignments = {
      group = { role = "Contributor", scope = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/rg" }
    }
  }

  expect_failures = [var.role_assignments]
}
