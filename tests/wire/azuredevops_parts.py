"""Parts of configurations of azuredevops; `HEAD` with the project comes before them."""

LOOP = """
resource "azuredevops_git_repository" "stack" {
  project_id     = azuredevops_project.ml.id
  name           = "stack"
  default_branch = "refs/heads/main"
  initialization {
    init_type = "Clean"
  }
}

resource "azuredevops_variable_group" "ml" {
  project_id = azuredevops_project.ml.id
  name       = "ml-dev"
  variable {
    name  = "WORKSPACE"
    value = "mlw-flights"
  }
  variable {
    name         = "KEY"
    secret_value = "hush-hush"
    is_secret    = true
  }
}

resource "azuredevops_build_definition" "ml" {
  project_id = azuredevops_project.ml.id
  name       = "dev-pipeline"
  repository {
    repo_type   = "TfsGit"
    repo_id     = azuredevops_git_repository.stack.id
    branch_name = "main"
    yml_path    = "azure-pipelines.yml"
  }
  ci_trigger {
    override {
      branch_filter {
        include = ["main"]
      }
    }
  }
}

resource "azuredevops_environment" "dev" {
  project_id = azuredevops_project.ml.id
  name       = "dev-approval"
}

resource "azuredevops_pipeline_authorization" "environment" {
  project_id  = azuredevops_project.ml.id
  resource_id = azuredevops_environment.dev.id
  type        = "environment"
  pipeline_id = azuredevops_build_definition.ml.id
}

resource "azuredevops_pipeline_authorization" "group" {
  project_id  = azuredevops_project.ml.id
  resource_id = azuredevops_variable_group.ml.id
  type        = "variablegroup"
  pipeline_id = azuredevops_build_definition.ml.id
}

data "azuredevops_identity_user" "avery" {
  name          = "avery@shipway.local"
  search_filter = "MailAddress"
}

resource "azuredevops_check_approval" "dev" {
  project_id           = azuredevops_project.ml.id
  target_resource_id   = azuredevops_environment.dev.id
  target_resource_type = "environment"
  approvers            = [data.azuredevops_identity_user.avery.id]
}

output "clone_url" {
  value = azuredevops_git_repository.stack.remote_url
}
"""

SMALL = """
resource "azuredevops_environment" "dev" {
  project_id = azuredevops_project.ml.id
  name       = "dev"
}

resource "azuredevops_check_exclusive_lock" "dev" {
  project_id           = azuredevops_project.ml.id
  target_resource_id   = azuredevops_environment.dev.id
  target_resource_type = "environment"
}

resource "azuredevops_serviceendpoint_generic" "hook" {
  project_id            = azuredevops_project.ml.id
  service_endpoint_name = "hook"
  server_url            = "https://hook.example.test"
}

resource "azuredevops_variable_group" "ml" {
  project_id = azuredevops_project.ml.id
  name       = "ml"
  variable {
    name  = "A"
    value = "1"
  }
}
"""

