"""What azurerm asks of ARM beside the resources' own verbs, and that it has its effect."""

import base64
import hmac
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential
from tests.unit.azure import disk
from tests.wire import azure_home, callers
from tests.wire.azure_home import ACCOUNT, AzureHome
from tests.wire.callers import Caller
from tests.wire.in_process import Wire, content_of, transport

from shipway.azure.arm import resource_groups, role_assignments
from shipway.azure.entra import (
    audiences,
    federated_credentials,
    managed_identities,
    tenant,
    users,
)
from shipway.base import ids
from shipway.base.clock import http_date
from shipway.ml import workspaces
from shipway.wire.arm import table as arm_table
from shipway.wire.ml.table import arm_routes

GROUPS, STORAGE, ROLES = "2023-07-01", "2025-08-01", "2022-05-01-preview"
SUBJECT = "sc://shipway/flights/azure-ml-dev"


@pytest.fixture
def home(tmp_path: Path) -> AzureHome:
    return azure_home.make(tmp_path)


@pytest.fixture
def owner(home: AzureHome) -> Caller:
    return callers.arm(home, users.owner(home.store))


def provider(home: AzureHome, path: str) -> str:
    return f"{home.group_scope}/providers/{path}"


def test_the_subscription_lists_its_providers(home: AzureHome, owner: Caller) -> None:
    scope = tenant.facts(home.store).subscription_scope
    found = owner("GET", f"{scope}/providers", "2022-09-01")[1]["value"]
    assert len(found) == 10
    assert {one["registrationState"] for one in found} == {"Registered"}


def test_services_of_an_account_keep_what_is_put(home: AzureHome, owner: Caller) -> None:
    account = provider(home, f"Microsoft.Storage/storageAccounts/{ACCOUNT}")
    files = owner("GET", f"{account}/fileServices/default", STORAGE)[1]
    assert files["properties"]["shareDeleteRetentionPolicy"]["days"] == 7
    body: dict[str, Any] = {"properties": {"deleteRetentionPolicy": {"enabled": True, "days": 7}}}
    assert owner("PUT", f"{account}/blobServices/default", STORAGE, body)[0] == 200
    shown = owner("GET", f"{account}/blobServices/default", STORAGE)[1]["properties"]
    assert shown["deleteRetentionPolicy"] == {"enabled": True, "days": 7}
    body = {"properties": {"isVersioningEnabled": True}}
    status, refused = owner("PUT", f"{account}/blobServices/default", STORAGE, body)
    assert (status, "isVersioningEnabled" in refused["error"]["message"]) == (400, True)
    assert owner("GET", f"{account}/petServices/default", STORAGE)[0] == 404
    assert owner("POST", f"{account}/listKeys?$expand=kerb", STORAGE)[0] == 200


def test_a_container_is_changed_in_place_and_stays_private(home: AzureHome, owner: Caller) -> None:
    path = provider(home, f"Microsoft.Storage/storageAccounts/{ACCOUNT}") + (
        "/blobServices/default/containers/pipeline-artifacts"
    )
    assert owner("PUT", path, STORAGE, {"properties": {}})[0] == 201
    body: dict[str, Any] = {"properties": {"metadata": {"a": "b"}}}
    assert owner("PATCH", path, STORAGE, body)[1]["properties"]["metadata"] == {"a": "b"}
    assert owner("PUT", path, STORAGE, {"properties": {}})[0] == 200
    status, refused = owner("PATCH", path, STORAGE, {"properties": {"publicAccess": "Blob"}})
    assert (status, refused["error"]["code"]) == (409, "PublicAccessNotPermitted")


def custom_role(home: AzureHome, *actions: str, scope: str = "") -> dict[str, Any]:
    return {
        "properties": {
            "roleName": "Trainer", "description": "may train", "type": "CustomRole",
            "permissions": [{"actions": list(actions), "notActions": [], "dataActions": []}],
            "assignableScopes": [scope or home.group_scope],
        }
    }  # fmt: skip


