"""Which calls the verbs make, against a service that keeps what it is sent."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from shipway.base.errors import Conflict
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    UNKNOWN,
    AtAttribute,
    Change,
    PartlyCreated,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azurerm import arm_nouns, blob_requests, table

RESOURCES = {one.type_name.removeprefix("azurerm_"): one for one in table.RESOURCES}
GROUP = "/subscriptions/sub/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-one"


class Service(Calls):
    """ARM in memory: PUT keeps, GET gives, DELETE takes away. `failing` names what is refused."""

    def __init__(self, *, features: Values | None = None) -> None:  # nothing to log in to
        self.subscription_id, self.tenant_id = "sub", "tenant"
        self.features = features or {}
        self.kept: dict[str, dict[str, Any]] = {}
        self.failing: dict[str, ApiError] = {}
        self.made: list[str] = []
        self.sent: list[tuple[str, Mapping[str, str]]] = []

    def arm(
        self, method: str, path: str, *, api_version: str, body: Any = None, **options: Any
    ) -> dict[str, Any] | None:
        self.made.append(f"{method} {path.rpartition('/')[2]} {api_version}")
        parts = urlsplit(path)
        key = parts.path.lower()
        for word, error in self.failing.items():
            if f"{method} {path}".endswith(word):
                raise error
        if method == "PUT":
            self.kept[key] = {"id": parts.path, **body}
        elif method == "PATCH":
            self.kept[key] |= body
        elif method == "DELETE":
            self.kept.pop(key, None)
            return None
        if key not in self.kept and not options.get("missing_ok"):
            raise ApiError(404, "ResourceNotFound", path)
        return self.kept.get(key)

    def data(
        self, method: str, url: str, *, resource: str, **options: Any
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.sent.append((f"{method} {url}", options.get("headers") or {}))
        return 404, {}, json.dumps({}).encode()


def _group_values(name: str, **more: Any) -> Values:
    return {"name": name, "resource_group_name": "rg", "location": "westeurope", **more}


def _identity() -> tuple[TerraformResource, Values]:
    return RESOURCES["user_assigned_identity"], _group_values("id-one")


def test_a_create_looks_puts_and_gives_the_id() -> None:
    service, (resource, values) = Service(), _identity()
    made = resource.create(service, values)
    assert made["id"].endswith("/resourceGroups/rg/providers/Microsoft.ManagedIdentity"
                               "/userAssignedIdentities/id-one")  # fmt: skip
    assert service.made == ["GET id-one 2024-11-30", "PUT id-one 2024-11-30"]


def test_what_is_there_is_not_overwritten_unless_the_features_say_so() -> None:
    service, (resource, values) = Service(), _identity()
    resource.create(service, values)
    with pytest.raises(Conflict, match="needs to be imported into the State"):
        resource.create(service, values)
    word = "skip_import_check_on_create_and_allow_overwriting_existing_resources"
    service.features = {word: True}
    assert resource.create(service, values)["id"]


def test_a_value_that_was_unknown_when_planned_is_refused_before_any_call() -> None:
    service = Service()
    with pytest.raises(AtAttribute, match="to be in the range"):
        RESOURCES["user_assigned_identity"].create(service, _group_values("i"))
    assert not service.made


def test_a_create_that_fails_after_its_put_is_saved_as_partly_created() -> None:
    service = Service()
    path = f"{GROUP}/providers/Microsoft.Insights/components/appi/currentbillingfeatures"
    service.kept[path.lower()] = {}
    service.failing = {f"PUT {path}": ApiError(500, "InternalError", "broken")}
    with pytest.raises(PartlyCreated) as caught:
        RESOURCES["application_insights"].create(
            service, _group_values("appi", application_type="web")
        )
    assert caught.value.values["id"].endswith("/components/appi")


def test_a_patch_is_what_differs_and_what_is_empty_now() -> None:
    new = {"properties": {"a": 1, "same": "s"}, "tags": {"x": "y"}, "location": "westeurope"}
    old = {
        "properties": {"a": 2, "same": "s", "flag": True, "text": "t", "n": 3},
        "kind": "web",
        "location": "westeurope",
    }
    assert arm_nouns.merge_of(new, old) == {
        "properties": {"a": 1, "flag": False, "text": "", "n": None},
        "tags": {"x": "y"},
        "kind": "",
    }


def test_what_is_gone_is_read_as_gone_and_deleted_without_a_word() -> None:
    service, (resource, _) = Service(), _identity()
    state = {"id": f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-one"}
    assert resource.read(service, state) is None
    resource.delete(service, state)


def test_a_group_that_holds_something_is_kept_unless_the_features_say_so() -> None:
    service = Service()
    service.kept[f"{GROUP}/resources".lower()] = {"value": [{"id": VAULT}]}
    resource, state = RESOURCES["resource_group"], {"id": GROUP, "name": "rg"}
    with pytest.raises(Conflict) as caught:
        resource.delete(service, state)
    assert VAULT in caught.value.hint
    block = {"prevent_deletion_if_contains_resources": False}
    service.features = {"resource_group": [block]}
    resource.delete(service, state)
    assert service.made[-1].startswith("DELETE rg")


def _vault(**more: Any) -> Values:
    return _group_values("kv-one", tenant_id=None, sku_name="standard", **more)


def _deleted(service: Service) -> str:
    path = "/subscriptions/sub/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/"
    service.kept[f"{path}kv-one".lower()] = {}
    return path + "kv-one"


def test_a_deleted_vault_is_recovered_unless_the_features_say_otherwise() -> None:
    service = Service()
    _deleted(service)
    RESOURCES["key_vault"].create(service, _vault())
    assert service.kept[VAULT.lower()]["properties"]["createMode"] == "recover"
    other = Service(features={"key_vault": [{"recover_soft_deleted_key_vaults": False}]})
    _deleted(other)
    with pytest.raises(Conflict, match="automatically recovering this Key Vault"):
        RESOURCES["key_vault"].create(other, _vault())


@pytest.mark.parametrize(
    ("features", "protected", "purges"),
    [
        ({}, False, True),
        ({"key_vault": [{"purge_soft_delete_on_destroy": False}]}, False, False),
        ({}, True, False),
    ],
)
def test_a_vault_is_purged_when_it_may_be(features: Values, protected: bool, purges: bool) -> None:
    service = Service(features=features)
    _deleted(service)
    state = {"id": VAULT, "purge_protection_enabled": protected, **_vault()}
    RESOURCES["key_vault"].delete(service, state)
    assert ("POST purge 2026-02-01" in service.made) is purges


def test_the_same_assignment_by_another_id_is_named_for_import() -> None:
    service = Service()
    provider = "/providers/Microsoft.Authorization"
    guid = "11111111-2222-3333-4444-555555555555"
    role = f"/subscriptions/sub{provider}/roleDefinitions/{guid}"
    listed = {"id": f"{ACCOUNT}{provider}/roleAssignments/{guid}",
              "properties": {"roleDefinitionId": role, "scope": ACCOUNT}}  # fmt: skip
    service.kept[f"{ACCOUNT}{provider}/roleAssignments".lower()] = {"value": [listed]}
    name = "99999999-2222-3333-4444-555555555555"
    said = ApiError(409, "RoleAssignmentExists", "The role assignment already exists.")
    service.failing = {f"PUT {ACCOUNT}{provider}/roleAssignments/{name}": said}
    values = {"scope": ACCOUNT, "role_definition_id": role, "principal_id": guid, "name": name}
    with pytest.raises(Conflict) as caught:
        RESOURCES["role_assignment"].create(service, values)
    assert f'"{listed["id"]}" already exists' in str(caught.value)


def test_blobs_are_asked_for_with_the_accounts_key_when_it_may_be_had() -> None:
    service = Service()
    accounts = "/subscriptions/sub/providers/Microsoft.Storage/storageAccounts"
    service.kept[accounts.lower()] = {"value": [{"id": ACCOUNT, "name": "acct"}]}
    service.kept[f"{ACCOUNT}/listKeys".lower()] = {"keys": [{"value": "a2V5"}]}
    blobs = blob_requests.access(service, "acct")
    assert blobs is not None
    blobs.send("HEAD", "c/b", missing_ok=True)
    assert service.sent[-1][1]["Authorization"].startswith("SharedKey acct:")
    service.failing = {f"POST {ACCOUNT}/listKeys": ApiError(403, "AuthorizationFailed", "no")}
    blobs = blob_requests.access(service, "acct")
    assert blobs is not None
    blobs.send("HEAD", "c/b", missing_ok=True)
    assert "Authorization" not in service.sent[-1][1], "the token that calls come with"
    assert blob_requests.access(service, "nowhere") is None


def _change(prior: Values, planned: Values) -> Change:
    return Change(prior=prior, config=planned, planned=dict(planned), requires_replace=set())


@pytest.mark.parametrize(
    ("before", "after", "replaces"),
    [("LRS", "GRS", False), ("LRS", "ZRS", True), ("GZRS", "ZRS", False), ("ZRS", "LRS", True)],
)
def test_only_zones_make_another_account(before: str, after: str, replaces: bool) -> None:
    change = _change(
        {"account_kind": "StorageV2", "account_replication_type": before},
        {"account_kind": "StorageV2", "account_replication_type": after},
    )
    customize = RESOURCES["storage_account"].customize
    assert customize is not None
    customize(change)
    assert bool(change.requires_replace) is replaces


@pytest.mark.parametrize(
    ("configured", "other", "wanted"),
    [
        ({"local_authentication_enabled": False}, "local_authentication_disabled", True),
        ({"local_authentication_disabled": True}, "local_authentication_enabled", False),
        ({"local_authentication_enabled": UNKNOWN}, "local_authentication_disabled", UNKNOWN),
    ],
)
def test_the_other_name_of_a_setting_is_planned_with_it(
    configured: Values, other: str, wanted: object
) -> None:
    prior = {"local_authentication_enabled": True, "local_authentication_disabled": False}
    change = Change(
        prior=prior, config=configured, planned={**prior, **configured}, requires_replace=set()
    )
    customize = RESOURCES["log_analytics_workspace"].customize
    assert customize is not None
    customize(change)
    assert change.planned[other] == wanted
