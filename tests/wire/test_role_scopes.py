"""What is authorized is what is acted upon: custom roles and assignments of other scopes."""

from pathlib import Path
from typing import Any

import pytest
from tests.wire import azure_home, callers
from tests.wire.azure_home import AzureHome
from tests.wire.callers import Caller
from tests.wire.in_process import Wire

from shipway.azure.arm import resource_groups, role_assignments, role_definitions
from shipway.azure.entra import tenant, users
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.ml import registries
from shipway.wire.arm import table as arm_table
from shipway.wire.ml.table import arm_routes

GROUPS, ROLES = "2021-04-01", "2022-04-01"
ROLE = "/providers/Microsoft.Authorization/roleAssignments/"


@pytest.fixture
def home(tmp_path: Path) -> AzureHome:
    return azure_home.make(tmp_path)


@pytest.fixture
def owner(home: AzureHome) -> Caller:
    return callers.arm(home, users.owner(home.store))


def assignment(home: AzureHome, role: str, principal: Principal) -> dict[str, Any]:
    base = f"{tenant.facts(home.store).subscription_scope}/providers/Microsoft.Authorization"
    role_id = f"{base}/roleDefinitions/{role_definitions.get(role).role_id}"
    return {"properties": {"roleDefinitionId": role_id, "principalId": principal.object_id}}


def two_groups(home: AzureHome) -> tuple[str, Principal, Caller]:
    """The scope of the group `theirs`, and somebody who owns that group and nothing else."""
    resource_groups.create_or_update(home.store, name="theirs", location="westeurope")
    scope = home.group_scope[: -len("rg")] + "theirs"
    who, _ = home.robot("Owner", scope=scope)
    return scope, who, callers.arm(home, who)


def definition(*scopes: str, actions: tuple[str, ...] = ("*",)) -> dict[str, Any]:
    return {"properties": {"roleName": "Trainer", "assignableScopes": list(scopes),
                           "permissions": [{"actions": list(actions)}]}}  # fmt: skip


DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions/"


def test_a_custom_role_is_changed_by_who_may_at_all_its_scopes(
    home: AzureHome, owner: Caller
) -> None:
    theirs, _, outsider = two_groups(home)
    path = DEFINITIONS + ids.new_guid()
    narrow = ("Microsoft.Storage/storageAccounts/read",)
    status, made = owner("PUT", home.group_scope + path, ROLES,
                         definition(home.group_scope, actions=narrow))  # fmt: skip
    assert status == 201
    for wanted in (home.group_scope, theirs):
        status, refused = outsider("PUT", theirs + path, ROLES, definition(wanted))
        assert (status, refused["error"]["code"]) == (403, "AuthorizationFailed"), wanted
        assert (
            f"roleDefinitions/write' over scope '{home.group_scope}'"
            in (refused["error"]["message"])
        )
    status, refused = outsider("DELETE", theirs + path, ROLES)
    assert (status, refused["error"]["code"]) == (403, "AuthorizationFailed")
    assert owner("GET", home.group_scope + path, ROLES)[1] == made
    own = theirs + DEFINITIONS + ids.new_guid()
    mine = definition(theirs)
    mine["properties"]["roleName"] = "Mine"
    assert outsider("PUT", own, ROLES, mine)[0] == 201
    mine["properties"]["assignableScopes"] = [theirs, home.group_scope]
    assert outsider("PUT", own, ROLES, mine)[0] == 403
    assert outsider("DELETE", own, ROLES)[0] == 200


def test_a_custom_role_counts_within_its_scopes_only(home: AzureHome, owner: Caller) -> None:
    theirs, who, _ = two_groups(home)
    path = home.group_scope + DEFINITIONS + ids.new_guid()
    made = owner("PUT", path, ROLES, definition(home.group_scope, theirs))[1]
    robot, _ = home.robot()
    role_assignments.assign(
        home.store, principal_id=robot.object_id, role=made["id"], scope=home.group_scope
    )
    status, refused = owner("PUT", path, ROLES, definition(theirs))
    assert (status, refused["error"]["code"]) == (400, "RoleDefinitionHasAssignments")
    assert callers.arm(home, robot)("GET", home.group_scope, GROUPS)[0] == 200
    # what an older home holds may be otherwise
    document = home.store.documents.get("role_definition", made["name"])
    home.store.documents.put(
        "role_definition", made["name"], {**document.body, "assignable_scopes": [theirs]}
    )
    assert callers.arm(home, robot)("GET", home.group_scope, GROUPS)[0] == 403
    assert who.object_id != robot.object_id


