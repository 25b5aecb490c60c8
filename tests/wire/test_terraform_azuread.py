"""The resources of azuread by the real terraform: made, changed, replaced, imported, destroyed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.shipway_server import ShipwayServer, running
from tests.support.needs_terraform import needs_terraform
from tests.support.terraform_root import TerraformFolder, variables

pytestmark = [pytest.mark.terraform, needs_terraform]
Folder = Callable[[str], TerraformFolder]
HEAD = """
terraform {
  required_providers {
    azuread = { source = "hashicorp/azuread", version = "~> 3.0" }
  }
}
provider "azuread" {}
"""
EVERYTHING = """
variable "changed" {
  type    = bool
  default = false
}

data "azuread_client_config" "me" {}

data "azuread_user" "dana" {
  user_principal_name = "dana@shipway.local"
}

data "azuread_users" "reviewers" {
  mail_nicknames = ["dana", "avery"]
}

resource "azuread_application" "ci" {
  display_name    = var.changed ? "ci renamed" : "ci"
  description     = "what the pipeline acts as"
  identifier_uris = ["api://ci"]
  owners          = [data.azuread_client_config.me.object_id]
  tags            = ["ml"]

  web {
    redirect_uris = ["https://ci.example/callback"]
    implicit_grant {
      id_token_issuance_enabled = true
    }
  }

  app_role {
    allowed_member_types = ["Application"]
    description          = "may train"
    display_name         = "Trainer"
    id                   = "00000000-0000-0000-0000-000000000001"
    value                = var.changed ? "Trainer.All" : "Trainer.Own"
  }

  required_resource_access {
    resource_app_id = "00000003-0000-0000-c000-000000000000"
    resource_access {
      id   = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
      type = "Scope"
    }
  }
}

resource "azuread_application" "plain" {
  display_name = "plain"
  password {
    display_name = "first"
    end_date     = "2999-01-01T00:00:00Z"
  }
}

resource "azuread_service_principal" "ci" {
  client_id = azuread_application.ci.client_id
  owners    = var.changed ? [data.azuread_user.dana.object_id] : []
  feature_tags {
    enterprise = true
  }
}

resource "azuread_application_federated_identity_credential" "ado" {
  application_id = azuread_application.ci.id
  display_name   = "ado"
  audiences      = ["api://AzureADTokenExchange"]
  issuer         = "https://vstoken.dev.azure.com/x"
  subject        = var.changed ? "sc://shipway/flights/b" : "sc://shipway/flights/a"
}

resource "azuread_service_principal_password" "ci" {
  service_principal_id = azuread_service_principal.ci.id
  display_name         = "terraform"
  end_date             = "2999-01-01T00:00:00Z"
  rotate_when_changed  = { step = var.changed ? "2" : "1" }
}

resource "azuread_application_password" "ci" {
  application_id    = azuread_application.ci.id
  end_date_relative = "8760h"
}

resource "azuread_group" "ml" {
  display_name     = "ml engineers"
  description      = var.changed ? "all of them" : null
  security_enabled = true
  members          = data.azuread_users.reviewers.object_ids
}

resource "azuread_group" "outer" {
  display_name     = "outer"
  security_enabled = true
}

resource "azuread_group_member" "ml" {
  group_object_id  = azuread_group.outer.object_id
  member_object_id = azuread_service_principal.ci.object_id
}

data "azuread_group" "ml" {
  display_name     = azuread_group.ml.display_name
  security_enabled = true
}

data "azuread_service_principal" "ci" {
  client_id = azuread_service_principal.ci.client_id
}

