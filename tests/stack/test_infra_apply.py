"""The infrastructure for real: state, dev, prod, who is kept out of what, and its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shipway.azure.arm import role_assignments
from shipway.azure.entra import federated_credentials, service_principals
from shipway.devops import checks, definitions, environments, projects, variable_groups
from tests.support.needs_terraform import needs_terraform
from tests.shipway_server import ShipwayServer, running
from tests.stack.terraform_runs import (
    Infrastructure,
    copy_of_infrastructure,
    kept_variables,
)

pytestmark = [pytest.mark.slow, pytest.mark.terraform, needs_terraform]

NO_CHANGES, CHANGES = 0, 2


@dataclass(frozen=True, kw_only=True)
class Place:
    """A server, the account of the states, and one copy of the infrastructure per environment."""

    server: ShipwayServer
    account: str
    environments: dict[str, Infrastructure]

    def initialize(
        self, infra: Infrastructure, environment: str, **env_vars: str
    ) -> tuple[int, str]:
        return infra.end_of(
            "init", "-input=false", "-reconfigure",
            f"-backend-config=../environments/{environment}.tfbackend",
            f"-backend-config=storage_account_name={self.account}",
            **env_vars,
        )  # fmt: skip


def variables_of(server: ShipwayServer) -> dict[str, str]:
    """What `shipway tf` gives to terraform."""
    told = server.command("env", "--terraform", "--json").stdout
    found: dict[str, str] = json.loads(told)
    return {**kept_variables(), **found}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """dev and prod, applied one after the other with their states in one account."""
    folder = tmp_path_factory.mktemp("apply")
    with running(folder) as server:
        env_vars = variables_of(server)
        found = {name: copy_of_infrastructure(folder / name, env_vars) for name in ("dev", "prod")}
        first = found["dev"]
        first.run("init", "-input=false", at="bootstrap")
        first.run("apply", "-auto-approve", at="bootstrap")
        account = first.outputs("bootstrap")["storage_account_name"]
        made = Place(server=server, account=account, environments=found)
        for name, infra in found.items():
            code, said = made.initialize(infra, name)
            assert code == 0, said
            infra.run("apply", "-auto-approve", f"-var-file=../environments/{name}.tfvars")
        yield made


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_second_plan_has_no_changes(place: Place, environment: str) -> None:
    infra = place.environments[environment]
    code, said = infra.end_of(
        "plan", "-detailed-exitcode", f"-var-file=../environments/{environment}.tfvars"
    )
    assert code == NO_CHANGES, said


def test_the_state_lies_in_the_account_and_nowhere_else(place: Place) -> None:
    for infra in place.environments.values():
        assert list((infra.folder / "infra").glob("*.tfstate*")) == []
    assert place.environments["dev"].outputs()["workspace_name"] == "mlw-flights-dev"
    assert place.environments["prod"].outputs()["workspace_name"] == "mlw-flights-prod"


def test_the_state_holds_no_secret(place: Place) -> None:
    """The providers note keys that services have; none of them opens the account or is ours."""
    text = place.environments["dev"].run("state", "pull")
    resources = json.loads(text)["resources"]
    kinds = {one["type"] for one in resources}
    assert not {k for k in kinds if "password" in k or "secret" in k}
    (connection,) = [r for r in resources if r["type"] == "azuredevops_serviceendpoint_azurerm"]
    (credentials,) = connection["instances"][0]["attributes"]["credentials"]
    assert not credentials["serviceprincipalkey"]
    (account,) = [r for r in resources if r["type"] == "azurerm_storage_account"]
    assert account["instances"][0]["attributes"]["shared_access_key_enabled"] is False


def test_prod_found_what_dev_made(place: Place) -> None:
    dev, prod = (place.environments[name].outputs() for name in ("dev", "prod"))
    assert dev["project_id"] == prod["project_id"]
    assert dev["repository_id"] == prod["repository_id"]
    assert dev["service_connection_id"] != prod["service_connection_id"]
    project = projects.get(place.server.store, "flights")
    found = definitions.list_of(place.server.store, project_id=project.project_id)
    assert {one.name for one in found} == {
        "dev-ml-pipeline", "dev-release-pipeline", "prod-ml-pipeline", "prod-release-pipeline",
    }  # fmt: skip


def test_roles_are_those_of_ones_own_environment(place: Place) -> None:
    for name, infra in place.environments.items():
        principal = infra.outputs()["pipeline_object_id"]
        held = role_assignments.list_assignments(place.server.store, principal_id=principal)
        assert sorted((one.role.name, f"rg-ml-{name}" in one.scope) for one in held) == [
            ("AzureML Data Scientist", True), ("Storage Blob Data Contributor", True),
        ]  # fmt: skip


# who is kept out


def identity_of(place: Place, environment: str) -> dict[str, str]:
    """Variables of a terraform that is the environment's pipeline: by OIDC, without a secret."""
    outputs = place.environments[environment].outputs()
    subject = f"sc://shipway/{outputs['project_name']}/{outputs['service_connection_name']}"
    assertion = federated_credentials.issue_assertion(place.server.store, subject=subject)
    return {
        "ARM_CLIENT_ID": outputs["pipeline_client_id"],
        "ARM_CLIENT_SECRET": "",
        "ARM_USE_OIDC": "true",
        "ARM_OIDC_TOKEN": assertion,
    }


