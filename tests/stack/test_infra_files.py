"""The stack's Terraform as text: what environments differ in, and what may not stand there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.stack.conftest import REPOSITORY, STACK

INFRA = STACK / "infra"
FILES = sorted(p for p in INFRA.rglob("*.tf") if ".terraform" not in p.parts)
ENVIRONMENTS = ("dev", "prod")
#: Roles that can do everything, or give every role.
MIGHTY = {"Owner", "Contributor", "User Access Administrator"}
#: What a credential would be called; the stack has federation and roles instead.
CREDENTIALS = re.compile(r"(access_key|sas_token|client_secret|_password|secret_value|use_msi)\b")

_BLOCK = re.compile(r"^(\w+)((?: \"[\w.-]+\")*) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)


def blocks(text: str, kind: str) -> dict[str, str]:
    """Blocks of one kind, by their labels: `azurerm_role_assignment.this` -> content."""
    return {
        ".".join(re.findall(r'"([^"]+)"', labels)): body
        for found, labels, body in _BLOCK.findall(text)
        if found == kind
    }


def all_blocks(kind: str) -> dict[str, str]:
    return {
        f"{path.relative_to(INFRA)}:{name}": body
        for path in FILES
        for name, body in blocks(path.read_text(), kind).items()
    }


def values(name: str) -> dict[str, str]:
    """The lines of a tfvars or tfbackend file."""
    text = (STACK / "environments" / name).read_text()
    return dict(re.findall(r"^(\w+) +=\s+(.*?)(?:\s+#.*)?$", text, re.MULTILINE))


def test_there_is_something_to_look_at() -> None:
    assert len(all_blocks("resource")) > 25
    assert len(all_blocks("variable")) > 40


def test_environments_have_the_same_values_to_set() -> None:
    dev, prod = (values(f"{name}.tfvars") for name in ENVIRONMENTS)
    assert list(dev) == list(prod)
    assert (dev["create_project"], prod["create_project"]) == ("true", "false")
    assert (dev["protect_branch"], prod["protect_branch"]) == ("false", "true")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_sets_what_has_to_be_set_and_nothing_unknown(environment: str) -> None:
    variables = blocks((INFRA / "variables.tf").read_text(), "variable")
    given = set(values(f"{environment}.tfvars"))
    assert given <= set(variables)
    assert {name for name, body in variables.items() if "\n  default " not in body} <= given


def test_states_have_keys_and_containers_of_their_own() -> None:
    dev, prod = (values(f"{name}.tfbackend") for name in ENVIRONMENTS)
    assert set(dev) == set(prod) == {"container_name", "key"}
    assert dev["key"] != prod["key"]
    assert dev["container_name"] != prod["container_name"]


def test_every_variable_and_output_is_typed_described_and_never_null_by_accident() -> None:
    for name, body in all_blocks("variable").items():
        assert re.search(r'^  description += ".+"$', body, re.MULTILINE), name
        assert re.search(r"^  type +=", body, re.MULTILINE), name
        assert re.search(r"^  nullable +=", body, re.MULTILINE), name
    for name, body in all_blocks("output").items():
        assert re.search(r'^  description += ".+"$', body, re.MULTILINE), name


def test_every_variable_of_the_root_is_checked_or_has_few_values() -> None:
    free = {
        name
        for name, body in blocks((INFRA / "variables.tf").read_text(), "variable").items()
        if "validation {" not in body and "= bool" not in body
    }
    assert free == {"github_connection_id", "github_oauth_configuration_id"}


def test_a_sensitive_variable_has_no_value_of_its_own() -> None:
    sensitive = {n: b for n, b in all_blocks("variable").items() if "sensitive   = true" in b}
    assert set(sensitive) == {
        "variables.tf:github_token", "modules/devops/variables.tf:github_token",
    }  # fmt: skip
    for name, body in sensitive.items():
        assert "default     = null" in body, name


def test_no_role_can_do_everything() -> None:
    given = set()
    for path in FILES:
        code = re.sub(r"validation \{.*?^  \}", "", path.read_text(), flags=re.DOTALL | re.M)
        given |= set(re.findall(r'role(?:_definition_name)? += "([^"]+)"', code))
    assert given == {
        "AcrPull", "AzureML Data Scientist", "AzureML Registry User",
        "Storage Blob Data Contributor",
    }  # fmt: skip
    assert not given & MIGHTY


def test_no_key_password_or_secret_is_named() -> None:
    for path in FILES:
        code = re.sub(r"#.*", "", path.read_text())
        assert not CREDENTIALS.findall(code), path


def test_the_backend_has_no_key() -> None:
    (backend,) = re.findall(
        r'backend "azurerm" \{(.*?)\}', (INFRA / "versions.tf").read_text(), re.S
    )
    assert backend.split() == ["use_azuread_auth", "=", "true"]
    assert "backend" not in (INFRA / "bootstrap" / "versions.tf").read_text()


def test_no_provider_but_the_three() -> None:
    sources = {s for path in FILES for s in re.findall(r'^ +source += "([\w-]+/[\w-]+)"$',
                                                       path.read_text(), re.MULTILINE)}  # fmt: skip
    assert sources == {"hashicorp/azurerm", "hashicorp/azuread", "microsoft/azuredevops"}
    used = {re.split(r"[:.]", n)[-2].split("_")[0] for n in all_blocks("resource")}
    assert used == {"azurerm", "azuread", "azuredevops"}


@pytest.mark.parametrize(("kind", "table"), [("resource", "resources"), ("data", "data_sources")])
def test_every_type_is_served_here(kind: str, table: str) -> None:
    used = {name.split(":")[1].split(".")[0] for name in all_blocks(kind)}
    served: set[str] = set()
    for provider in ("azurerm", "azuread", "azuredevops"):
        path = REPOSITORY / "src/shipway/terraform/schemas" / f"{provider}.json"
        served |= set(json.loads(path.read_text())[table])
    assert used
    assert used <= served


def test_nothing_that_azurerm_5_removed_is_used() -> None:
    gone = re.compile(
        r"\b(resource_manager_id|enable_rbac_authorization|parent_id|"
        r"disable_ip_masking|local_authentication_disabled|internet_\w+_enabled|queue_properties|"
        r"static_website|skip_provider_registration|daily_data_cap_notifications_disabled)"
    )
    for path in FILES:
        assert not gone.search(path.read_text()), path
    for name, body in all_blocks("resource").items():
        assert "azurerm_storage_container" not in name or "storage_account_id" in body, name
    account = all_blocks("resource")[
        "modules/workspace/main.storage.tf:azurerm_storage_account.this"
    ]
    assert re.search(r"allow_nested_items_to_be_public = false", account)
    vault = all_blocks("resource")["modules/workspace/main.services.tf:azurerm_key_vault.this"]
    assert "rbac_authorization_enabled = true" in vault


# what the pipelines read


def pipeline_files() -> list[Path]:
    return sorted((STACK / "azure-devops").rglob("*.yml"))


def test_the_variable_group_has_every_value_that_the_pipelines_read() -> None:
    main = (INFRA / "main.tf").read_text()
    (listed,) = re.findall(r"pipeline_variables = \{\n(.*?)^  \}", main, re.MULTILINE | re.DOTALL)
    made = set(re.findall(r"^    (\w+) += ", listed, re.MULTILINE))
    text = "\n".join(path.read_text() for path in pipeline_files())
    read = set(re.findall(r"\$\((\w+)\)", text))
    set_by_runs = {"environmentName", "jobName", "modelVersion"}
    assert read - made - set_by_runs == set()
    assert made - read == set()


def test_paths_that_start_the_pipeline_are_those_of_its_file() -> None:
    (default,) = re.findall(
        r'variable "trigger_paths" \{.*?default = \[(.*?)\]',
        (INFRA / "variables.tf").read_text(), re.DOTALL,
    )  # fmt: skip
    file = yaml.safe_load((STACK / "azure-devops" / "ml-pipeline.yml").read_text())
    assert re.findall(r'"([^"]+)"', default) == file["trigger"]["paths"]["include"]


def test_each_environment_has_a_service_connection_of_its_own() -> None:
    text = "\n".join(path.read_text() for path in pipeline_files())
    named = set(re.findall(r"(?:azureSubscription|serviceConnection|connection): (.+)", text))
    assert named == {"azure-ml-${{ variables.environmentName }}", "${{ parameters.connection }}"}


def test_the_readme_has_the_inputs_and_outputs_of_today() -> None:
    done = subprocess.run(
        [sys.executable, STACK / "scripts" / "document_infra.py", "--check"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
