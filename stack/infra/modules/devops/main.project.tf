# One environment owns the project; the others find it.

resource "azuredevops_project" "this" {
  count = var.create_project ? 1 : 0

  name               = var.project_name
  description        = "Training, approval and deployment of ${var.repository.name}"
  visibility         = "private"
  work_item_template = "Agile"
}

data "azuredevops_project" "this" {
  count = var.create_project ? 0 : 1

  name = var.project_name
}

locals {
  project_id = one(concat(azuredevops_project.this[*].id, data.azuredevops_project.this[*].id))
}
