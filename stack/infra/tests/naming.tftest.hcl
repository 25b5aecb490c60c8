# Names: those that the pipelines and people rely on, and that Azure takes the longest of them.

mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

mock_provider "azuredevops" {
  source          = "./tests/mocks/azuredevops"
  override_during = plan
}

variables {
  environment       = "dev"
  location          = "westeurope"
  deploy_branch     = "develop"
  compute_vm_size   = "Standard_DS3_v2"
  compute_max_nodes = 2
  instance_type     = "Standard_DS3_v2"
  model_name        = "flight-delay"
  endpoint_name     = "flight-delay-dev"
  auc_threshold     = 0.68
  approver_group    = "Project Administrators"
  step_seconds      = 60
  project_name      = "flights"
  create_project    = true
  repository_name   = "flights"
  protect_branch    = false
  budget_amount     = 100
}

run "names_that_others_rely_on" {
  command = plan

  assert {
    condition     = output.resource_group_name == "rg-ml-dev"
    error_message = "resource group: ${output.resource_group_name}"
  }
  assert {
    condition     = output.workspace_name == "mlw-flights-dev"
    error_message = "workspace: ${output.workspace_name}"
  }
  assert {
    condition     = output.compute_name == "cpu-cluster"
    error_message = "compute: ${output.compute_name}"
  }
  assert {
    condition     = output.service_connection_name == "azure-ml-dev"
    error_message = "service connection: ${output.service_connection_name}"
  }
  assert {
    condition     = output.storage_account_name == "stflightsdev${substr(sha1("00000000-0000-4000-8000-000000000003"), 0, 6)}"
    error_message = "storage account, which only the subscription makes unique: ${output.storage_account_name}"
  }
}

run "longest_names" {
  command = plan

  variables {
    environment   = "abcde6"
    workload      = "abcdefghi0"
    endpoint_name = "a234567890123456789012345678901z"
    compute_name  = "a2345678901234567890123z"
  }

  assert {
    condition     = can(regex("^[a-z0-9]{3,24}$", output.storage_account_name))
    error_message = "storage account: ${output.storage_account_name}"
  }
  assert {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$", output.workspace_name))
    error_message = "workspace: ${output.workspace_name}"
  }
}

run "what_azure_refuses_is_refused_before" {
  command = plan

  variables {
    environment          = "production"
    workload             = "Flights"
    location             = "West Europe"
    compute_name         = "cpu-"
    compute_vm_size      = "DS3"
    compute_vm_priority  = "Spot"
    compute_max_nodes    = 0
    compute_idle_minutes = 0.5
    instance_type        = ""
    model_name           = "flight delay"
    endpoint_name        = "flight-delay-of-an-airline-in-new-york"
    auc_threshold        = 68
    registry_name        = "x"
    step_seconds         = -1
    retrain_frequency    = "daily"
    retrain_interval     = 0
    project_name         = "a/b"
    repository_name      = "a/b"
    deploy_branch        = "refs/heads/main"
    trigger_paths        = ["/pipelines"]
    minimum_reviewers    = 0
    agent_queue_id       = -1
    notify_webhook       = "example.com"
    alert_emails         = ["nobody"]
    budget_amount        = 0
    minimum_approvers    = 0
    tags                 = { (join("", [for n in range(129) : "x"])) = "long" }
  }

  expect_failures = [
    var.environment, var.workload, var.location, var.compute_name, var.compute_vm_size,
    var.compute_vm_priority, var.compute_max_nodes, var.compute_idle_minutes,
    var.instance_type, var.model_name, var.endpoint_name, var.auc_threshold, var.registry_name,
    var.step_seconds, var.retrain_frequency, var.retrain_interval, var.project_name,
    var.repository_name, var.deploy_branch, var.trigger_paths, var.minimum_reviewers,
    var.agent_queue_id, var.notify_webhook, var.alert_emails, var.budget_amount,
    var.minimum_approvers, var.tags,
  ]
}

run "values_that_do_not_go_together" {
  command = plan

  variables {
    compute_min_nodes = 3
    approver_group    = ""
    repository_type   = "GitHub"
    repository_name   = "flights"
    protect_branch    = true
  }

  expect_failures = [
    var.compute_max_nodes, var.approver_group, var.repository_name, var.protect_branch,
    var.github_token,
  ]
}

run "no_more_approvals_than_approvers_and_no_other_registry" {
  command = plan

  variables {
    minimum_approvers = 2
    registry_name     = "shared"
    registry_id       = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/rg/providers/Microsoft.MachineLearningServices/registries/other"
  }

  expect_failures = [var.minimum_approvers, var.registry_id]
}

run "what_others_are_compared_with_is_checked_itself" {
  command = plan

  variables {
    compute_min_nodes = 0.5
    approvers         = ["avery"]
  }

  expect_failures = [var.compute_min_nodes, var.approvers]
}
