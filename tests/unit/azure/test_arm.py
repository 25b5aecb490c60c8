"""Resource ids, roles and where they reach, groups, operations."""

import pytest
from tests.unit.azure import disk

from shipway.azure.arm import (
    developer_credential,
    operations,
    resource_groups,
    resource_ids,
    resources,
    role_assignments,
    role_definitions,
)
from shipway.azure.entra import (
    groups,
    managed_identities,
    service_principals,
    tenant,
    users,
)
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound
from shipway.base.machine import InvalidTransition
from shipway.store.store import Store

ML = "Microsoft.MachineLearningServices/workspaces"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def test_an_id_is_read_and_written_back() -> None:
    text = "/subscriptions/S/resourceGroups/R/providers/N.M/workspaces/W/computes/C"
    parsed = resource_ids.parse(text)
    assert str(parsed) == text
    assert (parsed.name, parsed.full_type) == ("C", "N.M/workspaces/computes")
    assert str(parsed.parent) == text.rpartition("/computes")[0]
    assert str(parsed.parent.parent) == "/subscriptions/S/resourceGroups/R"
    assert str(parsed.parent.parent.parent) == "/subscriptions/S"
    assert parsed.parent.child("computes", "C") == parsed


@pytest.mark.parametrize(
    "text",
    ["", "/", "/subscriptions", "/subscriptions/", "S/R", "/subscriptions/S/resourceGroups",
     "/subscriptions/S/resourceGroups/R/N", "/subscriptions/S//resourceGroups/R",
     "/subscriptions/S/resourceGroups/R/providers/N/types"],
)  # fmt: skip
def test_a_bad_id_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        resource_ids.parse(text)
    assert caught.value.code == "LinkedInvalidPropertyId"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/subscriptions", "/"),
        ("/subscriptions/S", "/subscriptions/S"),
        ("/subscriptions/S/resourcegroups", "/subscriptions/S"),
        ("/subscriptions/S/resourcegroups/R", "/subscriptions/S/resourcegroups/R"),
        ("/subscriptions/S/resourceGroups/R/providers/N/ws", "/subscriptions/S/resourceGroups/R"),
        ("/subscriptions/S/resourceGroups/R/providers/N/ws/W/listKeys",
         "/subscriptions/S/resourceGroups/R/providers/N/ws/W"),
        ("/subscriptions/S/resourceGroups/R/providers/N/ws/W/jobs/J",
         "/subscriptions/S/resourceGroups/R/providers/N/ws/W/jobs/J"),
        ("/history/v1.0/subscriptions/S/resourceGroups/R/providers/N/ws/W/runs",
         "/subscriptions/S/resourceGroups/R/providers/N/ws/W"),
        ("/subscriptions/S/resourceGroups/R/providers/N/ws/W/providers/Microsoft.Authorization/"
         "roleAssignments/G", "/subscriptions/S/resourceGroups/R/providers/N/ws/W"),
        ("/subscriptions/S/providers/Microsoft.Authorization/roleDefinitions", "/subscriptions/S"),
    ],
)  # fmt: skip
def test_a_path_names_its_scope(path: str, scope: str) -> None:
    assert resource_ids.scope_of_path(path) == scope


def test_a_scope_contains_only_what_lies_below_it() -> None:
    assert resource_ids.contains(
        "/subscriptions/S/resourceGroups/a", "/SUBSCRIPTIONS/S/resourceGroups/A/x"
    )
    assert not resource_ids.contains(
        "/subscriptions/S/resourceGroups/a", "/subscriptions/S/resourceGroups/ab"
    )
    assert resource_ids.contains("/", "/subscriptions/S")