DATA = """
data "azuredevops_client_config" "me" {}
data "azuredevops_project" "ml" {
  name = azuredevops_project.ml.name
}
data "azuredevops_projects" "one" {
  name = azuredevops_project.ml.name
}
data "azuredevops_git_repository" "first" {
  project_id = azuredevops_project.ml.id
  name       = azuredevops_project.ml.name
}
data "azuredevops_git_repositories" "all" {
  project_id = azuredevops_project.ml.id
}
data "azuredevops_group" "contributors" {
  project_id = azuredevops_project.ml.id
  name       = "contributors"
}
data "azuredevops_groups" "all" {
  project_id = azuredevops_project.ml.id
}
data "azuredevops_users" "dana" {
  principal_name = "dana@shipway.local"
}
data "azuredevops_user" "dana" {
  descriptor = one(data.azuredevops_users.dana.users).descriptor
}
data "azuredevops_identity_user" "dana" {
  name = "dana@shipway.local"
}
data "azuredevops_descriptor" "dana" {
  storage_key = data.azuredevops_identity_user.dana.id
}
data "azuredevops_team" "default" {
  project_id = azuredevops_project.ml.id
  name       = "${azuredevops_project.ml.name} Team"
}
data "azuredevops_environment" "by_name" {
  project_id = azuredevops_project.ml.id
  name       = azuredevops_environment.dev.name
}
data "azuredevops_environment" "by_id" {
  project_id     = azuredevops_project.ml.id
  environment_id = azuredevops_environment.dev.id
}
data "azuredevops_variable_group" "ml" {
  project_id = azuredevops_project.ml.id
  name       = azuredevops_variable_group.ml.name
}
data "azuredevops_serviceendpoint_azurerm" "by_name" {
  project_id            = azuredevops_project.ml.id
  service_endpoint_name = azuredevops_serviceendpoint_azurerm.ml.service_endpoint_name
}
data "azuredevops_serviceendpoint_github" "by_id" {
  project_id          = azuredevops_project.ml.id
  service_endpoint_id = azuredevops_serviceendpoint_github.ml.id
}
data "azuredevops_build_definition" "ml" {
  project_id = azuredevops_project.ml.id
  name       = azuredevops_build_definition.ml.name
  path       = azuredevops_build_definition.ml.path
}
data "azuredevops_agent_pool" "hosted" {
  name = "Azure Pipelines"
}
data "azuredevops_agent_queue" "hosted" {
  project_id = azuredevops_project.ml.id
  name       = "Azure Pipelines"
}

resource "azuredevops_serviceendpoint_azurerm" "ml" {
  project_id                             = azuredevops_project.ml.id
  service_endpoint_name                  = "azure-ml"
  service_endpoint_authentication_scheme = "WorkloadIdentityFederation"
  credentials {
    serviceprincipalid = "11111111-1111-1111-1111-111111111111"
  }
  azurerm_spn_tenantid      = "22222222-2222-2222-2222-222222222222"
  azurerm_subscription_id   = "33333333-3333-3333-3333-333333333333"
  azurerm_subscription_name = "the subscription"
}
resource "azuredevops_serviceendpoint_github" "ml" {
  project_id            = azuredevops_project.ml.id
  service_endpoint_name = "github"
  auth_personal {
    personal_access_token = "a-github-token"
  }
}
resource "azuredevops_build_definition" "ml" {
  project_id = azuredevops_project.ml.id
  name       = "pipeline"
  path       = "\\\\deep\\\\down"
  repository {
    repo_type   = "TfsGit"
    repo_id     = data.azuredevops_git_repository.first.id
    branch_name = "main"
    yml_path    = "azure-pipelines.yml"
  }
  ci_trigger {
    use_yaml = true
  }
}
"""

# the attribute that is to blame, and what is wrong with it
WRONG = {
    "version_control": (
        'resource "azuredevops_project" "p" {\nname = "p"\nversion_control = "svn"\n}'
    ),
    "approvers": (
        'resource "azuredevops_check_approval" "p" {\nproject_id = "x"\n'
        'target_resource_id = "1"\ntarget_resource_type = "environment"\napprovers = ["dana"]\n}'
    ),
    "variable": (
        'resource "azuredevops_variable_group" "p" {\nproject_id = "x"\nname = "g"\n'
        'variable {\nname = "A"\nis_secret = true\n}\n}'
    ),
    "features": (
        'resource "azuredevops_project" "p" {\nname = "p"\nfeatures = {\nwikis = "enabled"\n}\n}'
    ),
    "start_time": (
        'resource "azuredevops_check_business_hours" "p" {\nproject_id = "x"\n'
        'target_resource_id = "1"\ntarget_resource_type = "environment"\nstart_time = "8:00"\n'
        'end_time = "17:00"\ntime_zone = "UTC"\n}'
    ),
    "name": 'resource "azuredevops_environment" "p" {\nproject_id = "x"\nname = "a/b"\n}',
}  # fmt: skip
