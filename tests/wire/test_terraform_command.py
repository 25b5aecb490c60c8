"""terraform itself with our providers: commands, Ctrl-C, kills, lock files, tests."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.needs_terraform import needs_terraform
from tests.support.running_server import RunningServer, running_server
from tests.support.terraform_folder import (
    TerraformFolder,
    terraform_variables,
)

from shipway.base.home import Home
from shipway.terraform import mirror

pytestmark = [pytest.mark.terraform, needs_terraform]

GROUP = """
variable "name" { type = string }
variable "tag" { default = "b" }
variable "place" { default = "West Europe" }
resource "azurerm_resource_group" "g" {
  name     = var.name
  location = var.place
  tags     = { a = var.tag }
}
resource "azurerm_user_assigned_identity" "i" {
  count               = 3
  name                = "id-${count.index}"
  resource_group_name = azurerm_resource_group.g.name
  location            = azurerm_resource_group.g.location
}
"""
ADDRESS = "azurerm_resource_group.g"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("terraform") / "h") as running:
        yield running


@pytest.fixture
def folder(server: RunningServer, tmp_path: Path) -> TerraformFolder:
    """Initialized, with a resource group of the test's own name and three identities."""
    env_vars = {**terraform_variables(server), "TF_VAR_name": f"rg-{tmp_path.name}"[:80]}
    made = TerraformFolder(path=tmp_path, env_vars=env_vars)
    made.write(GROUP)
    made.run("init", "-backend=false")
    return made


def test_everything_from_init_to_destroy(folder: TerraformFolder) -> None:
    assert "valid" in folder.run("validate").stdout
    assert "Plan: 4 to add" in folder.run("plan").stdout
    folder.run("apply", "-auto-approve")
    assert folder.no_changes()
    plan = folder.run("plan", "-var=tag=c").stdout
    assert "0 to add, 1 to change, 0 to destroy" in plan
    plan = folder.run("plan", "-var=place=North Europe").stdout
    assert "4 to add, 0 to change, 4 to destroy" in plan
    assert "# forces replacement" in plan
    folder.run("apply", "-auto-approve", "-var=tag=c")
    assert folder.state()[ADDRESS]["tags"] == {"a": "c"}
    folder.run("destroy", "-auto-approve")
    assert folder.state() == {}
    assert folder.provider_processes() == []


def test_what_was_deleted_behind_its_back_is_made_again(
    folder: TerraformFolder, server: RunningServer
) -> None:
    folder.run("apply", "-auto-approve")
    gone = folder.state()["azurerm_user_assigned_identity.i[1]"]["id"]
    answer = server.azure(
        "DELETE", "management.azure.com", f"{gone}?api-version=2024-11-30", token=server.token()
    )
    assert answer.status == 200
    plan = folder.run("plan").stdout
    assert "azurerm_user_assigned_identity.i[1] will be created" in plan
    assert "Plan: 1 to add, 0 to change, 0 to destroy" in plan
    folder.run("apply", "-auto-approve")
    assert folder.no_changes()


def test_import_by_command_and_by_block_with_generated_configuration(
    folder: TerraformFolder, server: RunningServer
) -> None:
    folder.run("apply", "-auto-approve")
    known = folder.state()[ADDRESS]
    folder.run("state", "rm", ADDRESS)
    folder.run("import", ADDRESS, known["id"])
    assert folder.no_changes()
    other = TerraformFolder(path=folder.path / "other", env_vars=folder.env_vars)
    other.path.mkdir()
    other.write(f'import {{\n  to = {ADDRESS}\n  id = "{known["id"]}"\n}}\n')
    other.run("init", "-backend=false")
    plan = other.run("plan", "-generate-config-out=made.tf").stdout
    assert "1 to import, 0 to add, 0 to change, 0 to destroy" in plan
    assert known["name"] in (other.path / "made.tf").read_text()
    missing = folder.run("import", ADDRESS, f"{known['id']}-not", accept=(1,))
    assert "already managed" in missing.stderr