@pytest.mark.parametrize(
    ("role", "action", "permitted"),
    [
        ("Owner", "Microsoft.Authorization/roleAssignments/write", True),
        ("Owner", f"{BLOBS}/read", False),
        ("Contributor", "Microsoft.Authorization/roleAssignments/write", False),
        ("Contributor", f"{ML}/write", True),
        ("Reader", f"{ML}/jobs/read", True),
        ("Reader", f"{ML}/jobs/write", False),
        ("Reader", "Microsoft.Storage/storageAccounts/listKeys/action", False),
        ("AzureML Data Scientist", f"{ML}/jobs/write", True),
        ("AzureML Data Scientist", f"{ML}/read", True),
        ("AzureML Data Scientist", f"{ML}/write", False),
        ("AzureML Data Scientist", f"{ML}/computes/write", False),
        ("AzureML Data Scientist", f"{ML}/computes/read", True),
        ("AzureML Compute Operator", f"{ML}/computes/write", True),
        ("AzureML Compute Operator", f"{ML}/jobs/read", False),
        ("AzureML Metrics Writer (preview)", f"{ML}/metrics/resource/write", True),
        ("Storage Blob Data Reader", f"{BLOBS}/read", True),
        ("Storage Blob Data Reader", f"{BLOBS}/write", False),
        ("Storage Blob Data Contributor", f"{BLOBS}/DELETE", True),
        ("Storage Blob Data Owner", f"{BLOBS}/runAsSuperUser/action", True),
        ("AcrPull", "Microsoft.ContainerRegistry/registries/push/write", False),
        ("Key Vault Secrets User", "Microsoft.KeyVault/vaults/secrets/getSecret/action", True),
        ("Key Vault Secrets User", "Microsoft.KeyVault/vaults/secrets/setSecret/action", False),
        ("Key Vault Secrets Officer", "Microsoft.KeyVault/vaults/secrets/setSecret/action", True),
        ("Owner", "Microsoft.KeyVault/vaults/secrets/getSecret/action", False),
    ],
)  # fmt: skip
def test_a_role_permits_what_azure_says(role: str, action: str, permitted: bool) -> None:
    assert role_definitions.get(role).permits(action) is permitted


def test_every_role_has_a_guid_and_a_name_of_its_own() -> None:
    assert len({r.role_id for r in role_definitions.ROLES}) == len(role_definitions.ROLES)
    assert len({r.name for r in role_definitions.ROLES}) == len(role_definitions.ROLES)
    base = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/"
    for role in role_definitions.ROLES:
        assert role_definitions.get(base + role.role_id.upper()) is role


def robot(store: Store) -> Principal:
    return service_principals.create_with_application(store, display_name="robot")


def test_a_role_reaches_downwards_only(store: Store) -> None:
    who, top = robot(store), tenant.facts(store).subscription_scope
    group = f"{top}/resourceGroups/a"
    role_assignments.assign(store, principal_id=who.object_id, role="Reader", scope=group)
    read = f"{ML}/read"
    role_assignments.require(store, who, action=read, scope=f"{group}/providers/{ML}/w")
    role_assignments.require(store, who, action=read, scope=group.upper())
    for scope in (top, f"{top}/resourceGroups/ab", "/"):
        with pytest.raises(Forbidden) as caught:
            role_assignments.require(store, who, action=read, scope=scope)
        assert caught.value.message == (
            f"The client '{who.app_id}' with object id '{who.object_id}' does not have "
            f"authorization to perform action '{read}' over scope '{scope}' or the scope is "
            "invalid. If access was recently granted, please refresh your credentials."
        )


def test_without_a_role_nothing_is_permitted(store: Store) -> None:
    scope = tenant.facts(store).subscription_scope
    for who in (robot(store), ANONYMOUS):
        assert not role_assignments.is_permitted(store, who, action=f"{ML}/read", scope=scope)


def test_the_owner_of_the_machine_may_do_everything(store: Store) -> None:
    scope = tenant.facts(store).subscription_scope
    owner = users.owner(store)
    assert role_assignments.is_permitted(store, owner, action=f"{BLOBS}/read", scope=scope)
    found = role_assignments.list_assignments(store, principal_id=owner.object_id)
    assert [a.role.name for a in found] == ["Owner"]


def test_a_group_gives_its_members_its_role(store: Store) -> None:
    who, scope = robot(store), tenant.facts(store).subscription_scope
    group = groups.create(store, display_name="readers")
    role_assignments.assign(store, principal_id=group.object_id, role="Reader", scope=scope)
    assert not role_assignments.is_permitted(store, who, action=f"{ML}/read", scope=scope)
    groups.add_member(store, group_id=group.object_id, member_id=who.object_id)
    assert role_assignments.is_permitted(store, who, action=f"{ML}/read", scope=scope)
    groups.remove_member(store, group_id=group.object_id, member_id=who.object_id)
    assert not role_assignments.is_permitted(store, who, action=f"{ML}/read", scope=scope)