def test_a_custom_role_decides_until_it_is_changed(home: AzureHome, owner: Caller) -> None:
    role_id = ids.new_guid()
    path = provider(home, f"Microsoft.Authorization/roleDefinitions/{role_id}")
    group_read = "Microsoft.Resources/subscriptions/resourceGroups/read"
    status, made = owner("PUT", path, ROLES, custom_role(home, group_read))
    assert (status, made["properties"]["type"]) == (201, "CustomRole")
    bare = "/providers/Microsoft.Authorization/roleDefinitions"
    for listing in (path.rpartition("/")[0], bare):
        filtered = f"{listing}?$filter=roleName eq 'Trainer'"
        assert [r["name"] for r in owner("GET", filtered, ROLES)[1]["value"]] == [role_id]
    who, _ = home.robot()
    robot = callers.arm(home, who)
    assert robot("GET", home.group_scope, GROUPS)[0] == 403
    assignment = provider(home, f"Microsoft.Authorization/roleAssignments/{ids.new_guid()}")
    body = {"properties": {"roleDefinitionId": made["id"], "principalId": who.object_id}}
    status, given = owner("PUT", assignment, "2022-04-01", body)
    assert (status, given["properties"]["scope"]) == (201, home.group_scope)
    assert robot("GET", home.group_scope, GROUPS)[0] == 200
    status, refused = owner("PUT", assignment[:-36] + ids.new_guid(), "2022-04-01", body)
    assert (status, refused["error"]["code"]) == (409, "RoleAssignmentExists")
    status, refused = owner("DELETE", path, ROLES)
    assert (status, refused["error"]["code"]) == (400, "RoleDefinitionHasAssignments")
    owner("PUT", path, ROLES, custom_role(home, "Microsoft.Storage/*"))
    assert robot("GET", home.group_scope, GROUPS)[0] == 403
    owner("DELETE", assignment, "2022-04-01")
    assert owner("DELETE", path, ROLES)[0] == 200
    assert owner("GET", path, ROLES)[0] == 404


def test_a_custom_role_reaches_its_scopes_only(home: AzureHome, owner: Caller) -> None:
    path = provider(home, f"Microsoft.Authorization/roleDefinitions/{ids.new_guid()}")
    made = owner("PUT", path, ROLES, custom_role(home, "*/read"))[1]
    who, _ = home.robot()
    wide = tenant.facts(home.store).subscription_scope
    target = f"{wide}/providers/Microsoft.Authorization/roleAssignments/{ids.new_guid()}"
    body = {"properties": {"roleDefinitionId": made["id"], "principalId": who.object_id}}
    status, refused = owner("PUT", target, "2022-04-01", body)
    assert (status, refused["error"]["code"]) == (400, "RoleDefinitionNotAssignableAtScope")
    twin = path[:-36] + ids.new_guid()
    status, refused = owner("PUT", twin, ROLES, custom_role(home, "*"))
    assert (status, refused["error"]["code"]) == (409, "RoleDefinitionWithSameNameExists")
    assert callers.arm(home, who)("PUT", twin, ROLES, custom_role(home, "*"))[0] == 403


