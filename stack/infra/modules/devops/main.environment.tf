# The gate: from the deploy branch only, one release at a time, after a person approved.

resource "azuredevops_environment" "this" {
  project_id  = local.project_id
  name        = "${var.environment}-ml-approval"
  description = "Approval of models for ${var.environment}"
}

data "azuredevops_users" "approver" {
  for_each = toset([for one in var.approval.users : lower(one)])

  principal_name = each.value

  lifecycle {
    postcondition {
      condition     = length(self.users) == 1
      error_message = "The organization has no user ${each.value}: add the person, or correct `approvers`."
    }
  }
}

data "azuredevops_group" "approvers" {
  count = var.approval.group == "" ? 0 : 1

  project_id = local.project_id
  name       = var.approval.group
}

resource "azuredevops_check_approval" "this" {
  project_id           = local.project_id
  target_resource_id   = azuredevops_environment.this.id
  target_resource_type = "environment"

  approvers = concat(
    [for name in sort(keys(data.azuredevops_users.approver)) : one(data.azuredevops_users.approver[name].users).id],
    data.azuredevops_group.approvers[*].origin_id,
  )
  minimum_required_approvers = var.approval.minimum
  requester_can_approve      = false
  instructions               = "Compare the metrics with the champion's in the run's summary."
  timeout                    = 43200 # minutes: 30 days
}

resource "azuredevops_check_branch_control" "environment" {
  project_id           = local.project_id
  display_name         = "Only ${var.repository.deploy_branch}"
  target_resource_id   = azuredevops_environment.this.id
  target_resource_type = "environment"
  allowed_branches     = local.deploy_ref
}

resource "azuredevops_check_exclusive_lock" "this" {
  project_id           = local.project_id
  target_resource_id   = azuredevops_environment.this.id
  target_resource_type = "environment"
  timeout              = 43200
}
