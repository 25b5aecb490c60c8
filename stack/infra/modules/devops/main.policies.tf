# The deploy branch takes pull requests only: a person looked at it, and its tests pass.

resource "azuredevops_branch_policy_min_reviewers" "this" {
  count = var.protect_branch ? 1 : 0

  project_id = local.project_id
  blocking   = true

  settings {
    reviewer_count               = var.minimum_reviewers
    submitter_can_vote           = false
    last_pusher_cannot_approve   = true
    on_push_reset_approved_votes = true

    scope {
      repository_id  = local.repository_id
      repository_ref = local.deploy_ref
      match_type     = "Exact"
    }
  }
}

resource "azuredevops_branch_policy_build_validation" "this" {
  count = var.protect_branch ? 1 : 0

  project_id = local.project_id
  blocking   = true

  settings {
    display_name        = "Test and validate"
    build_definition_id = azuredevops_build_definition.this["ml"].id
    valid_duration      = 720 # minutes, after which a change of the branch asks for a new run

    scope {
      repository_id  = local.repository_id
      repository_ref = local.deploy_ref
      match_type     = "Exact"
    }
  }
}