def test_conditions_are_refused_and_descriptions_kept(home: AzureHome, owner: Caller) -> None:
    who, _ = home.robot()
    path = provider(home, f"Microsoft.Authorization/roleAssignments/{ids.new_guid()}")
    role = f"{tenant.facts(home.store).subscription_scope}/providers/Microsoft.Authorization/" + (
        "roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    )
    given = {"roleDefinitionId": role, "principalId": who.object_id, "description": "why"}
    asked = {"properties": {**given, "condition": "@Resource[a] StringEquals 'b'"}}
    status, refused = owner("PUT", path, "2022-04-01", asked)
    assert (status, refused["error"]["code"]) == (400, "ConditionNotSupported")
    status, made = owner("PUT", path, "2022-04-01", {"properties": given})
    assert (status, made["properties"]["description"]) == (201, "why")


def test_an_assertion_opens_a_user_assigned_identity(home: AzureHome, owner: Caller) -> None:
    path = provider(home, "Microsoft.ManagedIdentity/userAssignedIdentities/ci")
    version = "2024-11-30"
    made = owner("PUT", path, version, {"location": "westeurope"})[1]["properties"]
    trusted = f"{path}/federatedIdentityCredentials/ado"
    issuer = federated_credentials.issuer_of(home.store)
    properties = {"issuer": issuer, "subject": SUBJECT,
                  "audiences": ["api://AzureADTokenExchange"]}  # fmt: skip
    assert owner("PUT", trusted, version, {"properties": properties})[0] == 201
    assert owner("PUT", trusted, version, {"properties": properties})[0] == 200
    assert owner("GET", trusted, version)[1]["properties"] == properties

    def token() -> str:
        credential = ClientAssertionCredential(
            made["tenantId"], made["clientId"],
            lambda: federated_credentials.issue_assertion(home.store, subject=SUBJECT),
            transport=transport(home.wire),
        )  # fmt: skip
        return str(credential.get_token("https://management.azure.com/.default").token)

    claims = jwt.decode(token(), options={"verify_signature": False})
    assert (claims["oid"], claims["xms_mirid"]) == (made["principalId"], path)
    assert owner("DELETE", trusted, version)[0] == 200
    assert owner("DELETE", trusted, version)[0] == 204
    with pytest.raises(ClientAuthenticationError, match="70021"):
        token()


def test_resources_act_as_identities_that_they_are_given(home: AzureHome, owner: Caller) -> None:
    identity = provider(home, "Microsoft.ManagedIdentity/userAssignedIdentities/id")
    made = owner("PUT", identity, "2024-11-30", {"location": "westeurope"})[1]["properties"]
    registry = provider(home, "Microsoft.ContainerRegistry/registries/acrlab")
    body = {
        "location": "westeurope", "sku": {"name": "Basic"}, "properties": {},
        "identity": {"type": "SystemAssigned, UserAssigned",
                     "userAssignedIdentities": {identity: {}}},
    }  # fmt: skip
    shown = owner("PUT", registry, "2025-11-01", body)[1]["identity"]
    assert shown["userAssignedIdentities"][identity]["clientId"] == made["clientId"]
    own = managed_identities.find_for(home.store, registry)
    assert own is not None
    assert shown["principalId"] == own.object_id
    missing = {**body, "identity": {"type": "UserAssigned",
                                    "userAssignedIdentities": {identity + "x": {}}}}  # fmt: skip
    status, refused = owner("PUT", registry, "2025-11-01", missing)
    assert (status, refused["error"]["code"]) == (400, "FailedIdentityOperation")


def test_an_identity_is_given_by_who_may_assign_it(
    home: AzureHome, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = arm_table.protocol(home.store, arm_routes(home.store))
    monkeypatch.setattr(Wire, "protocol_of", lambda *_: whole)
    identity = provider(home, "Microsoft.ManagedIdentity/userAssignedIdentities/id")
    assert owner("PUT", identity, "2024-11-30", {"location": "westeurope"})[0] == 201
    resource_groups.create_or_update(home.store, name="theirs", location="westeurope")
    theirs = home.group_scope[: -len("rg")] + "theirs"
    who, _ = home.robot("Owner", scope=theirs)
    outsider = callers.arm(home, who)
    lab = f"{theirs}/providers/Microsoft.MachineLearningServices/workspaces/lab"
    plain: dict[str, Any] = {"location": "westeurope", "properties": {}}
    assert outsider("PUT", lab, "2024-10-01", plain)[0] == 200
    given: dict[str, Any] = {
        "type": "SystemAssigned,UserAssigned",
        "userAssignedIdentities": {identity: {}},
    }
    own = f"{theirs}/providers"
    key: dict[str, Any] = {"authMode": "Key"}
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        f"{own}/Microsoft.ContainerRegistry/registries/acrtwo": ("2025-11-01", {}),
        f"{own}/Microsoft.Storage/storageAccounts/fresh2": ("2023-01-01", {}),
        f"{lab}/computes/cpu": ("2024-10-01", {"computeType": "AmlCompute"}),
        f"{lab}/onlineEndpoints/scores": ("2024-10-01", key),
        f"{lab}2": ("2024-10-01", {}),
    }
    for path, (version, properties) in cases.items():
        body = {"location": "westeurope", "properties": properties, "sku": {"name": "Basic"},
                "identity": given}  # fmt: skip
        status, refused = outsider("PUT", path, version, body)
        assert (status, refused["error"]["code"]) == (403, "LinkedAuthorizationFailed"), path
        assert (
            "does not have permission to perform action "
            "'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked "
            f"scope(s) '{identity}'"
        ) in refused["error"]["message"], path
        assert outsider("GET", path, version)[0] == 404
    role_assignments.assign(
        home.store, principal_id=who.object_id, role="Managed Identity Operator", scope=identity
    )
    path = f"{lab}/computes/cpu"
    body = {"location": "westeurope", "properties": {"computeType": "AmlCompute"},
            "identity": given}  # fmt: skip
    status, made = outsider("PUT", path, "2024-10-01", body)
    assert (status, list(made["identity"]["userAssignedIdentities"])) == (201, [identity])


def test_keys_of_workspaces_and_registries_lie_sealed(home: AzureHome, owner: Caller) -> None:
    logs = provider(home, "Microsoft.OperationalInsights/workspaces/law")
    owner("PUT", logs, "2023-09-01", {"location": "westeurope", "properties": {}})
    keys = owner("POST", f"{logs}/sharedKeys", "2020-08-01")[1]
    assert keys == owner("POST", f"{logs}/sharedKeys", "2020-08-01")[1]
    changed = owner("POST", f"{logs}/regenerateSharedKey", "2020-08-01")[1]
    assert changed["primarySharedKey"] != keys["primarySharedKey"]
    registry = provider(home, "Microsoft.ContainerRegistry/registries/acrlab")
    body: dict[str, Any] = {"location": "westeurope", "sku": {"name": "Basic"}, "properties": {}}
    owner("PUT", registry, "2025-11-01", body)
    assert owner("GET", f"{registry}/replications", "2025-11-01")[1]["value"] == []
    assert owner("POST", f"{registry}/listCredentials", "2025-11-01")[0] == 400
    body["properties"] = {"adminUserEnabled": True}
    owner("PUT", registry, "2025-11-01", body)
    password = owner("POST", f"{registry}/listCredentials", "2025-11-01")[1]["passwords"][0]
    clear = disk.text_of(home.store)
    assert changed["primarySharedKey"] not in clear
    assert password["value"] not in clear
    who, _ = home.robot("Reader")
    assert callers.arm(home, who)("POST", f"{logs}/sharedKeys", "2020-08-01")[0] == 403


def test_a_components_cap_is_kept(home: AzureHome, owner: Caller) -> None:
    component = provider(home, "Microsoft.Insights/components/appi")
    assert owner("PUT", component, "2020-02-02", {"location": "westeurope"})[0] == 200
    billing = f"{component}/currentbillingfeatures"
    assert owner("GET", billing, "2015-05-01")[1]["DataVolumeCap"]["Cap"] == 100
    body = {"CurrentBillingFeatures": ["Basic"], "DataVolumeCap": {"Cap": 5}}
    assert owner("PUT", billing, "2015-05-01", body)[1]["DataVolumeCap"]["Cap"] == 5
    assert owner("GET", billing, "2015-05-01")[1]["DataVolumeCap"]["WarningThreshold"] == 90


def test_a_budget_is_kept_and_nothing_is_spent(home: AzureHome, owner: Caller) -> None:
    path = provider(home, "Microsoft.Consumption/budgets/monthly")
    properties = {
        "category": "Cost", "amount": 50, "timeGrain": "Monthly",
        "timePeriod": {"startDate": "2026-01-01T00:00:00Z"},
        "notifications": {"a": {"enabled": True, "operator": "GreaterThan", "threshold": 80,
                                "contactEmails": ["a@example.org"]}},
    }  # fmt: skip
    status, made = owner("PUT", path, "2019-10-01", {"properties": properties})
    assert (status, made["properties"]["currentSpend"]["amount"]) == (201, 0)
    assert made["properties"]["timePeriod"]["endDate"].startswith("2036-01-01")
    again = {"eTag": made["eTag"], "properties": {**properties, "amount": 60}}
    assert owner("PUT", path, "2019-10-01", again)[0] == 200
    assert owner("PUT", path, "2019-10-01", again)[0] == 412
    listed = owner("GET", path.rpartition("/")[0], "2019-10-01")[1]["value"]
    assert [b["properties"]["amount"] for b in listed] == [60]
    wrong = {**properties, "timePeriod": {"startDate": "2026-01-02T00:00:00Z"}}
    status, refused = owner("PUT", path, "2019-10-01", {"properties": wrong})
    assert (status, "first day of a month" in refused["error"]["message"]) == (400, True)
    assert owner("DELETE", path, "2019-10-01")[0] == 200
    assert owner("GET", path, "2019-10-01")[0] == 404


def test_a_deleted_group_takes_everything_with_it(home: AzureHome, owner: Caller) -> None:
    store = home.store
    subscription = tenant.facts(store).subscription_id
    made = workspaces.create(store, subscription=subscription, resource_group="rg", name="mlw")
    vault = provider(home, "Microsoft.KeyVault/vaults/kvlab")
    owner("PUT", vault, "2026-02-01", {"location": "westeurope", "properties": {}})
    who, _ = home.robot()
    role_assignments.assign(
        store, principal_id=who.object_id, role="Reader", scope=made.resource_id
    )
    listed = owner("GET", f"{home.group_scope}/resources?$expand=provisioningState", GROUPS)[1]
    assert {r["name"] for r in listed["value"]} >= {"mlw", "kvlab", ACCOUNT}
    assert owner("DELETE", home.group_scope, GROUPS)[0] == 202
    assert owner("GET", home.group_scope, GROUPS)[0] == 404
    assert workspaces.find(store, made.key) is None
    assert role_assignments.list_assignments(store, principal_id=who.object_id) == []
    deleted = f"{tenant.facts(store).subscription_scope}/providers/Microsoft.KeyVault/deletedVaults"
    assert [v["name"] for v in owner("GET", deleted, "2026-02-01")[1]["value"]] == ["kvlab"]
    again = {"location": "westeurope"}
    assert owner("PUT", home.group_scope, GROUPS, again)[0] == 201
    assert owner("GET", f"{home.group_scope}/resources", GROUPS)[1]["value"] == []


def signed(home: AzureHome, *, lite: bool) -> list[tuple[str, str]]:
    """What a client with the account's key sends to the table service."""
    date = http_date(home.store.clock.now())
    resource = f"/{ACCOUNT}/?comp=properties"
    text = f"{date}\n{resource}" if lite else f"GET\n\n\n{date}\n{resource}"
    mac = hmac.new(base64.b64decode(home.key), text.encode(), "sha256").digest()
    scheme = "SharedKeyLite" if lite else "SharedKey"
    credential = f"{scheme} {ACCOUNT}:{base64.b64encode(mac).decode()}"
    return [("x-ms-date", date), ("Authorization", credential)]


def test_the_other_services_of_an_account_tell_their_properties(home: AzureHome) -> None:
    url = f"https://{ACCOUNT}.{{}}.core.windows.net/?restype=service&comp=properties"
    who, _ = home.robot("Reader")
    bearer = home.bearer(who, audiences.STORAGE)
    got = home.wire.answer("GET", url.format("queue"), headers=[bearer])
    assert (got.status, b"<HourMetrics>" in content_of(got)) == (200, True)
    stranger, _ = home.robot()
    bearer = home.bearer(stranger, audiences.STORAGE)
    assert home.wire.answer("GET", url.format("queue"), headers=[bearer]).status == 403
    assert home.wire.answer("GET", url.format("queue")).status == 401
    for lite in (True, False):
        headers = signed(home, lite=lite)
        assert home.wire.answer("GET", url.format("table"), headers=headers).status == 200
        broken = [headers[0], (headers[1][0], headers[1][1][:-6] + "aaaaa=")]
        assert home.wire.answer("GET", url.format("table"), headers=broken).status == 403
    other = f"https://{ACCOUNT}.queue.core.windows.net/?comp=list"
    got = home.wire.answer("GET", other, headers=[home.bearer(who, audiences.STORAGE)])
    assert (got.status, b"shipway has no queues" in content_of(got)) == (501, True)
