"""The directory as the azuread provider uses it: applications, principals, groups, filters."""

from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from tests.unit.azure import disk
from tests.wire import azure_home, callers
from tests.wire.azure_home import AzureHome
from tests.wire.callers import Caller

from shipway.azure.arm import role_assignments
from shipway.azure.entra import tenant, users

ARM_SCOPE = "https://management.azure.com/.default"
V1, BETA = "/v1.0", "/beta"


@pytest.fixture
def home(tmp_path: Path) -> AzureHome:
    return azure_home.make(tmp_path)


@pytest.fixture
def owner(home: AzureHome) -> Caller:
    return callers.graph(home, users.owner(home.store))


def reference(object_id: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"}


def application(owner: Caller, **fields: Any) -> dict[str, Any]:
    status, made = owner("POST", f"{V1}/applications", body={"displayName": "ci", **fields})
    assert status == 201, made
    return dict(made)


def principal(owner: Caller, app: dict[str, Any]) -> dict[str, Any]:
    status, made = owner("POST", f"{V1}/servicePrincipals", body={"appId": app["appId"]})
    assert status == 201, made
    return dict(made)


def test_what_is_sent_about_an_application_is_kept(owner: Caller) -> None:
    made = application(
        owner, web={"redirectUris": ["https://a.example/cb"]}, tags=["x"], notes="n",
        identifierUris=["api://one"], signInAudience="AzureADMyOrg",
    )  # fmt: skip
    path = f"{V1}/applications/{made['id']}"
    body = {"displayName": "cd", "description": "d", "api": {"requestedAccessTokenVersion": 2}}
    assert owner("PATCH", path, body=body)[0] == 204
    shown = owner("GET", path)[1]
    assert (shown["displayName"], shown["description"], shown["notes"]) == ("cd", "d", "n")
    assert shown["api"]["requestedAccessTokenVersion"] == 2
    assert shown["web"]["implicitGrantSettings"]["enableIdTokenIssuance"] is False
    post_only = owner("GET", f"{BETA}/applications/{made['id']}?$select=oauth2RequirePostResponse")
    assert post_only[1]["oauth2RequirePostResponse"] is False
    status, refused = owner("PATCH", path, body={"colour": "red"})
    assert (status, refused["error"]["message"].split("'")[1]) == (400, "colour")
    status, refused = owner(
        "POST", f"{V1}/applications", body={"displayName": "b", "identifierUris": ["api://ONE"]}
    )
    assert (status, "identifierUris" in refused["error"]["message"]) == (400, True)


def test_owners_come_and_go(home: AzureHome, owner: Caller) -> None:
    dana, avery = users.ensure_demo_users(home.store)
    made = application(owner, **{"owners@odata.bind": [reference(dana.object_id)["@odata.id"]]})
    base = f"{V1}/applications/{made['id']}/owners"
    assert owner("POST", f"{base}/$ref", body=reference(avery.object_id))[0] == 204
    assert [o["id"] for o in owner("GET", base)[1]["value"]] == [dana.object_id, avery.object_id]
    assert owner("POST", f"{base}/$ref", body=reference(avery.object_id))[0] == 400
    assert owner("DELETE", f"{base}/{dana.object_id}/$ref")[0] == 204
    assert owner("DELETE", f"{base}/{dana.object_id}/$ref")[0] == 404
    assert [o["displayName"] for o in owner("GET", base)[1]["value"]] == ["Avery Approver"]


def test_a_principals_password_opens_until_it_is_taken_back(home: AzureHome, owner: Caller) -> None:
    app = application(owner)
    made = principal(owner, app)
    path = f"{V1}/servicePrincipals/{made['id']}"
    body = {"passwordCredential": {"displayName": "tf", "endDateTime": "2999-01-01T00:00:00Z"}}
    status, password = owner("POST", f"{path}/addPassword", body=body)
    assert (status, password["displayName"]) == (200, "tf")
    assert password["endDateTime"].startswith("2999-01-01T00:00:00")
    assert password["secretText"] not in disk.text_of(home.store)
    assert home.credential(app["appId"], password["secretText"]).get_token(ARM_SCOPE)
    assert [p["keyId"] for p in owner("GET", path)[1]["passwordCredentials"]] == [password["keyId"]]
    assert owner("GET", f"{V1}/applications/{app['id']}")[1]["passwordCredentials"] == []
    taken = {"keyId": password["keyId"]}
    assert owner("POST", f"{V1}/applications/{app['id']}/removePassword", body=taken)[0] == 400
    assert owner("POST", f"{path}/removePassword", body=taken)[0] == 204
    with pytest.raises(ClientAuthenticationError, match="7000215"):
        home.credential(app["appId"], password["secretText"]).get_token(ARM_SCOPE)


def test_a_disabled_principal_gets_no_token(home: AzureHome, owner: Caller) -> None:
    app = application(owner)
    made = principal(owner, app)
    path = f"{V1}/servicePrincipals/{made['id']}"
    secret = owner("POST", f"{path}/addPassword", body={})[1]["secretText"]
    assert owner("PATCH", path, body={"accountEnabled": False, "tags": ["a"]})[0] == 204
    with pytest.raises(ClientAuthenticationError, match="7000112"):
        home.credential(app["appId"], secret).get_token(ARM_SCOPE)
    assert owner("PATCH", path, body={"accountEnabled": True})[0] == 204
    assert home.credential(app["appId"], secret).get_token(ARM_SCOPE)
    assert owner("GET", path)[1]["tags"] == ["a"]


def test_a_group_of_groups_gives_its_roles(home: AzureHome, owner: Caller) -> None:
    who, _ = home.robot()
    body = {"displayName": "outer", "mailNickname": "outer", "mailEnabled": False,
            "securityEnabled": True}  # fmt: skip
    outer = owner("POST", f"{BETA}/groups", body=body)[1]
    inner_body = {**body, "displayName": "inner",
                  "members@odata.bind": [reference(who.object_id)["@odata.id"]]}  # fmt: skip
    inner = owner("POST", f"{BETA}/groups", body=inner_body)[1]
    members = f"{V1}/groups/{outer['id']}/members"
    assert owner("POST", f"{members}/$ref", body=reference(inner["id"]))[0] == 204
    assert owner("POST", f"{members}/$ref", body=reference(inner["id"]))[0] == 400
    role_assignments.assign(
        home.store, principal_id=outer["id"], role="Reader", scope=home.group_scope
    )
    robot = callers.arm(home, who)
    assert robot("GET", home.group_scope, "2021-04-01")[0] == 200
    of_robot = f"{V1}/servicePrincipals/{who.object_id}"
    direct = owner("GET", f"{of_robot}/memberOf")[1]["value"]
    assert [g["displayName"] for g in direct] == ["inner"]
    transitive = owner("GET", f"{of_robot}/transitiveMemberOf")[1]["value"]
    assert {g["id"] for g in transitive} == {inner["id"], outer["id"]}
    assert owner("PATCH", f"{V1}/groups/{outer['id']}", body={"description": "d"})[0] == 204
    assert owner("GET", f"{V1}/groups/{outer['id']}")[1]["description"] == "d"
    assert owner("DELETE", f"{members}/{inner['id']}/$ref")[0] == 204
    assert robot("GET", home.group_scope, "2021-04-01")[0] == 403
    assert owner("DELETE", f"{members}/{inner['id']}/$ref")[0] == 404


def test_kinds_of_groups_that_are_not_here_are_named(owner: Caller) -> None:
    body = {"displayName": "m", "mailNickname": "m", "mailEnabled": True, "groupTypes": ["Unified"]}
    status, refused = owner("POST", f"{V1}/groups", body=body)
    assert (status, "security groups" in refused["error"]["message"]) == (400, True)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("userPrincipalName eq 'DANA@shipway.local'", ["Dana Requester"]),
        ("startswith(displayName,'avery')", ["Avery Approver"]),
        ("mailNickname in ('dana', 'avery')", ["Avery Approver", "Dana Requester"]),
        ("accountEnabled eq true and mail eq 'dana@shipway.local'", ["Dana Requester"]),
        ("displayName eq 'it''s and that'", []),
        ("accountEnabled eq false", []),
    ],
)
def test_users_are_found_by_filter(
    home: AzureHome, owner: Caller, text: str, names: list[str]
) -> None:
    users.ensure_demo_users(home.store)
    status, shown = owner("GET", f"{V1}/users?$filter={text}")
    assert (status, sorted(u["displayName"] for u in shown["value"])) == (200, names)