data "azuread_application" "ci" {
  object_id = azuread_application.ci.object_id
}
"""
ADDRESSES = {
    "azuread_application.ci", "azuread_application.plain", "azuread_service_principal.ci",
    "azuread_application_federated_identity_credential.ado",
    "azuread_service_principal_password.ci", "azuread_application_password.ci",
    "azuread_group.ml", "azuread_group.outer", "azuread_group_member.ml",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("azuread")) as made:
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
        made.write(HEAD + text)
        made.init()
        return made

    return make


def test_all_types_through_their_life(folder: Folder, server: ShipwayServer) -> None:
    """Create, no change, change in place, no change, drift, destroy."""
    root = folder(EVERYTHING)
    assert root.applied().counts() == (9, 0, 0)
    known = root.state()
    app, principal = known["azuread_application.ci"], known["azuread_service_principal.ci"]
    assert app["id"] == f"/applications/{app['object_id']}"
    assert principal["id"] == f"/servicePrincipals/{principal['object_id']}"
    password = known["azuread_service_principal_password.ci"]
    assert password["id"] == f"{principal['object_id']}/password/{password['key_id']}"
    assert known["azuread_group.ml"]["id"] == f"/groups/{known['azuread_group.ml']['object_id']}"
    assert known["azuread_group_member.ml"]["id"].split("/")[1:] == [
        "member", principal["object_id"]
    ]  # fmt: skip
    assert (
        known["data.azuread_users.reviewers"]["object_ids"][0]
        == (known["data.azuread_user.dana"]["object_id"])
    )
    assert _opens(server, app["client_id"], password["value"])
    assert _opens(server, app["client_id"], known["azuread_application_password.ci"]["value"])
    plain = known["azuread_application.plain"]
    # without a principal an application opens nothing
    assert not _opens(server, plain["client_id"], plain["password"][0]["value"])
    root.unchanged()
    changed = root.applied("-var", "changed=true").changes()
    assert {k: v for k, v in changed.items() if not k.startswith("data.")} == {
        "azuread_application.ci": "update",
        "azuread_service_principal.ci": "update",
        "azuread_application_federated_identity_credential.ado": "update",
        "azuread_service_principal_password.ci": "replace",
        "azuread_group.ml": "update",
    }
    root.unchanged("-var", "changed=true")
    assert _opens(server, app["client_id"], password["value"]) is False
    assert root.state()["azuread_application.ci"]["app_role_ids"] == {
        "Trainer.All": "00000000-0000-0000-0000-000000000001"
    }
    _imported(root)
    _delete(server, f"/applications/{plain['object_id']}")
    assert root.plan("-var", "changed=true").changes() == {"azuread_application.plain": "create"}
    assert root.told("destroy", "-auto-approve", "-var", "changed=true").code == 0
    assert _graph(server, "GET", f"/applications/{app['object_id']}") == 404


def test_an_object_id_is_no_principals_id(folder: Folder) -> None:
    """The words of the real provider, at apply where the value is not known before."""
    root = folder("""
resource "azuread_application" "a" {
  display_name = "a"
}
resource "azuread_service_principal" "a" {
  client_id = azuread_application.a.client_id
}
resource "azuread_service_principal_password" "a" {
  service_principal_id = azuread_service_principal.a.object_id
}
""")
    assert root.validate() == []
    assert root.plan().code == 2
    outcome = root.apply()
    assert [one["address"] for one in outcome.errors] == ["azuread_service_principal_password.a"]
    assert "parsing the ServicePrincipal ID" in outcome.summaries
    assert "/servicePrincipals/servicePrincipalId" in outcome.summaries
    text = (root.folder / "main.tf").read_text()
    root.write(text.replace("principal.a.object_id", "principal.a.id"))
    root.applied()
    assert root.told("destroy", "-auto-approve").code == 0


def test_wrong_values_are_told_at_their_attribute(folder: Folder) -> None:
    root = folder("""
resource "azuread_application_password" "p" {
  application_id = "00000000-0000-0000-0000-000000000000"
  end_date       = "tomorrow"
}
resource "azuread_group" "g" {
  display_name = "g"
}
resource "azuread_service_principal" "s" {
  client_id      = "no guid"
  application_id = "x"
}
""")
    told = {one["summary"].split("\n")[0] for one in root.validate()}
    assert "Unsupported argument" in told
    root.write(
        HEAD
        + """
