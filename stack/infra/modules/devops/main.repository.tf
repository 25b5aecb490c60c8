# Azure Repos: a new project brings a repository of its own name, which can only be found; any other
# is made by the environment that owns the project.
locals {
  github = var.repository.type == "GitHub"

  comes_with_project = lower(var.repository.name) == lower(var.project_name)
  make_repository    = !local.github && var.create_project && !local.comes_with_project
  find_repository    = !local.github && !local.make_repository
}

resource "azuredevops_git_repository" "this" {
  count = local.make_repository ? 1 : 0

  project_id = local.project_id
  name       = var.repository.name

  initialization {
    init_type = "Uninitialized"
  }

  lifecycle {
    # history is not made twice: a push fills the repository
    ignore_changes = [initialization]
  }
}

data "azuredevops_git_repository" "this" {
  count = local.find_repository ? 1 : 0

  project_id = local.project_id
  name       = var.repository.name
}

# GitHub: through a connection that exists, or a new one. One without a secret comes first.
resource "azuredevops_serviceendpoint_github" "this" {
  count = local.github && var.github.connection_id == "" ? 1 : 0

  project_id            = local.project_id
  service_endpoint_name = "github-${var.environment}"
  description           = "Reads ${var.repository.name}"

  dynamic "auth_oauth" {
    for_each = var.github.oauth_configuration_id == "" ? [] : [var.github.oauth_configuration_id]

    content {
      oauth_configuration_id = auth_oauth.value
    }
  }

  dynamic "auth_personal" {
    for_each = var.github.oauth_configuration_id == "" ? ["token"] : []

    content {
      personal_access_token = var.github_token
    }
  }
}

locals {
  git_repository = one(concat(
    [for one in azuredevops_git_repository.this : { id = one.id, url = one.remote_url }],
    [for one in data.azuredevops_git_repository.this : { id = one.id, url = one.remote_url }],
  ))
  repository_id  = local.github ? var.repository.name : local.git_repository.id
  repository_url = local.github ? "https://github.com/${var.repository.name}.git" : local.git_repository.url

  github_connection_id = local.github ? coalesce(var.github.connection_id, one(azuredevops_serviceendpoint_github.this[*].id)) : ""
}
