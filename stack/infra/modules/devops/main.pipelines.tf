locals {
  deploy_ref = "refs/heads/${var.repository.deploy_branch}"
  pipelines  = toset(["ml", "release"])
}

# `trigger` in YAML takes no variables: the branch comes from here and overrides the file. The
# release pipeline starts by the clock that its file names.
resource "azuredevops_build_definition" "this" {
  for_each = local.pipelines

  project_id = local.project_id
  name       = "${var.environment}-${each.key}-pipeline"
  path       = "\\"

  ci_trigger {
    use_yaml = each.key == "release" ? true : null

    dynamic "override" {
      for_each = each.key == "ml" ? [var.repository.deploy_branch] : []

      content {
        batch = false

        branch_filter {
          include = [override.value]
        }

        path_filter {
          include = var.repository.trigger_paths
        }
      }
    }
  }

  dynamic "pull_request_trigger" {
    for_each = local.github && each.key == "ml" ? ["yaml"] : []

    content {
      use_yaml = true

      forks {
        enabled       = false
        share_secrets = false
      }
    }
  }

  repository {
    repo_type             = var.repository.type
    repo_id               = local.repository_id
    branch_name           = local.deploy_ref
    yml_path              = "azure-devops/${each.key}-pipeline.yml"
    service_connection_id = local.github_connection_id
  }
}

# Nothing is open to all pipelines: these two may use what is theirs.
locals {
  authorized = merge(
    {
      endpoint      = { type = "endpoint", id = azuredevops_serviceendpoint_azurerm.this.id }
      variablegroup = { type = "variablegroup", id = azuredevops_variable_group.this.id }
      environment   = { type = "environment", id = azuredevops_environment.this.id }
    },
    local.github ? { github = { type = "endpoint", id = local.github_connection_id } } : {},
    var.agent_queue_id == 0 ? {} : { queue = { type = "queue", id = tostring(var.agent_queue_id) } },
  )
  authorizations = {
    for pair in setproduct(local.pipelines, keys(local.authorized)) :
    "${pair[0]}-${pair[1]}" => { pipeline = pair[0], resource = pair[1] }
  }
}

resource "azuredevops_pipeline_authorization" "this" {
  for_each = local.authorizations

  project_id  = local.project_id
  pipeline_id = azuredevops_build_definition.this[each.value.pipeline].id
  type        = local.authorized[each.value.resource].type
  resource_id = local.authorized[each.value.resource].id
}
