# The values in which environments differ, for the YAML; none of them is a secret.
resource "azuredevops_variable_group" "this" {
  project_id   = local.project_id
  name         = "ml-${var.environment}"
  description  = "Made by Terraform from ${var.environment}.tfvars"
  allow_access = false

  dynamic "variable" {
    for_each = var.variables

    content {
      name  = variable.key
      value = variable.value
    }
  }
}
