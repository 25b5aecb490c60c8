"""One configuration with the resource types of azuredevops, as a user would write it.

`changed` gives other values to what can change in place; `place` is a part of names, and another
one replaces the repository's project with all that is in it.
"""

PROVIDER = """
terraform {
  required_providers {
    azuredevops = {
      source  = "microsoft/azuredevops"
      version = "~> 1.0"
    }
  }
}

provider "azuredevops" {}
"""

HEAD = (
    PROVIDER
    + """
variable "place" {
  type    = string
  default = "dev"
}

variable "readme" {
  type    = string
  default = "docs/how-to.md"
}

variable "changed" {
  type    = bool
  default = false
}

resource "azuredevops_project" "ml" {
  name               = "all-${var.place}"
  description        = var.changed ? "two" : "one"
  visibility         = "private"
  version_control    = "Git"
  work_item_template = "Agile"
}
"""
)

CODE = """
resource "azuredevops_git_repository" "stack" {
  project_id     = azuredevops_project.ml.id
  name           = var.changed ? "stack-two" : "stack"
  default_branch = "refs/heads/main"
  initialization {
    init_type = "Clean"
  }
}

resource "azuredevops_git_repository" "empty" {
  project_id = azuredevops_project.ml.id
  name       = "empty"
  initialization {
    init_type = "Uninitialized"
  }
}

resource "azuredevops_git_repository_file" "pipeline" {
  repository_id       = azuredevops_git_repository.stack.id
  file                = "azure-pipelines.yml"
  branch              = "refs/heads/main"
  content             = "trigger: none\\nsteps: [{script: echo ${var.changed ? "two" : "one"}}]\\n"
  commit_message      = "Add the pipeline"
  overwrite_on_create = true
}

resource "azuredevops_git_repository_file" "readme" {
  repository_id       = azuredevops_git_repository.stack.id
  file                = var.readme
  branch              = "refs/heads/main"
  content             = "Grüße\\n"
  author_name         = "Ava"
  author_email        = "ava@example.test"
}
"""

CONNECTIONS = """
resource "azuredevops_serviceendpoint_azurerm" "federated" {
  project_id                             = azuredevops_project.ml.id
  service_endpoint_name                  = var.changed ? "azure-two" : "azure-ml-${var.place}"
  description                            = var.changed ? "two" : "one"
  service_endpoint_authentication_scheme = "WorkloadIdentityFederation"
  credentials {
    serviceprincipalid = "11111111-1111-1111-1111-111111111111"
  }
  azurerm_spn_tenantid      = "22222222-2222-2222-2222-222222222222"
  azurerm_subscription_id   = "33333333-3333-3333-3333-333333333333"
  azurerm_subscription_name = "the subscription"
}

resource "azuredevops_serviceendpoint_azurerm" "key" {
  project_id            = azuredevops_project.ml.id
  service_endpoint_name = "azure-by-key"
  credentials {
    serviceprincipalid  = "11111111-1111-1111-1111-111111111111"
    serviceprincipalkey = var.changed ? "other-key" : "first-key"
  }
  azurerm_spn_tenantid      = "22222222-2222-2222-2222-222222222222"
  azurerm_subscription_id   = "33333333-3333-3333-3333-333333333333"
  azurerm_subscription_name = "the subscription"
}

resource "azuredevops_serviceendpoint_github" "github" {
  project_id            = azuredevops_project.ml.id
  service_endpoint_name = "github"
  auth_personal {
    personal_access_token = "a-github-token"
  }
}

resource "azuredevops_serviceendpoint_generic" "hook" {
  project_id            = azuredevops_project.ml.id
  service_endpoint_name = "hook"
  server_url            = "https://hook.example.test/${var.changed ? "two" : "one"}"
  username              = "hooker"
  password              = "a-password"
}
"""

