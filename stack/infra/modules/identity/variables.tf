variable "display_name" {
  description = "Name of the application in Entra ID."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9 _-]{0,119}$", var.display_name))
    error_message = "display_name: at most 120 letters, digits, spaces, dashes and underscores."
  }
}

variable "federation" {
  description = "The service connection that is trusted: its name, and issuer and subject as Azure DevOps shows them."
  type = object({
    name    = string
    issuer  = string
    subject = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$", var.federation.name))
    error_message = "federation.name: 3 to 120 letters, digits, dashes and underscores."
  }
}

variable "role_assignments" {
  description = "What the identity may do: a role at a scope, by a name of your choice."
  type        = map(object({ role = string, scope = string }))
  nullable    = false

  validation {
    condition     = alltrue([for one in var.role_assignments : !contains(["Owner", "Contributor", "User Access Administrator", "Role Based Access Control Administrator"], one.role)])
    error_message = "role_assignments: a pipeline gets none of the roles that can do everything."
  }
}