def test_an_assignment_is_deleted_and_changed_at_its_own_scope(
    home: AzureHome, owner: Caller
) -> None:
    theirs, who, outsider = two_groups(home)
    robot, _ = home.robot("Reader")
    [given] = role_assignments.list_assignments(home.store, principal_id=robot.object_id)
    tail = ROLE + given.assignment_id
    wide = tenant.facts(home.store).subscription_scope
    for scope in (theirs, theirs.upper(), f"{theirs}/providers/Microsoft.KeyVault/vaults/v"):
        assert outsider("DELETE", scope + tail, ROLES)[0] == 204
        assert outsider("GET", scope + tail, ROLES)[0] == 404
        status, refused = outsider("PUT", scope + tail, ROLES, assignment(home, "Owner", who))
        assert (status, refused["error"]["code"]) in (
            (409, "RoleAssignmentUpdateNotPermitted"), (409, "RoleAssignmentExists"),
        )  # fmt: skip
    assert owner("DELETE", wide + tail, ROLES)[0] == 204
    assert role_assignments.get(home.store, given.assignment_id) == given
    assert owner("DELETE", home.group_scope.lower() + tail, ROLES)[0] == 200


TRICKS = (
    "{other}%2Fsubscriptions{theirs}", "{encoded}{theirs}", "{theirs}/..%2Frg",
    "{theirs}%2F..%2Frg", "{other}{tail}{theirs}", "/{other}", "{doubled}", "/x{theirs}",
    "{theirs}/x", "{theirs}//providers/Microsoft.Authorization{other}",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["roleAssignments", "roleDefinitions", "budgets"])
def test_no_spelling_of_a_path_reaches_another_scope(home: AzureHome, kind: str) -> None:
    theirs, who, outsider = two_groups(home)
    provider = "Microsoft.Consumption" if kind == "budgets" else "Microsoft.Authorization"
    version = "2019-10-01" if kind == "budgets" else ROLES
    role_assignments.list_assignments(home.store)
    before = home.fingerprint()
    for trick in TRICKS:
        spelled = trick.format(
            theirs=theirs, other=home.group_scope, doubled=home.group_scope.replace("/", "//"),
            encoded="/" + home.group_scope[1:].replace("/", "%2F"), tail=ROLE + ids.new_guid(),
        )  # fmt: skip
        path = f"{spelled}/providers/{provider}/{kind}"
        assert outsider("GET", path, version)[0] in (400, 403, 404), path
        body = assignment(home, "Owner", who)
        assert outsider("PUT", f"{path}/{ids.new_guid()}", version, body)[0] in (400, 403, 404)
    assert home.fingerprint() == before


def test_a_registry_is_used_by_who_may_read_it(
    home: AzureHome, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = arm_table.protocol(home.store, arm_routes(home.store))
    monkeypatch.setattr(Wire, "protocol_of", lambda *_: whole)
    theirs, who, outsider = two_groups(home)
    provider = "/providers/Microsoft.MachineLearningServices"
    shared = f"{home.group_scope}{provider}/registries/contoso-ml"
    region = {"location": "westeurope"}
    body = {**region, "properties": {"regionDetails": [region]}}
    assert owner("PUT", shared, "2024-04-01", body)[0] in (200, 201)
    assert registries.by_name(home.store, "contoso-ml").arm_id == shared
    lab = f"{theirs}{provider}/workspaces/lab"
    assert outsider("PUT", lab, "2024-10-01", {**region, "properties": {}})[0] == 200
    place = "azureml://registries/contoso-ml"
    job = {"jobType": "Command", "command": "cat ${{inputs.m}}", "environmentId": "azureml:e:1",
           "inputs": {"m": {"jobInputType": "custom_model",
                            "uri": f" azureml:{place.upper()}/models/m/versions/1"}}}  # fmt: skip
    trigger = {"triggerType": "Cron", "expression": "0 0 * * *"}
    cases: dict[str, dict[str, Any]] = {
        "jobs/j": job,
        "schedules/s": {"action": {"actionType": "CreateJob", "jobDefinition": job},
                        "trigger": trigger},
        "onlineEndpoints/e/deployments/blue": {"endpointComputeType": "Managed",
                                               "model": f"{place}/models/m/versions/1"},
        "components/c/versions/1": {"componentSpec": {
            "type": "command", "name": "c", "command": "true",
            "environment": f"{place}/environments/e/labels/latest"}},
    }  # fmt: skip
    for path, properties in cases.items():
        body = {**region, "properties": properties}
        status, refused = outsider("PUT", f"{lab}/{path}", "2024-10-01", body)
        assert (status, refused["error"]["code"]) == (403, "LinkedAuthorizationFailed"), path
        assert (
            f"registries/assets/read' on the linked scope(s) '{shared}'"
            in (refused["error"]["message"])
        )
    role_assignments.assign(
        home.store, principal_id=who.object_id, role="AzureML Registry User", scope=shared
    )
    for path, properties in cases.items():
        body = {**region, "properties": properties}
        assert outsider("PUT", f"{lab}/{path}", "2024-10-01", body)[0] != 403, path
