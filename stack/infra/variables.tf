# Which environment

variable "environment" {
  description = "Short name of the environment. Part of every name, and the first word of the pipelines' names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,5}$", var.environment))
    error_message = "environment: 2 to 6 lower-case letters and digits, a letter first (storage account names have 24 characters in all)."
  }
}

variable "workload" {
  description = "Short name of what is built here; part of the names of the workspace, storage account, vault and registry."
  type        = string
  nullable    = false
  default     = "flights"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.workload))
    error_message = "workload: 2 to 10 lower-case letters and digits, a letter first (storage account names have 24 characters in all)."
  }
}

variable "location" {
  description = "Azure region of all resources, by its short name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+[0-9]?$", var.location))
    error_message = "location: the short name of a region, such as westeurope or eastus2."
  }
}

variable "tags" {
  description = "Tags of every Azure resource, beside `environment` and `workload`."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name, value in var.tags : length(name) <= 128 && length(value) <= 256])
    error_message = "tags: names have at most 128 characters (storage accounts), values 256."
  }
}

# Sizes

variable "compute_name" {
  description = "Name of the compute cluster that trains."
  type        = string
  nullable    = false
  default     = "cpu-cluster"

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$", var.compute_name))
    error_message = "compute_name: 3 to 24 letters, digits and dashes, a letter first, no dash at the end."
  }
}

variable "compute_vm_size" {
  description = "Size of the cluster's machines."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^Standard_[A-Za-z0-9_]+$", var.compute_vm_size))
    error_message = "compute_vm_size: the name of a machine size, such as Standard_DS3_v2."
  }
}

variable "compute_vm_priority" {
  description = "`Dedicated`, or the cheaper `LowPriority`, whose machines Azure may take away during a job."
  type        = string
  nullable    = false
  default     = "Dedicated"

  validation {
    condition     = contains(["Dedicated", "LowPriority"], var.compute_vm_priority)
    error_message = "compute_vm_priority: Dedicated or LowPriority."
  }
}

variable "compute_min_nodes" {
  description = "Machines that run even without a job; each costs money all day."
  type        = number
  nullable    = false
  default     = 0

  validation {
    condition     = var.compute_min_nodes >= 0 && floor(var.compute_min_nodes) == var.compute_min_nodes
    error_message = "compute_min_nodes: a whole number, 0 or more."
  }
}

variable "compute_max_nodes" {
  description = "Machines at most, and so jobs that run at once."
  type        = number
  nullable    = false

  validation {
    condition     = var.compute_max_nodes >= 1 && floor(var.compute_max_nodes) == var.compute_max_nodes
    error_message = "compute_max_nodes: a whole number, 1 or more."
  }
  validation {
    condition     = var.compute_max_nodes >= var.compute_min_nodes
    error_message = "compute_max_nodes: not below compute_min_nodes."
  }
}

variable "compute_idle_minutes" {
  description = "Minutes after which an idle machine is given back."
  type        = number
  nullable    = false
  default     = 5

  validation {
    condition     = var.compute_idle_minutes >= 1 && floor(var.compute_idle_minutes) == var.compute_idle_minutes
    error_message = "compute_idle_minutes: a whole number, 1 or more."
  }
}

variable "instance_type" {
  description = "Size of the endpoint's machines."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^Standard_[A-Za-z0-9_]+$", var.instance_type))
    error_message = "instance_type: the name of a machine size, such as Standard_DS3_v2."
  }
}

# The model

variable "model_name" {
  description = "Name under which models are registered."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$", var.model_name))
    error_message = "model_name: letters, digits, dashes, underscores and dots, at most 255, a letter or digit first."
  }
}

variable "endpoint_name" {
  description = "Name of the online endpoint; unique in the region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$", var.endpoint_name))
    error_message = "endpoint_name: 3 to 32 letters, digits and dashes, a letter first, no dash at the end."
  }
}

variable "auc_threshold" {
  description = "ROC AUC that a model has to reach at least."
  type        = number
  nullable    = false

  validation {
    condition     = var.auc_threshold > 0.5 && var.auc_threshold < 1
    error_message = "auc_threshold: above 0.5 (what guessing reaches) and below 1."
  }
}

