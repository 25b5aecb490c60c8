variable "environment" {
  description = "Short name of the environment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,5}$", var.environment))
    error_message = "environment: 2 to 6 lower-case letters and digits, a letter first."
  }
}

variable "workload" {
  description = "Short name of what is built here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.workload))
    error_message = "workload: 2 to 10 lower-case letters and digits, a letter first."
  }
}

variable "name_suffix" {
  description = "Makes the names of storage account, vault and registry unique in the world."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]{4,6}$", var.name_suffix))
    error_message = "name_suffix: 4 to 6 lower-case letters and digits."
  }
}

variable "location" {
  description = "Azure region."
  type        = string
  nullable    = false
}

variable "tenant_id" {
  description = "Tenant whose identities the vault knows."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "compute" {
  description = "The compute cluster: its name, machines and how many of them."
  type = object({
    name         = string
    vm_size      = string
    vm_priority  = optional(string, "Dedicated")
    min_nodes    = optional(number, 0)
    max_nodes    = number
    idle_minutes = optional(number, 5)
  })
  nullable = false
}

variable "registry_id" {
  description = "ARM id of an Azure ML registry whose components jobs run; empty for none."
  type        = string
  nullable    = false
  default     = ""
}

variable "budget_amount" {
  description = "Monthly budget of the resource group."
  type        = number
  nullable    = false
}

variable "alert_emails" {
  description = "Addresses that hear of alerts and of the budget."
  type        = list(string)
  nullable    = false
  default     = []
}

variable "notify_webhook" {
  description = "URL that hears of alerts; empty for none."
  type        = string
  nullable    = false
  default     = ""
}
