"""The resources of azurerm by the real terraform: made, changed, replaced, imported, destroyed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.shipway_server import ShipwayServer, running
from tests.support.needs_terraform import needs_terraform
from tests.support.terraform_root import TerraformFolder, variables
from tests.wire.azurerm_everything import CHANGING, EVERYTHING, HEAD
from tests.wire.azurerm_otherwise import OTHERWISE

pytestmark = [pytest.mark.terraform, needs_terraform]
Folder = Callable[[str], TerraformFolder]
GROUP_VERSION = "?api-version=2023-07-01"
STORAGE_VERSION = "?api-version=2025-08-01"
# what no service gives back: a plan after an import has to send it again
NOT_IMPORTED = {
    "azurerm_storage_blob.readme",
    "azurerm_machine_learning_datastore_blobstorage.artifacts",
}
BASICS = """
resource "azurerm_resource_group" "ml" {
  name     = "rg-%(name)s"
  location = "westeurope"
  tags     = { env = "dev" }
}

resource "azurerm_storage_account" "ml" {
  name                     = "st%(name)s01"
  resource_group_name      = azurerm_resource_group.ml.name
  location                 = azurerm_resource_group.ml.location
  account_tier             = "Standard"
  account_replication_type = "LRS"
}

resource "azurerm_storage_container" "artifacts" {
  name               = "artifacts"
  storage_account_id = azurerm_storage_account.ml.id
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("azurerm")) as made:
        yield made


@pytest.fixture(scope="module")
def env_vars(server: ShipwayServer) -> dict[str, str]:
    return variables(server)


@pytest.fixture
def folder(server: ShipwayServer, env_vars: dict[str, str], tmp_path: Path) -> Folder:
    """A folder with these resources, initialised."""

    def make(text: str) -> TerraformFolder:
        data = server.home.parent / "terraform-data"
        made = TerraformFolder(folder=tmp_path / "root", data=data, env_vars=env_vars)
        made.write(text if "required_providers" in text else HEAD + text)
        made.init()
        return made

    return make


