# Flags: who owns the project, Azure Repos or GitHub, a protected branch, a queue.

mock_provider "azuredevops" {
  source          = "./tests/mocks/azuredevops"
  override_during = plan
}

variables {
  environment    = "dev"
  project_name   = "ml-platform"
  create_project = true
  repository = {
    type          = "TfsGit"
    name          = "flights"
    deploy_branch = "develop"
    trigger_paths = ["pipelines"]
  }
  azure = {
    client_id         = "00000000-0000-4000-8000-000000000012"
    tenant_id         = "00000000-0000-4000-8000-000000000004"
    subscription_id   = "00000000-0000-4000-8000-000000000003"
    subscription_name = "mock"
  }
  variables      = { workspaceName = "mlw-flights-dev", notifyWebhook = "none" }
  approval       = { users = ["Avery@example.com"], group = "Project Administrators" }
  protect_branch = false
}

run "the_first_environment_makes_project_and_repository" {
  command = plan

  module {
    source = "./modules/devops"
  }

  assert {
    condition     = length(azuredevops_project.this) == 1 && length(azuredevops_git_repository.this) == 1
    error_message = "it made no project or no repository"
  }
  assert {
    condition     = output.repository_url == "https://dev.azure.com/mock/made"
    error_message = output.repository_url
  }
  assert {
    condition     = azuredevops_serviceendpoint_azurerm.this.service_endpoint_authentication_scheme == "WorkloadIdentityFederation"
    error_message = "not by federation"
  }
  assert {
    condition     = azuredevops_serviceendpoint_azurerm.this.credentials[0].serviceprincipalkey == null
    error_message = "there is a key"
  }
  assert {
    condition     = azuredevops_check_branch_control.connection.allowed_branches == "refs/heads/develop"
    error_message = "any branch may use the connection"
  }
  assert {
    condition     = azuredevops_check_approval.this.approvers == tolist(["00000000-0000-4000-8000-000000000026", "00000000-0000-4000-8000-000000000025"])
    error_message = "other approvers"
  }
  assert {
    condition     = !azuredevops_check_approval.this.requester_can_approve && azuredevops_check_approval.this.minimum_required_approvers == 1
    error_message = "who asks may approve, or nobody has to"
  }
  assert {
    condition     = azuredevops_check_branch_control.environment.allowed_branches == "refs/heads/develop"
    error_message = "any branch may deploy"
  }
  assert {
    condition     = { for kind, one in azuredevops_build_definition.this : one.name => one.repository[0].yml_path } == { dev-ml-pipeline = "azure-devops/ml-pipeline.yml", dev-release-pipeline = "azure-devops/release-pipeline.yml" }
    error_message = "other names or files"
  }
  assert {
    condition     = one(azuredevops_build_definition.this["ml"].ci_trigger[0].override[0].branch_filter).include == toset(["develop"])
    error_message = "pushes to another branch start it"
  }
  assert {
    condition     = length(azuredevops_build_definition.this["release"].ci_trigger[0].override) == 0
    error_message = "a push starts the release"
  }
  assert {
    condition     = toset(keys(azuredevops_pipeline_authorization.this)) == toset(["ml-endpoint", "ml-environment", "ml-variablegroup", "release-endpoint", "release-environment", "release-variablegroup"])
    error_message = "authorizations: ${join(" ", keys(azuredevops_pipeline_authorization.this))}"
  }
  assert {
    condition     = !azuredevops_variable_group.this.allow_access
    error_message = "every pipeline may read the variable group"
  }
  assert {
    condition     = length(azuredevops_branch_policy_min_reviewers.this) + length(azuredevops_branch_policy_build_validation.this) == 0
    error_message = "there is a policy"
  }
}

run "a_repository_that_comes_with_its_project_is_found" {
  command = plan

  module {
    source = "./modules/devops"
  }

  variables {
    project_name = "Flights"
  }

  assert {
    condition     = length(azuredevops_project.this) == 1 && length(azuredevops_git_repository.this) == 0
    error_message = "Azure DevOps would say that the repository exists"
  }
  assert {
    condition     = output.repository_url == "https://dev.azure.com/mock/found"
    error_message = output.repository_url
  }
}

run "the_others_find_both_and_may_protect_the_branch" {
  command = plan

  module {
    source = "./modules/devops"
  }

  variables {
    create_project    = false
    protect_branch    = true
    minimum_reviewers = 2
    agent_queue_id    = 7
  }

  assert {
    condition     = length(azuredevops_project.this) == 0 && length(azuredevops_git_repository.this) == 0
    error_message = "it made a project or a repository"
  }
  assert {
    condition     = output.project_id == "00000000-0000-4000-8000-000000000022"
    error_message = output.project_id
  }
  assert {
    condition     = azuredevops_branch_policy_min_reviewers.this[0].settings[0].reviewer_count == 2 && !azuredevops_branch_policy_min_reviewers.this[0].settings[0].submitter_can_vote
    error_message = "too few reviewers, or the author is one"
  }
  assert {
    condition     = azuredevops_branch_policy_build_validation.this[0].settings[0].build_definition_id == tonumber(azuredevops_build_definition.this["ml"].id)
    error_message = "another pipeline validates"
  }
  assert {
    condition     = azuredevops_branch_policy_build_validation.this[0].settings[0].scope[0].repository_ref == "refs/heads/develop"
    error_message = "another branch is protected"
  }
  assert {
    condition     = azuredevops_pipeline_authorization.this["ml-queue"].resource_id == "7"
    error_message = "the pipeline may not use the queue"
  }
}

run "github_by_a_connection_that_exists" {
  command = plan

  module {
    source = "./modules/devops"
  }

  variables {
    repository = { type = "GitHub", name = "owner/flights", deploy_branch = "develop", trigger_paths = ["pipelines"] }
    github     = { connection_id = "00000000-0000-4000-8000-000000000041" }
  }

  assert {
    condition     = length(azuredevops_serviceendpoint_github.this) + length(azuredevops_git_repository.this) + length(data.azuredevops_git_repository.this) == 0
    error_message = "it made a connection or looked for a repository in Azure Repos"
  }
  assert {
    condition     = azuredevops_build_definition.this["ml"].repository[0].repo_id == "owner/flights" && azuredevops_build_definition.this["ml"].repository[0].service_connection_id == "00000000-0000-4000-8000-000000000041"
    error_message = "the definition reads something else"
  }
  assert {
    condition     = azuredevops_pipeline_authorization.this["ml-github"].resource_id == "00000000-0000-4000-8000-000000000041"
    error_message = "the pipeline may not use the connection"
  }
}

run "github_by_a_new_connection_without_a_secret" {
  command = plan

  module {
    source = "./modules/devops"
  }

  variables {
    repository = { type = "GitHub", name = "owner/flights", deploy_branch = "develop", trigger_paths = ["pipelines"] }
    github     = { oauth_configuration_id = "00000000-0000-4000-8000-000000000042" }
  }

  assert {
    condition     = length(azuredevops_serviceendpoint_github.this[0].auth_personal) == 0 && one(azuredevops_serviceendpoint_github.this[0].auth_oauth).oauth_configuration_id == "00000000-0000-4000-8000-000000000042"
    error_message = "not by OAuth"
  }
}
