# Terraform and the three providers. Nothing else is used, so that `init` needs nothing else.
#
# azurerm: written for 4.x and 5.x. For 5.x raise the constraint here, in the modules and in
# bootstrap/; no other line changes, because what 5.x removed is not used: storage containers name
# `storage_account_id`, the vault says `rbac_authorization_enabled`, public access to blobs is
# refused explicitly (5.x changed its default), and providers are registered before (5.x registers
# none by itself: see README.md).
terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.50"
    }
    azuread = {
      source  = "hashicorp/azuread"
      version = "~> 3.0"
    }
    azuredevops = {
      source  = "microsoft/azuredevops"
      version = "~> 1.0"
    }
  }

  # The rest comes from ../environments/<env>.tfbackend and the command line. Entra ID only: the
  # state account has no key. In a pipeline or another place with OIDC set ARM_USE_OIDC=true.
  backend "azurerm" {
    use_azuread_auth = true
  }
}

# Subscription, tenant and identity come from ARM_SUBSCRIPTION_ID, ARM_TENANT_ID, ARM_CLIENT_ID and
# ARM_USE_OIDC (or `az login`); the organization from AZDO_ORG_SERVICE_URL.
provider "azurerm" {
  # the storage account has no shared key
  storage_use_azuread = true

  features {
    resource_group {
      # Azure puts resources of its own beside ours (rules of Application Insights); they shall not
      # keep `destroy` from its end
      prevent_deletion_if_contains_resources = false
    }
  }
}

provider "azuread" {}

provider "azuredevops" {}
