"""What a team types first: three providers, a principal with a role, a connection, a pipeline.

Six pieces of configuration as they are found in introductions to Azure ML with Azure DevOps and
Terraform, with what today's providers ask for: the secret by the principal's own id, the
connection's tenant and subscription by their own names, the repository's service connection.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.shipway_server import ShipwayServer, running
from tests.support.needs_terraform import needs_terraform
from tests.support.terraform_root import TerraformFolder, variables

pytestmark = [pytest.mark.terraform, needs_terraform]

PROVIDERS = """
terraform {
  required_providers {
    azurerm     = { source = "hashicorp/azurerm", version = "~> 4.0" }
    azuread     = { source = "hashicorp/azuread", version = "~> 3.0" }
    azuredevops = { source = "microsoft/azuredevops", version = "~> 1.0" }
  }
}

provider "azurerm" {
  features {}
}

variable "environment" { default = "dev" }
variable "github_owner" { default = "contoso" }
variable "github_repo" { default = "flights" }
variable "deploy_branch" { default = "refs/heads/main" }
"""
WORKSPACE = """
data "azurerm_client_config" "current" {}
data "azurerm_subscription" "current" {}

resource "azurerm_resource_group" "ml" {
  name     = "${var.environment}-ml-rg"
  location = "East US"
}

resource "azurerm_storage_account" "ml" {
  name                     = "${var.environment}mlsnippets"
  resource_group_name      = azurerm_resource_group.ml.name
  location                 = azurerm_resource_group.ml.location
  account_tier             = "Standard"
  account_replication_type = "LRS"
}

resource "azurerm_key_vault" "ml" {
  name                = "${var.environment}-ml-snippets"
  resource_group_name = azurerm_resource_group.ml.name
  location            = azurerm_resource_group.ml.location
  tenant_id           = data.azurerm_client_config.current.tenant_id
  sku_name            = "standard"
}

resource "azurerm_application_insights" "ml" {
  name                = "${var.environment}-ml-insights"
  resource_group_name = azurerm_resource_group.ml.name
  location            = azurerm_resource_group.ml.location
  application_type    = "web"
}

resource "azurerm_machine_learning_workspace" "this" {
  name                    = "${var.environment}-ml-workspace"
  resource_group_name     = azurerm_resource_group.ml.name
  location                = azurerm_resource_group.ml.location
  application_insights_id = azurerm_application_insights.ml.id
  key_vault_id            = azurerm_key_vault.ml.id
  storage_account_id      = azurerm_storage_account.ml.id

  identity {
    type = "SystemAssigned"
  }
}
"""
PRINCIPAL = """
data "azuread_client_config" "current" {}

resource "azuread_application" "devops" {
  display_name = "${var.environment}-ml-devops-sp"
}

resource "azuread_service_principal" "devops" {
  client_id = azuread_application.devops.client_id
}

resource "azuread_service_principal_password" "devops" {
  service_principal_id = azuread_service_principal.devops.id
}

resource "azurerm_role_assignment" "devops_ml" {
  scope                = azurerm_machine_learning_workspace.this.id
  role_definition_name = "Contributor"
  principal_id         = azuread_service_principal.devops.object_id
}
"""
CONTAINER = """
resource "azurerm_storage_container" "pipeline_artifacts" {
  name                  = "pipeline-artifacts"
  storage_account_id    = azurerm_storage_account.ml.id
  container_access_type = "private"
}
"""
PROJECT = """
resource "azuredevops_project" "ml" {
  name               = "${var.environment}-ml-platform"
  visibility         = "private"
  version_control    = "Git"
  work_item_template = "Agile"
}
"""
CONNECTION = """
resource "azuredevops_serviceendpoint_azurerm" "ml_workspace" {
  project_id            = azuredevops_project.ml.id
  service_endpoint_name = "azure-ml-connection"

  credentials {
    serviceprincipalid  = azuread_application.devops.client_id
    serviceprincipalkey = azuread_service_principal_password.devops.value
  }

  azurerm_spn_tenantid      = data.azurerm_client_config.current.tenant_id
  azurerm_subscription_id   = data.azurerm_client_config.current.subscription_id
  azurerm_subscription_name = data.azurerm_subscription.current.display_name
}
"""
PIPELINE = """
resource "azuredevops_serviceendpoint_github" "code" {
  project_id            = azuredevops_project.ml.id
  service_endpoint_name = "github"

  auth_personal {
    personal_access_token = "github_pat_example"
  }
}

resource "azuredevops_build_definition" "ml_pipeline" {
  project_id = azuredevops_project.ml.id
  name       = "${var.environment}-ml-pipeline"

  ci_trigger {
    use_yaml = true
  }

  repository {
    repo_type             = "GitHub"
    repo_id               = "${var.github_owner}/${var.github_repo}"
    branch_name           = var.deploy_branch
    yml_path              = "azure-devops/ml-pipeline.yml"
    service_connection_id = azuredevops_serviceendpoint_github.code.id
  }

  variable {
    name  = "ENVIRONMENT"
    value = var.environment
  }

  variable {
    name      = "WORKSPACE_NAME"
    value     = azurerm_machine_learning_workspace.this.name
    is_secret = false
  }
}
"""
ALL = PROVIDERS + WORKSPACE + PRINCIPAL + CONTAINER + PROJECT + CONNECTION + PIPELINE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("snippets")) as made:
        yield made


@pytest.fixture
def root(server: ShipwayServer, tmp_path: Path) -> TerraformFolder:
    made = TerraformFolder(
        folder=tmp_path / "root", data=tmp_path / "data", env_vars=variables(server)
    )
    made.write(ALL)
    made.init()
    return made


def _token(server: ShipwayServer, client_id: str, secret: str) -> tuple[int, str]:
    door = server.door()
    tenant = door.variables()["AZURE_TENANT_ID"]
    form = {
        "grant_type": "client_credentials", "client_id": client_id, "client_secret": secret,
        "scope": "https://management.azure.com/.default",
    }  # fmt: skip
    answer = door.azure(
        "POST", "login.microsoftonline.com", f"/{tenant}/oauth2/v2.0/token",
        body=urlencode(form), headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    return answer.status, answer.json().get("access_token", "")


def test_the_first_configuration_of_a_team_applies_works_and_goes(
    root: TerraformFolder, server: ShipwayServer
) -> None:
    assert root.applied().counts() == (14, 0, 0)
    root.unchanged()
    state = root.state()
    assert state["azuread_application.devops"]["id"].startswith("/applications/")
    principal = state["azuread_service_principal.devops"]
    workspace = state["azurerm_machine_learning_workspace.this"]["id"]
    secret = state["azuread_service_principal_password.devops"]["value"]
    status, token = _token(server, principal["client_id"], secret)
    assert status == 200
    # the role reaches the workspace, and nothing beside it
    door = server.door()
    query = "?api-version=2025-06-01"
    own = door.azure("GET", "management.azure.com", workspace + query, token=token)
    group = workspace.partition("/providers/")[0] + "?api-version=2023-07-01"
    other = door.azure("GET", "management.azure.com", group, token=token)
    assert (own.status, other.status) == (200, 403)
    definition = state["azuredevops_build_definition.ml_pipeline"]
    assert definition["repository"][0]["repo_id"] == "contoso/flights"
    root.applied("-destroy")
    assert not root.state()
    status, _ = _token(server, principal["client_id"], secret)
    assert status in (400, 401), "the secret is worth nothing any more"
