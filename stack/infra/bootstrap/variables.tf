variable "location" {
  description = "Azure region of the state account."
  type        = string
  nullable    = false
  default     = "westeurope"

  validation {
    condition     = can(regex("^[a-z]+[0-9]?$", var.location))
    error_message = "location: the short name of a region, such as westeurope or eastus2."
  }
}

variable "resource_group_name" {
  description = "Resource group of the state account."
  type        = string
  nullable    = false
  default     = "rg-ml-state"

  validation {
    condition     = can(regex("^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$", var.resource_group_name))
    error_message = "resource_group_name: at most 90 letters, digits, dashes, underscores, dots and parentheses, no dot at the end."
  }
}

variable "replication_type" {
  description = "How often the states are stored: LRS, ZRS, GRS."
  type        = string
  nullable    = false
  default     = "LRS"

  validation {
    condition     = contains(["LRS", "ZRS", "GRS"], var.replication_type)
    error_message = "replication_type: LRS, ZRS or GRS."
  }
}

variable "keep_versions" {
  description = "Whether overwritten and deleted states can be had back for 30 days. Say true on Azure; shipway keeps no versions of blobs and refuses it."
  type        = bool
  nullable    = false
  default     = false
}

variable "environments" {
  description = "Environments that have a state; each gets a container of its own."
  type        = set(string)
  nullable    = false
  default     = ["dev", "prod"]

  validation {
    condition     = length(var.environments) > 0 && alltrue([for one in var.environments : can(regex("^[a-z][a-z0-9]{1,5}$", one))])
    error_message = "environments: 2 to 6 lower-case letters and digits each, a letter first."
  }
}

variable "writers" {
  description = "Object ids of users, groups or service principals that may read and write the state of an environment, and of no other."
  type        = map(list(string))
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue(flatten([for ids in values(var.writers) : [for id in ids : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", id))]]))
    error_message = "writers: object ids (GUIDs in lower case)."
  }
  validation {
    condition     = alltrue([for environment in keys(var.writers) : contains(var.environments, environment)])
    error_message = "writers: only environments that stand in environments."
  }
}

variable "grant_caller" {
  description = "Whether whoever applies this may write every state; false where the people of an environment are all named."
  type        = bool
  nullable    = false
  default     = true
}