PIPELINES = """
resource "azuredevops_variable_group" "ml" {
  project_id   = azuredevops_project.ml.id
  name         = "ml-${var.place}"
  description  = "for ${var.place}"
  allow_access = !var.changed
  variable {
    name  = "WORKSPACE"
    value = var.changed ? "two" : "one"
  }
  variable {
    name         = "KEY"
    secret_value = "a-secret"
    is_secret    = true
  }
}

resource "azuredevops_build_definition" "ml" {
  project_id      = azuredevops_project.ml.id
  name            = var.changed ? "pipeline-two" : "pipeline"
  path            = "\\\\ml"
  queue_status    = var.changed ? "paused" : "enabled"
  variable_groups = [azuredevops_variable_group.ml.id]
  repository {
    repo_type   = "TfsGit"
    repo_id     = azuredevops_git_repository.stack.id
    branch_name = "refs/heads/main"
    yml_path    = "azure-pipelines.yml"
  }
  ci_trigger {
    override {
      branch_filter {
        include = ["main", "release/*"]
        exclude = ["release/old"]
      }
      path_filter {
        include = ["src"]
      }
    }
  }
  variable {
    name  = "ENVIRONMENT"
    value = var.place
  }
  variable {
    name         = "TOKEN"
    secret_value = "another-secret"
    is_secret    = true
  }
}

resource "azuredevops_build_definition" "github" {
  project_id = azuredevops_project.ml.id
  name       = "of-github"
  repository {
    repo_type             = "GitHub"
    repo_id               = "octo/flights"
    branch_name           = "main"
    yml_path              = "azure-devops/ml-pipeline.yml"
    service_connection_id = azuredevops_serviceendpoint_github.github.id
  }
  ci_trigger {
    use_yaml = true
  }
  pull_request_trigger {
    use_yaml         = true
    comment_required = var.changed ? "All" : "NonTeamMembers"
    forks {
      enabled       = false
      share_secrets = false
    }
  }
}

resource "azuredevops_environment" "ml" {
  project_id  = azuredevops_project.ml.id
  name        = "${var.place}-ml-approval"
  description = var.changed ? "two" : "one"
}

resource "azuredevops_pipeline_authorization" "environment" {
  project_id  = azuredevops_project.ml.id
  resource_id = azuredevops_environment.ml.id
  type        = "environment"
  pipeline_id = azuredevops_build_definition.ml.id
}

resource "azuredevops_pipeline_authorization" "connection" {
  project_id  = azuredevops_project.ml.id
  resource_id = azuredevops_serviceendpoint_azurerm.federated.id
  type        = "endpoint"
}

resource "azuredevops_pipeline_authorization" "repository" {
  project_id  = azuredevops_project.ml.id
  resource_id = azuredevops_git_repository.stack.id
  type        = "repository"
  pipeline_id = azuredevops_build_definition.ml.id
}
"""

CHECKS = """
data "azuredevops_users" "avery" {
  principal_name = "avery@shipway.local"
}

resource "azuredevops_check_approval" "ml" {
  project_id            = azuredevops_project.ml.id
  target_resource_id    = azuredevops_environment.ml.id
  target_resource_type  = "environment"
  approvers             = [one(data.azuredevops_users.avery.users).id]
  instructions          = var.changed ? "look twice" : "look"
  requester_can_approve = false
  timeout               = 120
}

resource "azuredevops_check_branch_control" "ml" {
  project_id           = azuredevops_project.ml.id
  target_resource_id   = azuredevops_environment.ml.id
  target_resource_type = "environment"
  allowed_branches     = var.changed ? "refs/heads/main,refs/heads/release" : "refs/heads/main"
}

resource "azuredevops_check_exclusive_lock" "ml" {
  project_id           = azuredevops_project.ml.id
  target_resource_id   = azuredevops_environment.ml.id
  target_resource_type = "environment"
  timeout              = var.changed ? 60 : 30
}

resource "azuredevops_check_business_hours" "connection" {
  project_id           = azuredevops_project.ml.id
  target_resource_id   = azuredevops_serviceendpoint_azurerm.key.id
  target_resource_type = "endpoint"
  start_time           = "08:00"
  end_time             = var.changed ? "18:00" : "17:00"
  time_zone            = "W. Europe Standard Time"
  monday               = true
  friday               = true
}

resource "azuredevops_check_rest_api" "ml" {
  project_id                      = azuredevops_project.ml.id
  target_resource_id              = azuredevops_environment.ml.id
  target_resource_type            = "environment"
  display_name                    = "gate"
  connected_service_name_selector = "connectedServiceName"
  connected_service_name          = azuredevops_serviceendpoint_generic.hook.id
  method                          = var.changed ? "POST" : "GET"
  completion_event                = "ApiResponse"
  success_criteria                = "eq(root['status'], 'ok')"
  retry_interval                  = 10
  timeout                         = 60
}

resource "azuredevops_check_required_template" "group" {
  project_id           = azuredevops_project.ml.id
  target_resource_id   = azuredevops_variable_group.ml.id
  target_resource_type = "variablegroup"
  required_template {
    repository_name = "all-dev/templates"
    repository_ref  = "refs/heads/main"
    template_path   = var.changed ? "two.yml" : "one.yml"
  }
}

resource "azuredevops_branch_policy_min_reviewers" "main" {
  project_id = azuredevops_project.ml.id
  blocking   = false
  settings {
    reviewer_count          = var.changed ? 2 : 1
    submitter_can_vote      = true
    on_push_reset_all_votes = true
    scope {
      repository_id  = azuredevops_git_repository.stack.id
      repository_ref = "refs/heads/main"
      match_type     = "exact"
    }
  }
}

resource "azuredevops_branch_policy_build_validation" "main" {
  project_id = azuredevops_project.ml.id
  blocking   = false
  settings {
    display_name        = var.changed ? "two" : "one"
    build_definition_id = azuredevops_build_definition.ml.id
    filename_patterns   = ["/src/*"]
    scope {
      repository_id  = azuredevops_git_repository.stack.id
      repository_ref = "refs/heads/main"
    }
  }
}
"""