variable "registry_name" {
  description = "An Azure ML registry to share components through; `none` shares them with nobody."
  type        = string
  nullable    = false
  default     = "none"

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$", var.registry_name))
    error_message = "registry_name: 3 to 33 letters, digits, dashes and underscores, or none."
  }
}

variable "registry_id" {
  description = "ARM id of that registry (scripts/create_registry.py tells it): pipelines and jobs become users of it; empty for none."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.registry_id == "" || can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.MachineLearningServices/registries/[^/]+$", var.registry_id))
    error_message = "registry_id: /subscriptions/.../resourceGroups/.../providers/Microsoft.MachineLearningServices/registries/<name>, or empty."
  }
  validation {
    condition     = var.registry_id == "" || endswith(lower(var.registry_id), "/${lower(var.registry_name)}")
    error_message = "registry_id: that of registry_name."
  }
}

# Releases

variable "approvers" {
  description = "User principal names of those who may approve a release. Nobody approves a run of their own."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for one in var.approvers : can(regex("^[^@\\s]+@[^@\\s]+$", one))])
    error_message = "approvers: user principal names, such as avery@example.com."
  }
  validation {
    condition     = length(distinct([for one in var.approvers : lower(one)])) == length(var.approvers)
    error_message = "approvers: each name once."
  }
}

variable "approver_group" {
  description = "A group of the project whose members may approve as well; empty for none."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.approver_group != "" || length(var.approvers) > 0
    error_message = "approver_group: name a group, or people in approvers; a gate without a key never opens."
  }
}

variable "minimum_approvers" {
  description = "How many of them have to approve."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.minimum_approvers >= 1 && floor(var.minimum_approvers) == var.minimum_approvers
    error_message = "minimum_approvers: a whole number, 1 or more."
  }
  validation {
    condition     = var.minimum_approvers <= length(var.approvers) + (var.approver_group == "" ? 0 : 1)
    error_message = "minimum_approvers: not more than there are approvers (a group counts as one)."
  }
}

variable "step_seconds" {
  description = "Seconds that each share of an endpoint's traffic is watched."
  type        = number
  nullable    = false

  validation {
    condition     = var.step_seconds >= 0 && floor(var.step_seconds) == var.step_seconds
    error_message = "step_seconds: a whole number, 0 or more."
  }
}

variable "retrain_frequency" {
  description = "How often the schedule retrains: the unit."
  type        = string
  nullable    = false
  default     = "day"

  validation {
    condition     = contains(["minute", "hour", "day", "week", "month"], var.retrain_frequency)
    error_message = "retrain_frequency: minute, hour, day, week or month."
  }
}

variable "retrain_interval" {
  description = "How often the schedule retrains: every so many units."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.retrain_interval >= 1 && floor(var.retrain_interval) == var.retrain_interval
    error_message = "retrain_interval: a whole number, 1 or more."
  }
}

# The repository and its pipelines

variable "project_name" {
  description = "Azure DevOps project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^\\\\/:*?\"<>|;#$,+=\\[\\]{}@%&~^`_.][^\\\\/:*?\"<>|;#$,+=\\[\\]{}@%&~^`]{0,63}$", var.project_name)) && !endswith(var.project_name, ".")
    error_message = "project_name: at most 64 characters, none of \\ / : * ? \" < > | ; # $ , + = [ ] { } @ % & ~ ^ `, no underscore or dot first, no dot last."
  }
}

variable "create_project" {
  description = "Whether this environment owns the project and the repository. One environment does; the others find them."
  type        = bool
  nullable    = false
}

variable "repository_type" {
  description = "`TfsGit` for Azure Repos, `GitHub` for GitHub."
  type        = string
  nullable    = false
  default     = "TfsGit"

  validation {
    condition     = contains(["TfsGit", "GitHub"], var.repository_type)
    error_message = "repository_type: TfsGit or GitHub."
  }
}