resource "azuread_application_password" "p" {
  application_id = "00000000-0000-0000-0000-000000000000"
  end_date       = "tomorrow"
}
resource "azuread_group" "g" {
  display_name = "g"
}
resource "azuread_service_principal" "s" {
  client_id = "no guid"
}
"""
    )
    text = "\n".join(one["summary"] for one in root.validate())
    assert "parsing the Application ID" in text
    assert 'expected "end_date" to be a valid RFC3339 date' in text
    assert 'expected "client_id" to be a valid UUID, got no guid' in text
    assert "Missing required argument" in text


def test_what_exists_has_to_be_imported(folder: Folder, server: ShipwayServer) -> None:
    door = server.door()
    token = door.token("https://graph.microsoft.com/.default")
    made = door.azure(
        "POST", "graph.microsoft.com", "/v1.0/applications", token=token,
        body=json.dumps({"displayName": "there"}), headers={"Content-Type": "application/json"},
    ).json()  # fmt: skip
    client = made["appId"]
    body = json.dumps({"appId": client})
    door.azure("POST", "graph.microsoft.com", "/v1.0/servicePrincipals", token=token, body=body,
               headers={"Content-Type": "application/json"})  # fmt: skip
    text = 'resource "azuread_service_principal" "s" {{\n  client_id = "{}"\n{}\n}}\n'
    root = folder(text.format(client, ""))
    outcome = root.apply()
    assert "already exists - to be managed via Terraform this resource needs" in outcome.summaries
    root.write(HEAD + text.format(client, "use_existing = true"))
    root.applied()
    root.unchanged()
    assert root.told("destroy", "-auto-approve").code == 0
    assert _graph(server, "GET", f"/servicePrincipals(appId='{client}')") == 200


def test_nobody_is_told_by_name(folder: Folder) -> None:
    root = folder('data "azuread_user" "x" {\n  user_principal_name = "no@body.example"\n}\n')
    assert 'User with UPN "no@body.example" was not found' in root.plan().summaries
    root.write(
        HEAD
        + """
data "azuread_users" "x" {
  user_principal_names = ["no@body.example", "dana@shipway.local"]
  ignore_missing       = true
}
"""
    )
    root.applied()
    assert root.state()["data.azuread_users.x"]["user_principal_names"] == ["dana@shipway.local"]


def _imported(root: TerraformFolder) -> None:
    """The state is lost: what is there is imported and needs no change."""
    known = root.state()
    (root.folder / "terraform.tfstate").unlink()
    root.write("".join(
        f'import {{\n  to = {address}\n  id = "{known[address]["id"]}"\n}}\n'
        for address in sorted(ADDRESSES) if "password" not in address
    ), "imports.tf")  # fmt: skip
    changes = root.applied("-var", "changed=true").changes()
    (root.folder / "imports.tf").unlink()
    # the text of a password cannot be read: those are made anew
    made = {address for address, action in changes.items() if action == "create"}
    assert made == {address for address in ADDRESSES if "password" in address}
    updated = {address for address, action in changes.items() if action == "update"}
    assert updated == {"azuread_application.plain"}  # it has a password of its own
    root.unchanged("-var", "changed=true")


def _opens(server: ShipwayServer, client_id: str, secret: str) -> bool:
    door = server.door()
    tenant = door.variables()["AZURE_TENANT_ID"]
    form = (
        f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}"
        "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
    )
    answer = door.azure(
        "POST", "login.microsoftonline.com", f"/{tenant}/oauth2/v2.0/token", body=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    return answer.status == 200


def _graph(server: ShipwayServer, method: str, path: str) -> int:
    door = server.door()
    token = door.token("https://graph.microsoft.com/.default")
    return door.azure(method, "graph.microsoft.com", f"/v1.0{path}", token=token).status


def _delete(server: ShipwayServer, path: str) -> None:
    assert _graph(server, "DELETE", path) == 204
