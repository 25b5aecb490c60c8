"""Tasks with a service connection against a running server: key vault, `az`, Terraform."""

import json
from collections.abc import Iterator

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running
from tests.support import identities
from tests.support.needs_terraform import needs_terraform

from shipway.azure.arm import resource_groups, role_assignments
from shipway.azure.blob import accounts, containers
from shipway.azure.entra import tenant
from shipway.azure.vault import secrets
from shipway.azure.vault.secrets import Attributes
from shipway.devops import logs

VAULT_PIPELINE = """
steps:
- bash: |
    [ "$WORD" = "swordfish-of-the-vault" ] || exit 7
    echo "the word is $WORD"
  displayName: uses
  env: {WORD: $(the-word)}
- task: AzureKeyVault@2
  displayName: reads
  inputs:
    azureSubscription: to-azure
    KeyVaultName: keys-of-tasks
    SecretsFilter: '*'
    RunAsPreJob: true
- task: AzureKeyVault@1
  displayName: misses
  continueOnError: true
  inputs:
    azureSubscription: to-azure
    KeyVaultName: keys-of-tasks
    SecretsFilter: the-word, no-such-word
- task: AzureCLI@1
  displayName: lists
  inputs:
    azureSubscription: to-azure
    scriptLocation: inlineScript
    inlineScript: echo "GROUP $(az group show --name rg --query location -o tsv)"
"""

TERRAFORM_PIPELINE = """
steps:
- task: TerraformInstaller@1
  inputs: {terraformVersion: latest}
- task: TerraformTaskV4@4
  displayName: init
  inputs:
    command: init
    workingDirectory: infra
    backendServiceArm: to-azure
    backendAzureRmResourceGroupName: rg
    backendAzureRmStorageAccountName: statesoftasks
    backendAzureRmContainerName: tfstate
    backendAzureRmKey: tasks.tfstate
- task: TerraformTaskV4@4
  name: plan
  displayName: plan
  inputs:
    command: plan
    workingDirectory: infra
    commandOptions: -out=tfplan
    environmentServiceNameAzureRM: to-azure
- task: TerraformTaskV4@4
  displayName: apply
  condition: eq(variables['plan.changesPresent'], 'true')
  inputs:
    command: apply
    workingDirectory: infra
    commandOptions: tfplan
    environmentServiceNameAzureRM: to-azure
"""

INFRA = """
terraform {
  backend "azurerm" {}
  required_providers { azurerm = { source = "hashicorp/azurerm" } }
}
provider "azurerm" {
  features {}
  resource_provider_registrations = "none"
}
resource "azurerm_resource_group" "made" {
  name     = "made-by-a-task"
  location = "westeurope"
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectRepository]:
    with running(tmp_path_factory.mktemp("tools")) as server:
        store = server.store
        resource_groups.create_or_update(store, name="rg", location="westeurope")
        project = server.project()
        connection, _ = identities.connect(project, "to-azure")
        scope = tenant.facts(store).subscription_scope
        for role in ("Contributor", "Key Vault Secrets User"):
            role_assignments.assign(
                store, principal_id=connection.object_id, role=role, scope=scope
            )
        yield project


def text_of(server: ShipwayServer, run_id: int, name: str) -> str:
    record = next(r for r in server.records(run_id, "Task") if r.name == name)
    assert record.log_id is not None, record
    log = logs.get(server.store, run_id=run_id, log_id=record.log_id)
    return "\n".join(logs.read(server.store, log, with_times=False))


def results(server: ShipwayServer, run_id: int) -> dict[str, str | None]:
    return {r.name: r.result for r in server.records(run_id, "Task")}


def make_vault(server: ShipwayServer) -> None:
    door = server.door()
    body = {"location": "westeurope", "properties": {"sku": {"family": "A", "name": "standard"}}}
    made = door.azure(
        "PUT", "management.azure.com",
        f"{tenant.facts(server.store).subscription_scope}/resourceGroups/rg/providers"
        "/Microsoft.KeyVault/vaults/keys-of-tasks?api-version=2026-02-01",
        token=door.token(), body=json.dumps(body), headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert made.status == 201, made.body
    for name, value in {"the-word": "swordfish-of-the-vault", "other": '{\n"a": 1}'}.items():
        secrets.set_secret(
            server.store, vault="keys-of-tasks", name=name, value=value, attributes=Attributes()
        )


def test_secrets_of_a_vault_are_there_from_the_first_step_on(project: ProjectRepository) -> None:
    server = project.server
    make_vault(server)
    run_id = project.push(VAULT_PIPELINE)
    run = server.finished(run_id)
    found = results(server, run_id)
    assert run.result == "succeededWithIssues", found
    assert found["Pre-job: reads"] == "succeeded"
    assert "Number of secrets found in keys-of-tasks: 2" in text_of(
        server, run_id, "Pre-job: reads"
    )
    assert "the word is ***" in text_of(server, run_id, "uses")
    assert found["misses"] == "succeededWithIssues"
    missed = text_of(server, run_id, "misses")
    (complaint,) = [line for line in missed.splitlines() if line.startswith("##[error]")]
    assert complaint.startswith("##[error]no-such-word: ")
    assert "GROUP westeurope" in text_of(server, run_id, "lists")


@needs_terraform
@pytest.mark.terraform
def test_terraform_plans_and_applies_with_its_state_in_a_container(
    project: ProjectRepository,
) -> None:
    server = project.server
    accounts.create_or_update(server.store, name="statesoftasks", resource_group="rg")
    containers.ensure(server.store, account="statesoftasks", name="tfstate")
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "main.tf").write_text(INFRA)
    run_id = project.push(TERRAFORM_PIPELINE)
    run = server.finished(run_id)
    assert run.result == "succeeded", "\n".join(
        text_of(server, run_id, name)
        for name, result in results(server, run_id).items()
        if result == "failed"
    )
    assert results(server, run_id)["apply"] == "succeeded"
    assert resource_groups.find(server.store, "made-by-a-task") is not None
