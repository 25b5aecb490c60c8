# The real thing: makes an environment, makes it again, takes it down. Here or in a subscription for
# tests, never where people work:
#   terraform test -test-directory=tests/apply -var-file=../environments/dev.tfvars

run "made" {
  command = apply

  assert {
    condition     = can(regex("/providers/Microsoft.MachineLearningServices/workspaces/mlw-${var.workload}-${var.environment}$", output.workspace_id))
    error_message = "workspace: ${output.workspace_id}"
  }
  assert {
    condition     = can(regex("^[0-9a-f-]{36}$", output.pipeline_client_id)) && can(regex("^[0-9a-f-]{36}$", output.pipeline_object_id))
    error_message = "identity: ${output.pipeline_client_id}, ${output.pipeline_object_id}"
  }
  assert {
    condition     = output.service_connection_name == "azure-ml-${var.environment}"
    error_message = "connection: ${output.service_connection_name}"
  }
  assert {
    condition     = endswith(output.repository_url, "/_git/${var.repository_name}")
    error_message = "repository: ${output.repository_url}"
  }
}

run "making_it_again_makes_nothing_new" {
  command = plan

  assert {
    condition     = output.workspace_id == run.made.workspace_id && output.pipeline_object_id == run.made.pipeline_object_id
    error_message = "workspace or identity would be replaced"
  }
  assert {
    condition     = output.ml_pipeline_id == run.made.ml_pipeline_id && output.service_connection_id == run.made.service_connection_id
    error_message = "pipeline or connection would be replaced"
  }
}