def test_the_identity_of_dev_gets_403_on_the_state_of_prod(place: Place) -> None:
    dev, infra = identity_of(place, "dev"), place.environments["dev"]
    writers = json.dumps({"dev": [infra.outputs()["pipeline_object_id"]]})
    infra.run(
        "apply", "-auto-approve", f"-var=writers={writers}",
        at="bootstrap",
    )  # fmt: skip
    code, said = place.initialize(infra, "dev", **dev)
    assert code == 0, said
    assert "azurerm_machine_learning_workspace" in infra.run("state", "list", **dev)
    code, said = place.initialize(infra, "prod", **dev)
    assert code == 1
    assert "403" in said
    code, said = place.initialize(infra, "dev")
    assert code == 0, said


LOOKING = """
provider "azurerm" {
  features {}
}
variable "environment" {}
data "azurerm_machine_learning_workspace" "this" {
  name                = "mlw-flights-${var.environment}"
  resource_group_name = "rg-ml-${var.environment}"
}
output "id" {
  value = data.azurerm_machine_learning_workspace.this.id
}
"""


def test_the_identity_of_dev_gets_403_on_the_workspace_of_prod(place: Place) -> None:
    dev, infra = identity_of(place, "dev"), place.environments["dev"]
    folder = infra.folder / "infra" / "looking"
    folder.mkdir()
    (folder / "main.tf").write_text(LOOKING)
    infra.run("init", "-input=false", at="looking")
    infra.run("apply", "-auto-approve", "-var=environment=dev", at="looking", **dev)
    assert infra.outputs("looking")["id"] == infra.outputs()["workspace_id"]
    code, said = infra.end_of(
        "apply", "-auto-approve", "-var=environment=prod", at="looking", **dev
    )
    assert code == 1
    assert "403" in said
    assert "AuthorizationFailed" in said


def test_a_state_in_use_is_locked(place: Place) -> None:
    infra = place.environments["dev"]
    change = ("-var-file=../environments/dev.tfvars", "-var=compute_max_nodes=3")
    with infra.started("apply", *change) as applying:
        applying.wait_for("Enter a value:")
        code, said = infra.end_of("plan", *change)
        assert code == 1
        assert "state blob is already locked" in said
        applying.answer("no")
        assert applying.process.wait(timeout=60) == 1
    code, said = infra.end_of("plan", "-detailed-exitcode", *change)
    assert code == CHANGES, said
    assert "~ max_node_count" in said


# what was made is what the loop uses


def test_the_gate_is_as_the_values_say(place: Place) -> None:
    store = place.server.store
    project_id = projects.get(store, "flights").project_id
    for name, branch in (("dev", "develop"), ("prod", "main")):
        gate = environments.find(store, project_id=project_id, name=f"{name}-ml-approval")
        assert gate is not None
        found = checks.on(
            store, project_id=project_id, resource_type="environment",
            resource_id=str(gate.environment_id),
        )  # fmt: skip
        kinds = sorted(one.kind for one in found)
        assert kinds == ["Approval", "BranchControl", "ExclusiveLock"]
        assert any(f"refs/heads/{branch}" in str(one.settings) for one in found)
        group = variable_groups.find(store, project_id=project_id, name=f"ml-{name}")
        assert group is not None
        values = variable_groups.values_of(store, group)
        assert values["workspaceName"].value == f"mlw-flights-{name}"
        assert values["notifyWebhook"].value == "none"


def test_an_approver_whom_nobody_knows_is_named_before_anything_changes(place: Place) -> None:
    code, said = place.environments["dev"].end_of(
        "plan", "-var-file=../environments/dev.tfvars", '-var=approvers=["nobody@shipway.local"]'
    )
    assert code == 1
    assert "The organization has no user nobody@shipway.local" in " ".join(said.split())


def test_the_apply_test_of_terraform_makes_and_takes_down(place: Place) -> None:
    said = place.environments["dev"].run(
        "test", "-test-directory=tests/apply", "-var-file=../environments/dev.tfvars",
        "-var=environment=tst", "-var=project_name=tests", "-var=endpoint_name=tests",
    )  # fmt: skip
    assert "2 passed, 0 failed" in said
    assert projects.find(place.server.store, "tests") is None


def test_a_repository_on_github_applies_and_stays(place: Place, tmp_path: Path) -> None:
    infra = copy_of_infrastructure(tmp_path, place.environments["dev"].env_vars)
    (infra.folder / "infra" / "local_override.tf").write_text(
        'terraform {\n  backend "local" {}\n}\n'
    )
    infra.run("init", "-input=false")
    values = [
        "-var-file=../environments/dev.tfvars", "-var=environment=gh", "-var=project_name=github",
        "-var=endpoint_name=github", "-var=repository_type=GitHub",
        "-var=repository_name=owner/flights",
        "-var=github_oauth_configuration_id=00000000-0000-4000-8000-000000000042",
    ]  # fmt: skip
    infra.run("apply", "-auto-approve", *values)
    code, said = infra.end_of("plan", "-detailed-exitcode", *values)
    assert code == NO_CHANGES, said
    project = projects.get(place.server.store, "github")
    found = definitions.list_of(place.server.store, project_id=project.project_id)
    assert {one.github.name for one in found if one.github} == {"owner/flights"}
    infra.run("destroy", "-auto-approve", *values)


def test_destroy_leaves_nothing(place: Place) -> None:
    """Last: prod first, for it stands in the project of dev."""
    for name in ("prod", "dev"):
        infra = place.environments[name]
        infra.run("destroy", "-auto-approve", f"-var-file=../environments/{name}.tfvars")
        assert infra.run("state", "list").strip() == ""
    assert projects.find(place.server.store, "flights") is None
    applications = service_principals.list_applications(place.server.store)
    assert not [one for one in applications if one.display_name.endswith("-ml-devops")]