def _arm(server: ShipwayServer, method: str, path: str, body: object = None) -> int:
    door = server.door()
    answer = door.azure(
        method, "management.azure.com", path, token=door.token(),
        body=None if body is None else json.dumps(body),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    return answer.status


def test_all_types_through_their_life(folder: Folder) -> None:
    """Create, no change, import, change in place, no change, replace, destroy."""
    root = folder(EVERYTHING)
    first = root.applied()
    assert first.counts() == (25, 0, 0)
    assert root.outputs()["blob_endpoint"] == "https://stalldev01.blob.core.windows.net/"
    known = root.state()
    for address, attributes in known.items():
        assert attributes["id"], address
    assert known["azurerm_resource_group.ml"]["location"] == "westeurope"
    root.unchanged()
    _imported(root)
    changed = root.applied("-var", "changed=true")
    assert changed.counts() == (0, CHANGING, 0)
    root.unchanged("-var", "changed=true")
    secret = root.state()["azurerm_key_vault_secret.key"]
    assert secret["value"] == "two"
    assert secret["version"] != known["azurerm_key_vault_secret.key"]["version"]
    back = root.applied()
    assert back.counts() == (0, CHANGING, 0)
    root.unchanged()
    replaced = root.plan("-var", "place=test").changes()
    assert replaced["azurerm_resource_group.ml"] == "replace"
    assert len(replaced) == 25
    gone = root.applied("-destroy")
    assert gone.counts() == (0, 0, 25)
    assert not root.state()


def test_all_types_with_their_other_settings_and_a_vault_that_comes_back(folder: Folder) -> None:
    """Access policies, identities, copies, older names; the vault may not be purged."""
    root = folder(OTHERWISE)
    (root.folder / "upload.txt").write_text("file content\n")
    root.applied()
    root.unchanged()
    known = root.state()
    assert known["azurerm_key_vault_secret.s"]["value"] in (None, "")
    assert root.outputs()["secret"] == "abc"
    assert known["azurerm_storage_blob.copy"]["url"].endswith("/artifacts/copy%20of%20it.txt")
    root.applied("-destroy")
    root.applied("-target=azurerm_key_vault_secret.s")
    again = root.state()["azurerm_key_vault_secret.s"]
    assert again["version"] != known["azurerm_key_vault_secret.s"]["version"]


def _imported(root: TerraformFolder) -> None:
    """All that can be read back is forgotten and imported: nothing changes, the state is the same.

    Without a change neither by what is read nor by what is planned from it.
    """
    wanted = {
        address: one
        for address, one in root.state().items()
        if not address.startswith("data.") and address not in NOT_IMPORTED
    }
    done = root.run("state", "rm", *wanted)
    assert done.returncode == 0, done.stderr
    blocks = [f'import {{\n  to = {a}\n  id = "{one["id"]}"\n}}' for a, one in wanted.items()]
    root.write("\n".join(blocks), "imports.tf")
    outcome = root.applied()
    assert outcome.counts() == (0, 0, 0), outcome.changes()
    again = root.state()
    for address, one in wanted.items():
        assert _without_empty(again[address]) == _without_empty(one), address
    (root.folder / "imports.tf").unlink()


def _without_empty(value: Any) -> Any:
    """Null and empty are one to a provider that has no configuration to tell them apart."""
    if isinstance(value, dict):
        # a vault lists the policies that were made after it, too
        kept = value.keys() - {"timeouts", "access_policy"}
        full = {name: _without_empty(value[name]) for name in kept}
        return {name: one for name, one in full.items() if one not in (None, "", [], {})}
    return [_without_empty(one) for one in value] if isinstance(value, list) else value


def test_what_was_changed_or_deleted_elsewhere_is_put_right(
    folder: Folder, server: ShipwayServer
) -> None:
    root = folder(BASICS % {"name": "drift"})
    root.applied()
    known = root.state()
    group = known["azurerm_resource_group.ml"]["id"]
    container = known["azurerm_storage_container.artifacts"]["id"]
    assert _arm(server, "PATCH", group + GROUP_VERSION, {"tags": {"env": "prod"}}) == 200
    assert _arm(server, "DELETE", container + STORAGE_VERSION) == 200
    seen = root.plan()
    assert seen.drifted() == {"azurerm_resource_group.ml", "azurerm_storage_container.artifacts"}
    assert seen.changes() == {
        "azurerm_resource_group.ml": "update",
        "azurerm_storage_container.artifacts": "create",
    }
    root.applied()
    root.unchanged()
    # the whole account goes, and the container with it
    account = known["azurerm_storage_account.ml"]["id"]
    assert _arm(server, "DELETE", account + STORAGE_VERSION) == 200
    assert root.plan().changes() == {
        "azurerm_storage_account.ml": "create", "azurerm_storage_container.artifacts": "create",
    }  # fmt: skip


def test_a_container_named_by_its_account_can_be_named_by_its_id(folder: Folder) -> None:
    text = BASICS % {"name": "moved"}
    by_id = "storage_account_id = azurerm_storage_account.ml.id"
    by_name = "storage_account_name = azurerm_storage_account.ml.name"
    root = folder(text.replace(by_id, by_name))
    root.applied()
    address = "azurerm_storage_container.artifacts"
    assert root.state()[address]["id"] == "https://stmoved01.blob.core.windows.net/artifacts"
    root.write(HEAD + text)
    assert root.applied().counts() == (0, 1, 0)
    assert root.state()[address]["id"].endswith("/blobServices/default/containers/artifacts")
    root.unchanged()


def test_what_is_there_already_has_to_be_imported(folder: Folder, server: ShipwayServer) -> None:
    group = (
        'resource "azurerm_resource_group" "ml" {\n  name = "rg-mine"\n  location = "uksouth"\n}'
    )
    root = folder(group)
    path = f"/subscriptions/{root.env_vars['ARM_SUBSCRIPTION_ID']}/resourceGroups/rg-mine"
    assert _arm(server, "PUT", path + GROUP_VERSION, {"location": "uksouth"}) == 201
    [error] = root.apply().errors
    assert error["address"] == "azurerm_resource_group.ml"
    assert f'A resource with the ID "{path}" already exists' in error["summary"]
    assert "needs to be imported into the State" in error["summary"]
    assert '"azurerm_resource_group"' in error["summary"]


def test_a_name_that_somebody_has_is_told_in_azures_words(folder: Folder) -> None:
    text = BASICS % {"name": "taken"} + (
        'resource "azurerm_resource_group" "other" {\n  name = "rg-taken-2"\n'
        '  location = "westeurope"\n}\n'
        'resource "azurerm_storage_account" "other" {\n  name = azurerm_storage_account.ml.name\n'
        "  resource_group_name = azurerm_resource_group.other.name\n"
        '  location = "westeurope"\n  account_tier = "Standard"\n'
        '  account_replication_type = "LRS"\n}\n'
    )
    root = folder(text)
    [error] = root.apply().errors
    assert error["address"] == "azurerm_storage_account.other"
    assert "StorageAccountAlreadyTaken" in error["summary"]
    assert "The storage account named sttaken01 is already taken" in error["summary"]
    assert len(root.state()) == 4  # the rest was made and saved


def test_wrong_values_are_shown_at_their_attribute(folder: Folder) -> None:
    root = folder(
        'resource "azurerm_storage_account" "ml" {\n'
        '  name = "Not-A-Name"\n'
        '  resource_group_name = "rg"\n'
        '  location = "westeurope"\n'
        '  account_tier = "Standard"\n'
        '  account_replication_type = "LOCAL"\n'
        "  is_hns_enabled = true\n"
        "  blob_properties {\n    delete_retention_policy {\n      days = 3\n    }\n  }\n"
        "}\n"
    )
    before = len(HEAD.splitlines())
    found = {e["range"]["start"]["line"] - before: e["summary"] for e in root.validate()}
    assert "can only consist of lowercase letters and numbers" in found[2]
    assert "account_replication_type" in found[6]
    assert found[7] == "is_hns_enabled = true is not supported by shipway"
    assert "delete_retention_policy is not supported by shipway" in " ".join(found.values())
    assert len(found) == 4


def test_a_reader_may_plan_and_not_apply(folder: Folder, server: ShipwayServer) -> None:
    from shipway.azure.arm import role_assignments
    from shipway.azure.entra import service_principals, tenant

    scope = tenant.facts(server.store).subscription_scope
    who = service_principals.create_with_application(server.store, display_name="reader")
    key = service_principals.add_secret(server.store, app_id=who.app_id, display_name="key")
    role_assignments.assign(server.store, principal_id=who.object_id, role="Reader", scope=scope)
    root = folder(BASICS % {"name": "reader"})
    root.applied()
    root.more_env = {"ARM_CLIENT_ID": who.app_id, "ARM_CLIENT_SECRET": key.text}
    root.unchanged()
    more = (
        'resource "azurerm_resource_group" "more" {\n  name = "rg-m"\n  location = "uksouth"\n}\n'
    )
    changed = (BASICS % {"name": "reader"}).replace('env = "dev"', 'env = "prod"')
    root.write(HEAD + changed + more)
    found = {error["address"]: error for error in root.apply().errors}
    assert found.keys() == {"azurerm_resource_group.ml", "azurerm_resource_group.more"}
    for error in found.values():
        assert "AuthorizationFailed" in error["summary"]
        assert "Microsoft.Resources/subscriptions/resourceGroups/write" in error["detail"]
    assert root.state()["azurerm_resource_group.ml"]["tags"] == {"env": "dev"}


def test_a_group_with_what_others_made_is_not_destroyed(
    folder: Folder, server: ShipwayServer
) -> None:
    group = (
        'resource "azurerm_resource_group" "ml" {\n  name = "rg-full"\n  location = "uksouth"\n}'
    )
    root = folder(group)
    root.applied()
    made = root.state()["azurerm_resource_group.ml"]["id"]
    identity = f"{made}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/somebody"
    path = f"{identity}?api-version=2024-11-30"
    assert _arm(server, "PUT", path, {"location": "uksouth"}) == 201
    [error] = root.apply("-destroy").errors
    assert "the Resource Group still contains Resources" in error["summary"]
    assert identity in error["detail"]
    assert root.state()
    setting = "resource_group {\n prevent_deletion_if_contains_resources = false\n }"
    root.write(HEAD.replace("features {}", f"features {{\n {setting}\n }}") + group)
    root.applied("-destroy")
    assert _arm(server, "GET", path) == 404


DATA = """
data "azurerm_client_config" "me" {}
data "azurerm_subscription" "here" {}
data "azurerm_resource_group" "ml" { name = azurerm_resource_group.ml.name }
data "azurerm_storage_account" "ml" {
  name                = azurerm_storage_account.ml.name
  resource_group_name = azurerm_resource_group.ml.name
}
data "azurerm_storage_container" "artifacts" {
  name               = azurerm_storage_container.artifacts.name
  storage_account_id = azurerm_storage_account.ml.id
}
data "azurerm_role_definition" "reader" { name = "Reader" }
resource "azurerm_user_assigned_identity" "ml" {
  name                = "id-data"
  resource_group_name = azurerm_resource_group.ml.name
  location            = "westeurope"
}
data "azurerm_user_assigned_identity" "ml" {
  name                = azurerm_user_assigned_identity.ml.name
  resource_group_name = azurerm_resource_group.ml.name
}
locals {
  group    = data.azurerm_resource_group.ml
  account  = azurerm_storage_account.ml
  identity = azurerm_user_assigned_identity.ml
  reader   = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
  here     = data.azurerm_subscription.here
}
output "same" {
  value = alltrue([
    local.group.location == "westeurope",
    data.azurerm_storage_account.ml.primary_access_key == local.account.primary_access_key,
    data.azurerm_storage_container.artifacts.id == azurerm_storage_container.artifacts.id,
    data.azurerm_user_assigned_identity.ml.principal_id == local.identity.principal_id,
    local.here.subscription_id == data.azurerm_client_config.me.subscription_id,
    data.azurerm_role_definition.reader.role_definition_id == local.reader,
  ])
  sensitive = true
}
"""


def test_data_sources_tell_what_resources_do(folder: Folder) -> None:
    root = folder(BASICS % {"name": "data"} + DATA)
    root.applied()
    assert root.outputs()["same"] is True


def test_data_that_is_not_there_is_an_error_with_its_place(folder: Folder) -> None:
    root = folder(
        'data "azurerm_key_vault" "kv" {\n  name = "kv-nowhere"\n  resource_group_name = "rg-x"\n}'
    )
    [error] = root.plan().errors
    assert 'Key Vault Name: "kv-nowhere") was not found' in error["summary"]
    assert error["address"] == "data.azurerm_key_vault.kv"