def test_wrong_configuration_is_shown_at_its_line(folder: TerraformFolder) -> None:
    folder.write(GROUP.replace("var.place", "var.place\n  colour = 1"))
    said = folder.run("validate", accept=(1,)).stderr
    assert 'An argument named "colour" is not expected here' in said
    folder.write('resource "azurerm_kubernetes_cluster" "k" {}')
    said = folder.run("validate", accept=(1,)).stderr
    assert 'does not support resource type "azurerm_kubernetes_cluster"' in " ".join(said.split())
    folder.write(GROUP + '\nresource "azurerm_virtual_desktop" "d" {}')
    assert "azurerm_virtual_desktop" in folder.run("validate", accept=(1,)).stderr


def test_terraform_test_with_mocks_and_with_a_real_apply(folder: TerraformFolder) -> None:
    folder.write(
        'mock_provider "azurerm" {}\nrun "unit" {\n  command = plan\n'
        '  variables { name = "rg-mock" }\n  assert {\n'
        '    condition = azurerm_resource_group.g.location == "West Europe"\n'
        '    error_message = "the place"\n  }\n}\n',
        "unit.tftest.hcl",
    )
    folder.write(
        'run "real" {\n  variables { name = "rg-real-apply" }\n  assert {\n'
        '    condition = azurerm_resource_group.g.location == "westeurope"\n'
        '    error_message = "the place"\n  }\n}\n',
        "real.tftest.hcl",
    )
    said = folder.run("test").stdout
    assert "Success! 2 passed, 0 failed." in said


def test_aliases_are_configured_each_on_its_own(
    folder: TerraformFolder,
) -> None:
    folder.write(
        'provider "azurerm" {\n  alias = "other"\n  features {}\n  client_secret = "wrong"\n}\n'
        'data "azurerm_client_config" "good" {}\n'
        'data "azurerm_client_config" "bad" {\n  provider = azurerm.other\n}\n'
    )
    said = folder.run("plan", accept=(1,)).stderr
    assert "AADSTS7000215" in said
    assert said.count("Error:") == 1, "the other one is configured well"


def test_a_killed_terraform_leaves_no_process_and_the_next_apply_converges(
    folder: TerraformFolder,
) -> None:
    running = folder.start("apply", "-auto-approve", "-lock=false")
    assert running.stdout is not None
    for line in running.stdout:
        if "azurerm_user_assigned_identity" in line and "Creating" in line:
            break
    running.kill()
    running.wait()
    running.stdout.close()
    deadline = time.monotonic() + 30
    while folder.provider_processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert folder.provider_processes() == []
    folder.run("apply", "-auto-approve", "-lock=false")
    assert len(folder.state()) == 4
    assert folder.no_changes()


def test_a_killed_provider_fails_the_apply_and_the_next_one_converges(
    folder: TerraformFolder,
) -> None:
    running = folder.start("apply", "-auto-approve")
    assert running.stdout is not None
    for line in running.stdout:
        if "Creating..." in line:
            for pid in folder.provider_processes():
                os.kill(pid, signal.SIGKILL)
            break
    said = running.stdout.read()
    running.stdout.close()
    assert running.wait() == 1, said
    assert folder.provider_processes() == []
    folder.run("apply", "-auto-approve")
    assert len(folder.state()) == 4
    assert folder.no_changes()


def test_ctrl_c_finishes_what_was_begun_and_saves_it(folder: TerraformFolder) -> None:
    running = folder.start("apply", "-auto-approve")
    assert running.stdout is not None
    for line in running.stdout:
        if "Creating..." in line:
            os.killpg(running.pid, signal.SIGINT)  # as a terminal does it: the whole group
            break
    said = running.stdout.read()
    running.stdout.close()
    running.wait()
    assert "Interrupt received" in said
    assert ADDRESS in folder.state(), said
    assert folder.state()[ADDRESS]["status"] == "", "whole, not tainted"
    folder.run("apply", "-auto-approve")
    assert folder.no_changes()


