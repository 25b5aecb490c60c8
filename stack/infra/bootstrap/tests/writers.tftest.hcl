# Who may write which state, and that no key opens any.

mock_provider "azurerm" {
  override_during = plan

  mock_data "azurerm_client_config" {
    defaults = {
      object_id       = "00000000-0000-4000-8000-000000000002"
      subscription_id = "00000000-0000-4000-8000-000000000003"
    }
  }

  mock_resource "azurerm_storage_account" {
    defaults = {
      id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.Storage/storageAccounts/mock"
    }
  }
}

override_resource {
  target          = azurerm_storage_container.state["dev"]
  override_during = plan
  values = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.Storage/storageAccounts/mock/blobServices/default/containers/tfstate-dev"
  }
}

override_resource {
  target          = azurerm_storage_container.state["prod"]
  override_during = plan
  values = {
    id = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/mock/providers/Microsoft.Storage/storageAccounts/mock/blobServices/default/containers/tfstate-prod"
  }
}

run "each_environment_has_its_own_people" {
  command = plan

  variables {
    grant_caller = false
    writers = {
      dev  = ["00000000-0000-4000-8000-00000000000d"]
      prod = ["00000000-0000-4000-8000-00000000000e"]
    }
  }

  assert {
    condition = { for one in azurerm_role_assignment.writer : one.principal_id => one.scope } == {
      "00000000-0000-4000-8000-00000000000d" = azurerm_storage_container.state["dev"].id
      "00000000-0000-4000-8000-00000000000e" = azurerm_storage_container.state["prod"].id
    }
    error_message = "somebody may write a state that is not theirs"
  }
  assert {
    condition     = azurerm_storage_container.state["dev"].id != azurerm_storage_container.state["prod"].id
    error_message = "both states lie in one container"
  }
  assert {
    condition     = !azurerm_storage_account.state.shared_access_key_enabled
    error_message = "a key opens every state"
  }
  assert {
    condition     = can(regex("^[a-z0-9]{3,24}$", azurerm_storage_account.state.name))
    error_message = "storage account: ${azurerm_storage_account.state.name}"
  }
}

run "names_that_azure_refuses_are_refused_before" {
  command = plan

  variables {
    location            = "West Europe"
    resource_group_name = "state."
    replication_type    = "RA"
    writers             = { test = ["avery@example.com"] }
  }

  expect_failures = [var.location, var.resource_group_name, var.replication_type, var.writers]
}

run "names_of_environments_are_short" {
  command = plan

  variables {
    environments = ["production"]
  }

  expect_failures = [var.environments]
}