def test_a_field_that_cannot_be_filtered_is_named(owner: Caller) -> None:
    for text in ("colour eq 'red'", "displayName gt 'a'", "displayName eq 'a' or id eq 'b'"):
        status, refused = owner("GET", f"{V1}/users?$filter={text}")
        assert (status, refused["error"]["code"]) == (400, "Request_UnsupportedQuery"), text


def test_applications_are_found_by_uri(owner: Caller) -> None:
    made = application(owner, identifierUris=["api://one"])
    found = owner("GET", f"{V1}/applications?$filter=identifierUris/any(x:x eq 'api://one')")[1]
    assert [a["id"] for a in found["value"]] == [made["id"]]


def test_users_are_made_changed_and_deleted(home: AzureHome, owner: Caller) -> None:
    body = {"userPrincipalName": "kim@shipway.local", "displayName": "Kim", "mailNickname": "kim",
            "accountEnabled": True, "passwordProfile": {"password": "p"}}  # fmt: skip
    status, made = owner("POST", f"{V1}/users", body=body)
    assert (status, made["userPrincipalName"]) == (201, "kim@shipway.local")
    path = f"{V1}/users/{made['id']}"
    assert owner("PATCH", path, body={"jobTitle": "Engineer"})[0] == 204
    assert owner("GET", path)[1]["jobTitle"] == "Engineer"
    assert owner("GET", f"{V1}/users/kim@shipway.local")[1]["id"] == made["id"]
    foreign = {**body, "userPrincipalName": "kim@elsewhere.example"}
    assert "domain portion" in owner("POST", f"{V1}/users", body=foreign)[1]["error"]["message"]
    assert owner("DELETE", path)[0] == 204
    assert owner("GET", path)[0] == 404
    me = tenant.facts(home.store).owner_object_id
    assert owner("PATCH", f"{V1}/users/{me}", body={"jobTitle": "x"})[0] == 403