def test_a_state_of_a_newer_provider_is_refused(folder: TerraformFolder) -> None:
    folder.run("apply", "-auto-approve")
    path = folder.path / "terraform.tfstate"
    state = json.loads(path.read_text())
    for resource in state["resources"]:
        for one in resource["instances"]:
            one["schema_version"] = 9
    path.write_text(json.dumps(state))
    said = folder.run("plan", accept=(1,)).stderr
    assert "newer provider version" in said


def test_shipway_tf_needs_no_variables_and_passes_the_exit_code_on(
    server: RunningServer, folder: TerraformFolder
) -> None:
    def tf(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "shipway", "tf", "--", *arguments], cwd=folder.path.parent,
            env={**server.env_vars, "TF_VAR_name": "rg-by-shipway"}, capture_output=True,
            text=True, check=False, timeout=120,
        )  # fmt: skip

    chdir = f"-chdir={folder.path.name}"
    assert tf(chdir, "plan", "-detailed-exitcode").returncode == 2
    assert tf(chdir, "apply", "-auto-approve").returncode == 0
    assert tf(chdir, "plan", "-detailed-exitcode").returncode == 0
    assert tf(chdir, "nonsense").returncode == 1


def test_a_lock_file_of_the_real_providers_gets_our_checksum(
    server: RunningServer, folder: TerraformFolder
) -> None:
    lock = folder.path / ".terraform.lock.hcl"
    theirs = "h1:cd7DfvPGjfC3sjhkRY4JJAsVZFHE38FhtwhdyuNmOoM="
    lock.write_text(
        'provider "registry.terraform.io/hashicorp/azurerm" {\n  version     = "4.81.0"\n'
        f'  constraints = "~> 4.0"\n  hashes = [\n    "{theirs}",\n  ]\n}}\n'
        'provider "registry.terraform.io/hashicorp/other" {\n  version = "1.0.0"\n}\n'
    )
    # a fresh clone has no module installed yet: nothing but the lock file may be needed
    (folder.path / "part").mkdir()
    (folder.path / "part.tf").write_text('module "part" {\n  source = "./part"\n}\n')
    refused = folder.run("init", "-backend=false", accept=(1,))
    assert "checksums" in refused.stderr
    done = server.run("tf", "--", f"-chdir={folder.path}", "init", "-backend=false")
    assert "was made with the real providers" in done.stderr
    text = lock.read_text()
    assert theirs in text
    assert mirror.our_hash("azurerm") in text
    again = server.run("tf", "--", f"-chdir={folder.path}", "init", "-lockfile=readonly")
    assert "was made with" not in again.stderr


def test_the_checksum_is_what_terraform_computes(folder: TerraformFolder) -> None:
    assert mirror.our_hash("azurerm") in (folder.path / ".terraform.lock.hcl").read_text()


def test_a_pipeline_step_can_validate(folder: TerraformFolder, server: RunningServer) -> None:
    home = Home(server.home)
    told = {
        "TF_CLI_CONFIG_FILE": str(mirror.plain_configuration(home)),
        "SHIPWAY_PYTHON": sys.executable,
        "PATH": os.environ["PATH"],
        "HOME": str(folder.path),
    }
    step = TerraformFolder(path=folder.path, env_vars=told)
    step.run("init", "-backend=false")
    assert "valid" in step.run("validate").stdout


def test_without_a_server_the_plan_says_what_to_do(folder: TerraformFolder) -> None:
    door = "http://127.0.0.1:9"
    said = folder.run("plan", accept=(1,), HTTPS_PROXY=door, https_proxy=door).stderr
    assert "shipway up" in said
    assert said.count("Error:") == 1


def test_a_folder_of_ours_says_so_when_shipway_is_not_there(folder: TerraformFolder) -> None:
    bare = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder.path)}
    config = {"TF_CLI_CONFIG_FILE": folder.env_vars["TF_CLI_CONFIG_FILE"]}
    away = TerraformFolder(path=folder.path, env_vars={**bare, **config})
    said = away.run("validate", accept=(1,)).stderr
    assert "was initialized by shipway" in " ".join(said.split())