variable "repository_name" {
  description = "Repository of this code: a name in the project, or owner/name on GitHub."
  type        = string
  nullable    = false

  validation {
    condition = (var.repository_type == "GitHub"
      ? can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository_name))
      : can(regex("^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$", var.repository_name))
    )
    error_message = "repository_name: a name of at most 64 letters, digits, dots, dashes and underscores; with repository_type GitHub owner/name."
  }
}

variable "deploy_branch" {
  description = "The branch whose pushes start this environment's pipeline, and the only one that may deploy to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.deploy_branch)) && !startswith(var.deploy_branch, "refs/")
    error_message = "deploy_branch: the name of a branch without refs/heads/, such as main."
  }
}

variable "trigger_paths" {
  description = "A push starts the pipeline when it changes something here. The same list as in azure-devops/ml-pipeline.yml, which counts where no definition overrides it."
  type        = list(string)
  nullable    = false
  default = [
    "azure-devops",
    "pipelines",
    "scripts",
    "endpoint",
    "infra",
    "environments",
    "pyproject.toml",
    "requirements.txt",
    "requirements-ci.txt",
    "requirements-cd.txt",
  ]

  validation {
    condition     = alltrue([for path in var.trigger_paths : path != "" && !startswith(path, "/")])
    error_message = "trigger_paths: paths from the root of the repository, without a slash first."
  }
}

variable "protect_branch" {
  description = "Whether the deploy branch takes pull requests only: reviewed, and validated by the pipeline's CI stage. For Azure Repos; GitHub protects its branches itself."
  type        = bool
  nullable    = false

  validation {
    condition     = !(var.protect_branch && var.repository_type == "GitHub")
    error_message = "protect_branch: branch policies are for Azure Repos; protect a branch of GitHub there."
  }
}

variable "minimum_reviewers" {
  description = "Reviewers that a pull request to the protected branch needs; its author is none of them."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.minimum_reviewers >= 1 && var.minimum_reviewers <= 10 && floor(var.minimum_reviewers) == var.minimum_reviewers
    error_message = "minimum_reviewers: 1 to 10."
  }
}

variable "agent_queue_id" {
  description = "Queue of a self-hosted agent pool that the pipelines may use; 0 where they run on Microsoft's agents."
  type        = number
  nullable    = false
  default     = 0

  validation {
    condition     = var.agent_queue_id >= 0 && floor(var.agent_queue_id) == var.agent_queue_id
    error_message = "agent_queue_id: the number of a queue, or 0."
  }
}

variable "github_connection_id" {
  description = "An existing GitHub service connection of the project (that of the GitHub app, for one); empty to make one."
  type        = string
  nullable    = false
  default     = ""
}

variable "github_oauth_configuration_id" {
  description = "OAuth configuration for a new GitHub service connection; holds no secret. Empty to use github_token."
  type        = string
  nullable    = false
  default     = ""
}

variable "github_token" {
  description = "Personal access token for a new GitHub service connection. The provider keeps it in the state: prefer the other two."
  type        = string
  nullable    = true
  sensitive   = true
  default     = null

  validation {
    condition     = var.repository_type != "GitHub" || var.github_connection_id != "" || var.github_oauth_configuration_id != "" || var.github_token != null
    error_message = "GitHub needs one of github_connection_id, github_oauth_configuration_id, github_token."
  }
}

# Notice

variable "notify_webhook" {
  description = "URL that hears of failed runs and of alerts; empty for none. Not a secret: it is readable in the variable group."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.notify_webhook == "" || can(regex("^https?://[^\\s]+$", var.notify_webhook))
    error_message = "notify_webhook: a URL, or empty."
  }
}

variable "alert_emails" {
  description = "Addresses that hear of alerts and of the budget."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for one in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", one))])
    error_message = "alert_emails: e-mail addresses."
  }
}

variable "budget_amount" {
  description = "Monthly budget of the resource group, in the currency of the subscription; at 80 % and when 100 % is foreseen the action group hears of it."
  type        = number
  nullable    = false

  validation {
    condition     = var.budget_amount > 0
    error_message = "budget_amount: more than 0."
  }
}