def test_objects_are_found_by_their_ids(home: AzureHome, owner: Caller) -> None:
    dana, _ = users.ensure_demo_users(home.store)
    who, _ = home.robot()
    body = {"ids": [dana.object_id, who.object_id, "0" * 36], "types": ["user"]}
    robot = callers.graph(home, who)  # it may look, although it may change nothing
    status, found = robot("POST", f"{V1}/directoryObjects/getByIds", body=body)
    assert (status, [f["id"] for f in found["value"]]) == (200, [dana.object_id])
    assert robot("GET", f"{V1}/directoryObjects/{who.object_id}")[1]["@odata.type"].endswith(
        "servicePrincipal"
    )
    assert robot("GET", f"{V1}/organization")[1]["value"][0]["id"] == who.tenant_id
    assert robot("POST", f"{V1}/groups", body={"displayName": "x"})[0] == 403


def test_a_federated_credential_is_changed_in_place(owner: Caller) -> None:
    app = application(owner)
    base = f"{V1}/applications/{app['id']}/federatedIdentityCredentials"
    body = {"name": "ado", "issuer": "https://i.example", "subject": "s",
            "audiences": ["api://AzureADTokenExchange"]}  # fmt: skip
    made = owner("POST", base, body=body)[1]
    path = f"{base}/{made['id']}"
    assert owner("PATCH", path, body={"subject": "t", "description": "d"})[0] == 204
    shown = owner("GET", path)[1]
    assert (shown["subject"], shown["description"], shown["issuer"]) == (
        "t", "d", "https://i.example"
    )  # fmt: skip
    assert owner("DELETE", path)[0] == 204
    assert owner("GET", path)[0] == 404
