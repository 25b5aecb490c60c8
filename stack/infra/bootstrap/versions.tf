# Once, before everything else: the account that holds the states. Its own state stays local; losing
# it loses nothing, since `terraform import` finds the account again.
terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.50"
    }
  }
}

provider "azurerm" {
  storage_use_azuread = true

  features {}
}
