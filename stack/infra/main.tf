# One environment of the loop: where models are trained, who may do it, and what starts it.

data "azurerm_client_config" "current" {}

data "azurerm_subscription" "current" {}

locals {
  tags = merge({ environment = var.environment, workload = var.workload }, var.tags)

  github = var.repository_type == "GitHub"

  # Everything the pipelines read, by the names that the YAML uses.
  pipeline_variables = {
    subscriptionId   = data.azurerm_client_config.current.subscription_id
    resourceGroup    = module.workspace.resource_group_name
    workspaceName    = module.workspace.workspace_name
    computeName      = module.workspace.compute_name
    instanceType     = var.instance_type
    modelName        = var.model_name
    endpointName     = var.endpoint_name
    aucThreshold     = tostring(var.auc_threshold)
    stepSeconds      = tostring(var.step_seconds)
    retrainFrequency = var.retrain_frequency
    retrainInterval  = tostring(var.retrain_interval)
    registryName     = var.registry_name
    # Azure DevOps drops a variable without a value
    notifyWebhook = var.notify_webhook == "" ? "none" : var.notify_webhook
  }
}

module "workspace" {
  source = "./modules/workspace"

  environment = var.environment
  workload    = var.workload
  location    = var.location
  tenant_id   = data.azurerm_client_config.current.tenant_id
  # storage account, vault and registry share one name space with the whole world
  name_suffix = substr(sha1(data.azurerm_client_config.current.subscription_id), 0, 6)
  tags        = local.tags

  compute = {
    name         = var.compute_name
    vm_size      = var.compute_vm_size
    vm_priority  = var.compute_vm_priority
    min_nodes    = var.compute_min_nodes
    max_nodes    = var.compute_max_nodes
    idle_minutes = var.compute_idle_minutes
  }

  registry_id    = var.registry_id
  budget_amount  = var.budget_amount
  alert_emails   = var.alert_emails
  notify_webhook = var.notify_webhook
}

module "identity" {
  source = "./modules/identity"

  display_name = "${var.environment}-ml-devops"
  federation = {
    name    = module.devops.service_connection_name
    issuer  = module.devops.federation_issuer
    subject = module.devops.federation_subject
  }

  # What a run does: register components, submit jobs, read results, make endpoints and schedules
  # (all inside the workspace) and put code, data and reports into its blobs. It can change neither
  # the workspace nor its compute, and gives no roles.
  role_assignments = merge(
    {
      workspace = { role = "AzureML Data Scientist", scope = module.workspace.workspace_id }
      storage   = { role = "Storage Blob Data Contributor", scope = module.workspace.storage_account_id }
    },
    var.registry_id == "" ? {} : { shared = { role = "AzureML Registry User", scope = var.registry_id } },
  )
}

module "devops" {
  source = "./modules/devops"

  environment    = var.environment
  project_name   = var.project_name
  create_project = var.create_project

  repository = {
    type          = var.repository_type
    name          = var.repository_name
    deploy_branch = var.deploy_branch
    trigger_paths = var.trigger_paths
  }
  github = {
    connection_id          = var.github_connection_id
    oauth_configuration_id = var.github_oauth_configuration_id
  }
  github_token = var.github_token

  azure = {
    client_id         = module.identity.client_id
    tenant_id         = data.azurerm_client_config.current.tenant_id
    subscription_id   = data.azurerm_client_config.current.subscription_id
    subscription_name = data.azurerm_subscription.current.display_name
  }
  variables = local.pipeline_variables

  approval = {
    users   = var.approvers
    group   = var.approver_group
    minimum = var.minimum_approvers
  }
  protect_branch    = var.protect_branch
  minimum_reviewers = var.minimum_reviewers
  agent_queue_id    = var.agent_queue_id
}
