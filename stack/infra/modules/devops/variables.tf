variable "environment" {
  description = "Short name of the environment."
  type        = string
  nullable    = false
}

variable "project_name" {
  description = "Azure DevOps project."
  type        = string
  nullable    = false
}

variable "create_project" {
  description = "Whether to make the project and its repository, or to find them."
  type        = bool
  nullable    = false
}

variable "repository" {
  description = "The code: `TfsGit` and a name, or `GitHub` and owner/name; the branch that deploys and the paths that count."
  type = object({
    type          = string
    name          = string
    deploy_branch = string
    trigger_paths = list(string)
  })
  nullable = false

  validation {
    condition     = contains(["TfsGit", "GitHub"], var.repository.type)
    error_message = "repository.type: TfsGit or GitHub."
  }
}

variable "github" {
  description = "How GitHub is reached: an existing connection, or an OAuth configuration for a new one."
  type = object({
    connection_id          = optional(string, "")
    oauth_configuration_id = optional(string, "")
  })
  nullable = false
  default  = {}
}

variable "github_token" {
  description = "Token for a new GitHub connection where there is neither of the two."
  type        = string
  nullable    = true
  sensitive   = true
  default     = null
}

variable "azure" {
  description = "What the service connection leads to, and as whom."
  type = object({
    client_id         = string
    tenant_id         = string
    subscription_id   = string
    subscription_name = string
  })
  nullable = false
}

variable "variables" {
  description = "The variable group: names as the YAML uses them."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.variables) > 0 && alltrue([for value in values(var.variables) : value != ""])
    error_message = "variables: at least one, and none without a value."
  }
}

variable "approval" {
  description = "Who approves a release: user principal names, a group of the project, and how many of them."
  type = object({
    users   = list(string)
    group   = optional(string, "")
    minimum = optional(number, 1)
  })
  nullable = false
}

variable "protect_branch" {
  description = "Whether the deploy branch takes pull requests only."
  type        = bool
  nullable    = false
}

variable "minimum_reviewers" {
  description = "Reviewers that a pull request needs."
  type        = number
  nullable    = false
  default     = 1
}

variable "agent_queue_id" {
  description = "Queue of a self-hosted pool that the pipelines may use; 0 for none."
  type        = number
  nullable    = false
  default     = 0
}
