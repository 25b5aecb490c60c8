"""Roles decide: ARM's own routes with and without one, and what a wrong call is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.wire import azure_home
from tests.wire.azure_home import AzureHome
from tests.wire.in_process import content_of

from shipway.azure.arm import operations, role_assignments, role_definitions
from shipway.azure.blob import blobs, containers
from shipway.azure.entra import audiences, managed_identities, service_principals, tenant, users
from shipway.azure.entra.principals import Principal
from shipway.base import ids

ARM = "https://management.azure.com"
RESOURCES, ROLES, STORAGE = "2021-04-01", "2022-04-01", "2023-01-01"


@pytest.fixture
def home(tmp_path: Path) -> AzureHome:
    return azure_home.make(tmp_path)


class Caller:
    """Calls ARM as somebody."""

    def __init__(self, home: AzureHome, principal: Principal) -> None:
        self._home = home
        self._auth = home.bearer(principal, audiences.ARM)

    def __call__(
        self, method: str, path: str, version: str = RESOURCES, body: object = None
    ) -> tuple[int, Any]:
        glue = "&" if "?" in path else "?"
        got = self._home.wire.answer(
            method, f"{ARM}{path}{glue}api-version={version}", headers=[self._auth],
            body=json.dumps(body).encode() if body is not None else b"",
        )  # fmt: skip
        text = content_of(got)
        return got.status, json.loads(text) if text else None


@pytest.fixture
def owner(home: AzureHome) -> Caller:
    return Caller(home, users.owner(home.store))


def assignment(home: AzureHome, role: str, principal: Principal) -> dict[str, Any]:
    base = f"{tenant.facts(home.store).subscription_scope}/providers/Microsoft.Authorization"
    role_id = f"{base}/roleDefinitions/{role_definitions.get(role).role_id}"
    return {"properties": {"roleDefinitionId": role_id, "principalId": principal.object_id}}


def test_a_role_opens_and_its_end_closes(home: AzureHome, owner: Caller) -> None:
    who, _ = home.robot()
    robot = Caller(home, who)
    status, refused = robot("GET", home.group_scope)
    assert (status, refused["error"]["code"]) == (403, "AuthorizationFailed")
    assert refused["error"]["message"] == (
        f"The client '{who.app_id}' with object id '{who.object_id}' does not have authorization "
        "to perform action 'Microsoft.Resources/subscriptions/resourceGroups/read' over scope "
        f"'{home.group_scope}' or the scope is invalid. If access was recently granted, please "
        "refresh your credentials."
    )
    name = ids.new_guid()
    path = f"{home.group_scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    body = assignment(home, "Reader", who)
    status, made = owner("PUT", path, ROLES, body)
    assert (status, made["properties"]["scope"]) == (201, home.group_scope)
    assert made["properties"]["principalType"] == "ServicePrincipal"
    assert owner("PUT", path, ROLES, body)[0] == 200
    assert owner("GET", path, ROLES)[1] == made
    assert robot("GET", home.group_scope)[0] == 200
    assert robot("PUT", home.group_scope, body={"location": "westeurope"})[0] == 403
    assert owner("DELETE", path, ROLES)[0] == 200
    assert owner("DELETE", path, ROLES)[0] == 204
    assert robot("GET", home.group_scope)[0] == 403


def test_nobody_gives_himself_a_role(home: AzureHome) -> None:
    who, _ = home.robot("Contributor")
    path = f"{home.group_scope}/providers/Microsoft.Authorization/roleAssignments/{ids.new_guid()}"
    status, refused = Caller(home, who)("PUT", path, ROLES, assignment(home, "Owner", who))
    assert (status, refused["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.Authorization/roleAssignments/write" in refused["error"]["message"]


def test_assignments_are_listed_with_those_inherited(home: AzureHome, owner: Caller) -> None:
    who, _ = home.robot("Reader")
    wide = tenant.facts(home.store).subscription_scope
    role_assignments.assign(home.store, principal_id=who.object_id, role="Contributor", scope=wide)
    path = f"{home.group_scope}/providers/Microsoft.Authorization/roleAssignments"
    of_robot = f"{path}?$filter=principalId eq '{who.object_id}'"
    scopes = {a["properties"]["scope"] for a in owner("GET", of_robot, ROLES)[1]["value"]}
    assert scopes == {wide, home.group_scope}
    both = f"{path}?$filter=atScope() and assignedTo('{who.object_id}')"
    assert len(owner("GET", both, ROLES)[1]["value"]) == 2
    status, refused = owner("GET", f"{path}?$filter=colour eq 'red'", ROLES)
    assert (status, "colour eq 'red'" in refused["error"]["message"]) == (400, True)


def test_definitions_are_found_by_name(home: AzureHome, owner: Caller) -> None:
    path = f"{home.group_scope}/providers/Microsoft.Authorization/roleDefinitions"
    found = owner("GET", f"{path}?$filter=roleName eq 'AcrPull'", ROLES)[1]["value"]
    assert [f["name"] for f in found] == ["7f951dda-4ed3-4680-a7ca-43fe172d538d"]
    assert owner("GET", found[0]["id"], ROLES)[1] == found[0]
    bare = "/providers/Microsoft.Authorization/roleDefinitions/" + found[0]["name"]
    assert owner("GET", bare, ROLES)[1] == found[0]
    assert len(owner("GET", path, ROLES)[1]["value"]) == len(role_definitions.ROLES)


def test_a_group_is_made_changed_and_deleted(home: AzureHome, owner: Caller) -> None:
    path = f"{tenant.facts(home.store).subscription_scope}/resourcegroups/New"
    assert owner("HEAD", path)[0] == 404
    assert owner("PUT", path, body={"location": "West Europe"})[0] == 201
    assert owner("PUT", path, body={"location": "westeurope", "tags": {"a": "b"}})[0] == 200
    assert owner("HEAD", path)[0] == 204
    status, shown = owner("GET", path.replace("New", "new"))
    assert (status, shown["name"], shown["tags"]) == (200, "New", {"a": "b"})
    assert shown["properties"]["provisioningState"] == "Succeeded"
    vault = f"{path}/providers/Microsoft.KeyVault/vaults/vone"
    status, made = owner("PUT", vault, "2023-07-01", {"location": "westeurope", "properties": {}})
    assert (status, made["properties"]["vaultUri"]) == (201, "https://vone.vault.azure.net/")
    assert [r["name"] for r in owner("GET", f"{path}/resources")[1]["value"]] == ["vone"]
    assert owner("DELETE", path)[0] == 202
    assert owner("GET", vault, "2023-07-01")[0] == 404
    status, refused = owner("GET", path)
    assert (status, refused["error"]["code"]) == (404, "ResourceGroupNotFound")


def test_the_simple_providers_compute_what_clients_read(home: AzureHome, owner: Caller) -> None:
    base = f"{home.group_scope}/providers"
    cases = {
        "Microsoft.Insights/components/ai": ("2020-02-02", 200, "InstrumentationKey"),
        "Microsoft.OperationalInsights/workspaces/law": ("2023-09-01", 201, "customerId"),
        "Microsoft.ContainerRegistry/registries/acracr": ("2023-07-01", 201, "loginServer"),
        "Microsoft.ManagedIdentity/userAssignedIdentities/id": ("2024-11-30", 201, "principalId"),
    }
    for path, (version, status, name) in cases.items():
        body = {"location": "westeurope", "properties": {}, "tags": {"a": "b"}}
        got, made = owner("PUT", f"{base}/{path}", version, body)
        assert (got, bool(made["properties"][name])) == (status, True), path
        assert owner("GET", f"{base}/{path}", version)[1] == made
        listed = owner("GET", f"{base}/{path.rpartition('/')[0]}", version)[1]["value"]
        assert listed == [made]
    identity = f"{base}/Microsoft.ManagedIdentity/userAssignedIdentities/id"
    principal = managed_identities.find_for(home.store, identity)
    assert principal is not None
    assert owner("DELETE", identity, "2024-11-30")[0] == 200
    assert managed_identities.find_for(home.store, identity) is None


def test_a_storage_account_lives_through_arm(home: AzureHome, owner: Caller) -> None:
    path = f"{home.group_scope}/providers/Microsoft.Storage/storageAccounts/fresh1"
    body = {"location": "westeurope", "sku": {"name": "Standard_GRS"}, "kind": "StorageV2"}
    status, made = owner("PUT", path, STORAGE, body)
    assert (status, made["properties"]["provisioningState"]) == (200, "Succeeded")
    assert made["properties"]["primaryEndpoints"]["blob"] == "https://fresh1.blob.core.windows.net/"
    keys = owner("POST", f"{path}/listKeys", STORAGE)[1]["keys"]
    assert [k["keyName"] for k in keys] == ["key1", "key2"]
    container = f"{path}/blobServices/default/containers/state"
    assert owner("PUT", container, STORAGE, {"properties": {}})[0] == 201
    assert owner("PUT", container, STORAGE, {"properties": {}})[0] == 200
    stored = home.store.files.put_bytes(b"x")
    blobs.put_content(home.store, account="fresh1", container="state", name="a", stored=stored)
    who, _ = home.robot("Reader")
    assert Caller(home, who)("GET", path, STORAGE)[0] == 200
    assert Caller(home, who)("POST", f"{path}/listKeys", STORAGE)[0] == 403
    assert owner("DELETE", path, STORAGE)[0] == 200
    assert owner("DELETE", path, STORAGE)[0] == 204
    assert containers.find(home.store, account="fresh1", name="state") is None
    assert home.store.documents.count("blob", prefix="fresh1/") == 0


def test_a_client_finds_its_subscription(home: AzureHome, owner: Caller) -> None:
    facts = tenant.facts(home.store)
    assert [s["subscriptionId"] for s in owner("GET", "/subscriptions")[1]["value"]] == [
        facts.subscription_id
    ]
    stranger = Caller(home, home.robot()[0])
    assert stranger("GET", "/subscriptions")[1]["value"] == []
    assert stranger("GET", facts.subscription_scope)[0] == 403
    assert owner("GET", facts.subscription_scope)[1]["tenantId"] == facts.tenant_id
    provider = f"{facts.subscription_scope}/providers/Microsoft.Storage"
    assert owner("GET", provider)[1]["registrationState"] == "Registered"
    assert owner("POST", f"{provider}/register")[0] == 200
    assert home.wire.answer("GET", f"{ARM}/metadata/endpoints?api-version=2022-09-01").status == 200


def test_an_operation_is_polled_both_ways(home: AzureHome, owner: Caller) -> None:
    started = operations.start(home.store, resource_id=home.group_scope)
    base = tenant.facts(home.store).subscription_scope
    status_path = f"{base}/operationStatuses/{started.operation_id}"
    result_path = f"{base}/operationResults/{started.operation_id}"
    assert owner("GET", status_path)[1]["status"] == "InProgress"
    assert owner("GET", result_path)[0] == 202
    operations.finish(home.store, started.operation_id, result={"id": "x"})
    assert owner("GET", status_path)[1]["status"] == "Succeeded"
    assert owner("GET", result_path) == (200, {"id": "x"})
    failed = operations.start(home.store, resource_id=home.group_scope)
    operations.fail(home.store, failed.operation_id, code="Broken", message="it broke")
    shown = owner("GET", f"{base}/operationStatuses/{failed.operation_id}")[1]
    assert (shown["status"], shown["error"]["code"]) == ("Failed", "Broken")


GROUP = "/subscriptions/{s}/resourcegroups/rg"
ROLE = "/providers/Microsoft.Authorization/roleAssignments/"
ACCOUNTS = GROUP + "/providers/Microsoft.Storage/storageAccounts"
WRONG: dict[str, tuple[str, str, bytes, int, str, str]] = {
    "no version": ("GET", GROUP, b"", 400, "InvalidApiVersionParameter", "''"),
    "bad version": (
        "GET", GROUP + "?api-version=1.0", b"", 400, "InvalidApiVersionParameter", "'1.0'",
    ),
    "bad parameter": (
        "GET", GROUP + "?api-version=2021-04-01&colour=red", b"", 400, "UnsupportedQueryParameter",
        "'colour'",
    ),
    "bad route": (
        "GET", GROUP + "/providers/Microsoft.Quantum/workspaces?api-version=1", b"", 501,
        "RouteNotSupported", "Microsoft.Quantum",
    ),
    "bad method": (
        "DELETE", "/subscriptions/{s}?api-version=2021-04-01", b"", 405, "MethodNotSupported",
        "DELETE",
    ),
    "other subscription": (
        "GET", "/subscriptions/1234/resourcegroups/rg?api-version=2021-04-01", b"", 404,
        "SubscriptionNotFound", "'1234'",
    ),
    "broken JSON": (
        "PUT", GROUP + "?api-version=2021-04-01", b'{"location": ', 400, "InvalidRequestContent",
        "line 1 column",
    ),
    "binary rubbish": (
        "PUT", GROUP + "?api-version=2021-04-01", b"\xff\x00\xfe", 400, "InvalidRequestContent",
        "UTF-8",
    ),
    "a list": (
        "PUT", GROUP + "?api-version=2021-04-01", b"[]", 400, "InvalidRequestContent", "list",
    ),
    "no location": (
        "PUT", GROUP + "?api-version=2021-04-01", b"{}", 400, "LocationRequired", "location",
    ),
    "wrong type": (
        "PUT", GROUP + "?api-version=2021-04-01", b'{"location":"westeurope","tags":{"a":1}}', 400,
        "InvalidRequestContent", "tags.a",
    ),
    "bad account name": (
        "PUT", ACCOUNTS + "/Bad_Name?api-version=2023-01-01", b'{"location":"westeurope"}', 400,
        "AccountNameInvalid", "Bad_Name",
    ),
    "absent account": (
        "GET", ACCOUNTS + "/nothere?api-version=2023-01-01", b"", 404, "ResourceNotFound",
        "storageAccounts/nothere",
    ),
    "assignment that is no guid": (
        "PUT", GROUP + ROLE + "x?api-version=2022-04-01",
        b"{}", 400, "InvalidRoleAssignmentId", "'x'",
    ),
    "assignment to nobody": (
        "PUT", GROUP + ROLE +
        "00000000-0000-0000-0000-000000000001?api-version=2022-04-01",
        b'{"properties":{"principalId":"nobody","roleDefinitionId":"Reader"}}', 400,
        "PrincipalNotFound", "nobody",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_refused_and_changes_nothing(home: AzureHome, name: str) -> None:
    method, path, body, status, code, words = WRONG[name]
    auth = home.bearer(users.owner(home.store), audiences.ARM)
    role_assignments.list_assignments(home.store)
    before = home.fingerprint()
    url = ARM + path.replace("{s}", tenant.facts(home.store).subscription_id)
    got = home.wire.answer(method, url, headers=[auth], body=body)
    answer = json.loads(content_of(got))["error"]
    assert (got.status, answer["code"]) == (status, code), answer
    assert words in answer["message"], answer["message"]
    assert home.fingerprint() == before


@pytest.mark.parametrize("kind", ["none", "basic", "rubbish", "other audience", "other home"])
def test_without_a_good_token_nothing_is_told(home: AzureHome, tmp_path: Path, kind: str) -> None:
    owner = users.owner(home.store)
    headers = {
        "none": [],
        "basic": [("Authorization", "Basic eDp5")],
        "rubbish": [("Authorization", "Bearer a.b.c")],
        "other audience": [home.bearer(owner, audiences.STORAGE)],
        "other home": [],
    }[kind]
    if kind == "other home":
        other = azure_home.make(tmp_path / "other")
        headers = [other.bearer(users.owner(other.store), audiences.ARM)]
    before = home.fingerprint()
    known = home.wire.answer("GET", f"{ARM}{home.group_scope}?api-version=x", headers=headers)
    absent = home.wire.answer("GET", f"{ARM}/no/such/route", headers=headers)
    assert (known.status, absent.status) == (401, 401)
    assert "www-authenticate" in {name.lower() for name, _ in known.headers}
    assert json.loads(content_of(known))["error"]["code"].startswith(
        ("AuthenticationFailed", "InvalidAuthenticationToken")
    )
    assert home.fingerprint() == before


def test_a_deleted_principals_token_opens_nothing(home: AzureHome) -> None:
    who, _ = home.robot("Reader")
    robot = Caller(home, who)
    assert robot("GET", home.group_scope)[0] == 200
    for found in role_assignments.list_assignments(home.store, principal_id=who.object_id):
        role_assignments.remove(home.store, found.assignment_id)
    service_principals.delete_application(home.store, who.app_id)
    assert robot("GET", home.group_scope)[0] == 403