def test_an_assignment_is_made_once_and_taken_back(store: Store) -> None:
    who, scope = robot(store), tenant.facts(store).subscription_scope
    one = role_assignments.assign(store, principal_id=who.object_id, role="Reader", scope=scope)
    assert role_assignments.assign(
        store, principal_id=who.object_id, role="reader", scope=scope.upper()
    ) == one  # fmt: skip
    with pytest.raises(Conflict) as caught:
        role_assignments.assign(
            store, principal_id=who.object_id, role="Reader", scope=scope,
            assignment_id="00000000-0000-0000-0000-000000000001",
        )  # fmt: skip
    assert caught.value.code == "RoleAssignmentExists"
    with pytest.raises(Conflict) as caught:
        role_assignments.assign(
            store, principal_id=who.object_id, role="Owner", scope=scope,
            assignment_id=one.assignment_id,
        )  # fmt: skip
    assert caught.value.code == "RoleAssignmentUpdateNotPermitted"
    role_assignments.remove(store, one.assignment_id)
    assert not role_assignments.is_permitted(store, who, action=f"{ML}/read", scope=scope)
    with pytest.raises(NotFound):
        role_assignments.remove(store, one.assignment_id)


def test_only_who_exists_gets_a_role_that_exists(store: Store) -> None:
    who, scope = robot(store), tenant.facts(store).subscription_scope
    with pytest.raises(BadInput) as wrong:
        role_assignments.assign(store, principal_id=who.app_id, role="Reader", scope=scope)
    assert (wrong.value.code, wrong.value.where) == ("PrincipalNotFound", who.app_id)
    with pytest.raises(NotFound) as absent:
        role_assignments.assign(store, principal_id=who.object_id, role="Boss", scope=scope)
    assert absent.value.code == "RoleDefinitionDoesNotExist"
    assert "Contributor" in absent.value.hint


def test_a_resource_group_keeps_its_place(store: Store) -> None:
    made, is_new = resource_groups.create_or_update(store, name="Rg", location="West Europe")
    assert is_new
    assert made.location == "westeurope"
    again, is_new = resource_groups.create_or_update(
        store, name="RG", location="westeurope", tags={"a": "b"}
    )
    assert (is_new, again.name, again.tags) == (False, "Rg", {"a": "b"})
    with pytest.raises(BadInput) as caught:
        resource_groups.create_or_update(store, name="rg", location="eastus")
    assert caught.value.code == "InvalidResourceGroupLocation"
    for name in ("", "a.", "a/b", "x" * 91, "a b"):
        with pytest.raises(BadInput):
            resource_groups.create_or_update(store, name=name, location="westeurope")


def test_a_deleted_group_takes_its_roles_with_it(store: Store) -> None:
    who = robot(store)
    group, _ = resource_groups.create_or_update(store, name="g", location="westeurope")
    role_assignments.assign(
        store, principal_id=who.object_id, role="Reader", scope=group.resource_id + "/providers/x"
    )
    resource_groups.delete(store, "G")
    assert role_assignments.list_assignments(store, principal_id=who.object_id) == []
    with pytest.raises(NotFound):
        resource_groups.delete(store, "g")


def test_a_resource_has_an_identity_when_it_asks_for_one(store: Store) -> None:
    group, _ = resource_groups.create_or_update(store, name="g", location="westeurope")
    resource_id = f"{group.resource_id}/providers/Microsoft.KeyVault/vaults/v"
    made, is_new = resources.create_or_update(
        store, resource_id=resource_id, identity_type="SystemAssigned"
    )
    assert (is_new, made.provisioning_state, made.location) == (True, "Succeeded", "westeurope")
    assert managed_identities.find_for(store, resource_id) is not None
    resources.delete(store, resource_id.upper())
    assert managed_identities.find_for(store, resource_id) is None
    with pytest.raises(NotFound, match="vaults/v"):
        resources.get(store, resource_id)
    with pytest.raises(NotFound, match="'absent'"):
        resources.create_or_update(store, resource_id=resource_id.replace("/g/", "/absent/"))


def test_an_operation_ends_once(store: Store) -> None:
    started = operations.start(store, resource_id="/subscriptions/s")
    assert started.status == "InProgress"
    ended = operations.finish(store, started.operation_id, result={"a": 1})
    assert (ended.status, ended.result) == ("Succeeded", {"a": 1})
    with pytest.raises(InvalidTransition):
        operations.fail(store, started.operation_id, code="X", message="y")
    assert operations.get(store, started.operation_id) == ended


def test_the_developers_credential_is_always_the_same(store: Store) -> None:
    made = developer_credential.get(store)
    assert developer_credential.get(store) == made
    who = service_principals.check_secret(store, app_id=made.client_id, secret=made.client_secret)
    scope = tenant.facts(store).subscription_scope
    assert role_assignments.is_permitted(store, who, action=f"{ML}/write", scope=scope)
    pages = disk.text_of(store)
    assert made.client_secret not in pages
    assert made.personal_access_token not in pages
