# Who may do what: the narrow roles, at the narrow scopes, and no secret anywhere.

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

run "training_jobs_have_what_they_need_and_no_more" {
  command = plan

  module {
    source = "./modules/workspace"
  }

  variables {
    environment   = "dev"
    workload      = "flights"
    name_suffix   = "abc123"
    location      = "westeurope"
    tenant_id     = "00000000-0000-4000-8000-000000000004"
    compute       = { name = "cpu-cluster", vm_size = "Standard_DS3_v2", max_nodes = 2 }
    budget_amount = 100
  }

  assert {
    condition = { for name, one in azurerm_role_assignment.compute : one.role_definition_name => one.scope } == {
      "AzureML Data Scientist"        = azurerm_machine_learning_workspace.this.id
      "Storage Blob Data Contributor" = azurerm_storage_account.this.id
      "AcrPull"                       = azurerm_container_registry.this.id
    }
    error_message = "the cluster has other roles"
  }
  assert {
    condition     = !azurerm_storage_account.this.shared_access_key_enabled && !azurerm_storage_account.this.allow_nested_items_to_be_public
    error_message = "the account opens to a key, or to everybody"
  }
  assert {
    condition     = azurerm_storage_container.pipeline_artifacts.container_access_type == "private"
    error_message = "reports are for everybody"
  }
  assert {
    condition     = azurerm_key_vault.this.rbac_authorization_enabled && azurerm_key_vault.this.purge_protection_enabled
    error_message = "the vault goes by access policies, or can be purged"
  }
  assert {
    condition     = !azurerm_container_registry.this.admin_enabled
    error_message = "the registry has an admin password"
  }
  assert {
    condition     = !azurerm_machine_learning_compute_cluster.this.local_auth_enabled
    error_message = "the cluster's machines let local users in"
  }
}
