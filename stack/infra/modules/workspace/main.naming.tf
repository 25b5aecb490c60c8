# Names that follow Azure's conventions; the longest possible ones fit, as variables.tf proves.
locals {
  resource_group_name = "rg-ml-${var.environment}"
  workspace_name      = "mlw-${var.workload}-${var.environment}"

  # letters and digits only, at most 24, unique in the world
  global_name             = "${var.workload}${var.environment}${var.name_suffix}"
  storage_account_name    = "st${local.global_name}"
  key_vault_name          = "kv${local.global_name}"
  container_registry_name = "cr${local.global_name}"
}