PEOPLE = """
output "made_of_names" {
  value = [
    azuredevops_git_repository.stack.remote_url,
    azuredevops_serviceendpoint_azurerm.federated.workload_identity_federation_subject,
    azuredevops_group.listed.principal_name,
  ]
}
resource "azuredevops_project_features" "ml" {
  project_id = azuredevops_project.ml.id
  features = {
    boards    = "disabled"
    testplans = var.changed ? "enabled" : "disabled"
  }
}

resource "azuredevops_build_folder" "ml" {
  project_id  = azuredevops_project.ml.id
  path        = "\\\\trained"
  description = var.changed ? "two" : "one"
}

data "azuredevops_users" "dana" {
  principal_name = "dana@shipway.local"
}

locals {
  avery = one(data.azuredevops_users.avery.users).descriptor
  dana  = one(data.azuredevops_users.dana.users).descriptor
}

data "azuredevops_group" "contributors" {
  project_id = azuredevops_project.ml.id
  name       = "Contributors"
}

resource "azuredevops_group" "approvers" {
  scope        = azuredevops_project.ml.id
  display_name = "approvers"
  description  = var.changed ? "two" : "one"
}

resource "azuredevops_group" "listed" {
  scope        = azuredevops_project.ml.id
  display_name = var.changed ? "listed-two" : "listed"
  members      = var.changed ? [local.avery] : [local.dana]
}

resource "azuredevops_group_membership" "approvers" {
  group   = azuredevops_group.approvers.descriptor
  mode    = "overwrite"
  members = var.changed ? [local.dana, local.avery] : [local.avery]
}

resource "azuredevops_team" "ml" {
  project_id  = azuredevops_project.ml.id
  name        = "trainers"
  description = var.changed ? "two" : "one"
}

resource "azuredevops_team_members" "ml" {
  project_id = azuredevops_project.ml.id
  team_id    = azuredevops_team.ml.id
  members    = var.changed ? [local.dana] : [local.avery]
}

resource "azuredevops_team" "led" {
  project_id     = azuredevops_project.ml.id
  name           = "led"
  administrators = [local.dana]
  members        = [local.avery]
}

resource "azuredevops_user_entitlement" "new" {
  principal_name       = "newcomer@shipway.local"
  account_license_type = var.changed ? "stakeholder" : "express"
}
"""

EVERYTHING = HEAD + CODE + CONNECTIONS + PIPELINES + CHECKS + PEOPLE
_BLOCKS = EVERYTHING.split('\nresource "')[1:]
COUNT = len(_BLOCKS)
CHANGING = sum("var.changed" in one for one in _BLOCKS)
