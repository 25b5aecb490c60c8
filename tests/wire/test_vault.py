"""Key vaults: secrets by role or access policy, deletion that can be undone, nothing in clear."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.azure import disk
from tests.wire import azure_home, callers
from tests.wire.azure_home import AzureHome
from tests.wire.callers import Caller
from tests.wire.in_process import content_of

from shipway.azure.arm import role_assignments
from shipway.azure.entra import tenant, users
from shipway.base.clock import FrozenClock

VERSION, DATA = "2026-02-01", "7.4"
DAY = 86_400


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def home(tmp_path: Path, clock: FrozenClock) -> AzureHome:
    return azure_home.make(tmp_path, clock)


@pytest.fixture
def owner(home: AzureHome) -> Caller:
    return callers.arm(home, users.owner(home.store))


def path_of(home: AzureHome, name: str = "keys") -> str:
    return f"{home.group_scope}/providers/Microsoft.KeyVault/vaults/{name}"


def make(home: AzureHome, owner: Caller, **properties: Any) -> str:
    path = path_of(home)
    body = {
        "location": "westeurope",
        "properties": {"sku": {"family": "A", "name": "standard"}, **properties},
    }
    status, made = owner("PUT", path, VERSION, body)
    assert status == 201, made
    return path


def purge_path(home: AzureHome) -> str:
    return (
        f"{tenant.facts(home.store).subscription_scope}/providers/Microsoft.KeyVault/locations/"
        "westeurope/deletedVaults/keys"
    )


def test_the_challenge_names_tenant_and_resource(home: AzureHome, owner: Caller) -> None:
    make(home, owner)
    got = home.wire.answer("GET", "https://keys.vault.azure.net/secrets/a?api-version=7.4")
    challenge = dict(got.headers)["WWW-Authenticate"]
    tenant_id = tenant.facts(home.store).tenant_id
    assert (got.status, b"AKV10000" in content_of(got)) == (401, True)
    assert challenge == (
        f'Bearer authorization="https://login.microsoftonline.com/{tenant_id}", '
        'resource="https://vault.azure.net"'
    )


def test_a_role_opens_the_secrets_of_one_vault(home: AzureHome, owner: Caller) -> None:
    path = make(home, owner)  # from this api-version on by roles unless said otherwise
    who, _ = home.robot("Contributor")
    robot = callers.vault(home, who, "keys")
    status, refused = robot("PUT", "/secrets/token", DATA, {"value": "s3cret-value-1"})
    assert (status, refused["error"]["code"]) == (403, "Forbidden")
    assert "secrets/setSecret/action" in refused["error"]["message"]
    role_assignments.assign(
        home.store, principal_id=who.object_id, role="Key Vault Secrets Officer", scope=path
    )
    status, made = robot("PUT", "/secrets/token", DATA, {"value": "s3cret-value-1"})
    assert (status, made["value"]) == (200, "s3cret-value-1")
    assert made["id"].startswith("https://keys.vault.azure.net/secrets/token/")
    reader, _ = home.robot()
    role_assignments.assign(
        home.store, principal_id=reader.object_id, role="Key Vault Secrets User",
        scope=f"{path}/secrets/token",
    )  # fmt: skip
    reading = callers.vault(home, reader, "keys")
    assert reading("GET", "/secrets/token/", DATA)[1]["value"] == "s3cret-value-1"
    assert reading("PUT", "/secrets/token", DATA, {"value": "x"})[0] == 403
    assert reading("GET", "/secrets/other", DATA)[0] == 403
    assert "s3cret-value-1" not in disk.text_of(home.store)


def test_access_policies_open_what_they_name(home: AzureHome, owner: Caller) -> None:
    path = make(home, owner, enableRbacAuthorization=False, accessPolicies=[])
    who, _ = home.robot("Owner", "Key Vault Secrets Officer")
    robot = callers.vault(home, who, "keys")
    assert robot("PUT", "/secrets/a", DATA, {"value": "1"})[0] == 403  # roles do not count here
    policy = {
        "tenantId": who.tenant_id, "objectId": who.object_id,
        "permissions": {"secrets": ["Get", "Set"]},
    }  # fmt: skip
    body = {"properties": {"accessPolicies": [policy]}}
    assert owner("PUT", f"{path}/accessPolicies/add", VERSION, body)[0] == 200
    assert robot("PUT", "/secrets/a", DATA, {"value": "1"})[0] == 200
    assert robot("GET", "/secrets/a", DATA)[1]["value"] == "1"
    status, refused = robot("GET", "/secrets", DATA)
    assert (status, "secrets list permission" in refused["error"]["message"]) == (403, True)
    more = {**policy, "permissions": {"secrets": ["List"]}}
    body = {"properties": {"accessPolicies": [more]}}
    assert owner("PUT", f"{path}/accessPolicies/add", VERSION, body)[0] == 200
    assert [s["id"] for s in robot("GET", "/secrets", DATA)[1]["value"]] == [
        "https://keys.vault.azure.net/secrets/a"
    ]
    assert owner("PUT", f"{path}/accessPolicies/remove", VERSION, body)[0] == 200
    assert robot("GET", "/secrets/a", DATA)[0] == 403


def test_versions_attributes_and_their_times(
    home: AzureHome, owner: Caller, clock: FrozenClock
) -> None:
    path = make(home, owner)
    who, _ = home.robot("Key Vault Secrets Officer", scope=path)
    robot = callers.vault(home, who, "keys")
    first = robot("PUT", "/secrets/db", DATA, {"value": "old", "tags": {"a": "b"}})[1]
    soon = int(clock.now().timestamp()) + 60
    body = {"value": "new", "contentType": "text/plain", "attributes": {"nbf": soon}}
    second = robot("PUT", "/secrets/db", DATA, body)[1]
    shown = robot("GET", "/secrets/db/versions", DATA)[1]["value"]
    assert [one["id"] for one in shown] == [first["id"], second["id"]]
    assert all("value" not in one for one in shown)
    status, refused = robot("GET", "/secrets/db", DATA)
    assert (status, "not yet valid" in refused["error"]["message"]) == (403, True)
    clock.advance(61)
    found = robot("GET", "/secrets/db", DATA)[1]
    assert (found["value"], found["contentType"]) == ("new", "text/plain")
    old_path = first["id"].removeprefix("https://keys.vault.azure.net")
    assert robot("GET", old_path, DATA)[1]["value"] == "old"
    changed = robot("PATCH", old_path, DATA, {"attributes": {"enabled": False}})[1]
    assert (changed["attributes"]["enabled"], changed["tags"]) == (False, {"a": "b"})
    assert robot("GET", old_path, DATA)[0] == 403


def test_a_deleted_secret_comes_back_or_goes_for_good(
    home: AzureHome, owner: Caller, clock: FrozenClock
) -> None:
    path = make(home, owner, softDeleteRetentionInDays=7)
    who, _ = home.robot("Key Vault Secrets Officer", scope=path)
    robot = callers.vault(home, who, "keys")
    robot("PUT", "/secrets/a", DATA, {"value": "v"})
    gone = robot("DELETE", "/secrets/a", DATA)[1]
    assert gone["recoveryId"] == "https://keys.vault.azure.net/deletedsecrets/a"
    assert gone["scheduledPurgeDate"] - gone["deletedDate"] == 7 * DAY
    assert robot("GET", "/secrets/a", DATA)[0] == 404
    status, refused = robot("PUT", "/secrets/a", DATA, {"value": "w"})
    assert (status, "deleted but recoverable" in refused["error"]["message"]) == (409, True)
    assert robot("POST", "/deletedsecrets/a/recover", DATA)[0] == 200
    assert robot("GET", "/secrets/a", DATA)[1]["value"] == "v"
    robot("DELETE", "/secrets/a", DATA)
    assert robot("DELETE", "/deletedsecrets/a", DATA)[0] == 204
    assert robot("GET", "/deletedsecrets/a", DATA)[0] == 404
    robot("PUT", "/secrets/a", DATA, {"value": "w"})
    robot("DELETE", "/secrets/a", DATA)
    clock.advance(7 * DAY + 1)
    assert callers.vault(home, who, "keys")("GET", "/deletedsecrets", DATA)[1]["value"] == []


def test_a_deleted_vault_is_recovered_with_its_secrets(home: AzureHome, owner: Caller) -> None:
    path = make(home, owner)
    who, _ = home.robot("Key Vault Secrets Officer")
    robot = callers.vault(home, who, "keys")
    robot("PUT", "/secrets/a", DATA, {"value": "v"})
    assert owner("GET", purge_path(home), VERSION)[0] == 404
    assert owner("DELETE", path, VERSION)[0] == 200
    assert robot("GET", "/secrets/a", DATA)[0] == 404
    assert owner("GET", purge_path(home), VERSION)[1]["properties"]["vaultId"] == path
    body: dict[str, Any] = {"location": "westeurope", "properties": {}}
    status, refused = owner("PUT", path, VERSION, body)
    assert (status, refused["error"]["code"]) == (409, "ConflictError")
    body["properties"] = {"createMode": "recover", "enableRbacAuthorization": True}
    assert owner("PUT", path, VERSION, body)[0] == 201
    assert robot("GET", "/secrets/a", DATA)[1]["value"] == "v"
    owner("DELETE", path, VERSION)
    assert owner("POST", f"{purge_path(home)}/purge", VERSION)[0] == 202
    make(home, owner)
    assert robot("GET", "/secrets/a", DATA)[0] == 404


def test_who_may_not_assign_roles_leaves_the_permission_model(
    home: AzureHome, owner: Caller
) -> None:
    path = make(home, owner, enableRbacAuthorization=True)
    who, _ = home.robot("Contributor")
    robot = callers.arm(home, who)
    policy = {"tenantId": tenant.facts(home.store).tenant_id, "objectId": who.object_id,
              "permissions": {"secrets": ["get", "list"]}}  # fmt: skip

    def body(**properties: Any) -> dict[str, Any]:
        return {"location": "westeurope", "properties": {"accessPolicies": [policy], **properties}}

    closed = {"enableRbacAuthorization": False}
    for method in ("PUT", "PATCH"):
        status, refused = robot(method, path, VERSION, body(**closed))
        assert (status, refused["error"]["code"]) == (400, "InsufficientPermissions"), method
        assert robot(method, path, VERSION, body())[1]["properties"]["enableRbacAuthorization"]
    assert callers.vault(home, who, "keys")("GET", "/secrets", DATA)[0] == 403
    owner("DELETE", path, VERSION)
    status, refused = robot("PUT", path, VERSION, body(createMode="recover", **closed))
    assert (status, refused["error"]["code"]) == (400, "InsufficientPermissions")
    assert robot("PUT", path, VERSION, body(createMode="recover"))[0] == 201
    assert owner("PATCH", path, VERSION, body(**closed))[0] == 200
    assert callers.vault(home, who, "keys")("GET", "/secrets", DATA)[0] == 200


def test_names_that_azure_refuses(home: AzureHome, owner: Caller) -> None:
    make(home, owner)
    body = {"location": "westeurope", "properties": {}}
    for name in ("ab", "1abc", "a--b", "a" * 25):
        status, refused = owner("PUT", path_of(home, name), VERSION, body)
        assert (status, refused["error"]["code"]) == (400, "VaultNameNotValid"), name
    other = path_of(home).replace("/rg/", "/rg2/")
    owner("PUT", other.partition("/providers")[0], "2021-04-01", {"location": "westeurope"})
    status, refused = owner("PUT", other, VERSION, body)
    assert (status, refused["error"]["code"]) == (409, "VaultAlreadyExists")
    who, _ = home.robot("Key Vault Secrets Officer")
    robot = callers.vault(home, who, "keys")
    assert robot("PUT", "/secrets/a_b", DATA, {"value": "x"})[0] == 400
    assert robot("PUT", "/secrets/a", DATA, {"value": "x" * 25_601})[0] == 400
    assert callers.vault(home, who, "nowhere")("GET", "/secrets", DATA)[0] == 404


def test_contacts_are_there_only_once_they_are_put(home: AzureHome, owner: Caller) -> None:
    make(home, owner)
    who, _ = home.robot("Key Vault Administrator")
    robot = callers.vault(home, who, "keys")
    assert robot("GET", "/certificates/contacts", DATA)[0] == 404
    body = {"contacts": [{"email": "a@example.org"}]}
    assert robot("PUT", "/certificates/contacts", DATA, body)[0] == 200
    assert robot("GET", "/certificates/contacts", DATA)[1]["contacts"] == body["contacts"]
    assert robot("DELETE", "/certificates/contacts", DATA)[0] == 200
    assert robot("GET", "/certificates/contacts", DATA)[0] == 404
