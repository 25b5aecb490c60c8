"""Names and other values, as the real provider holds them and in its words."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from shipway.terraform.calls import Calls
from shipway.terraform.resource import UNKNOWN, AtAttribute, Problem, Values
from shipway.terraform.resources.azurerm import arm_ids, identities, rules, table

RESOURCES = {one.type_name.removeprefix("azurerm_"): one for one in table.RESOURCES}
VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"


def _problems(type_name: str, config: Values) -> list[Problem]:
    return list(RESOURCES[type_name].validate(config))


@pytest.mark.parametrize(
    ("type_name", "name"),
    [
        ("resource_group", "rg-ml_dev.(1)"),
        ("storage_account", "stmlflightsdev01"),
        ("storage_container", "pipeline-artifacts"),
        ("storage_container", "$web"),
        ("key_vault", "kv-flights-dev"),
        ("key_vault_secret", "api-key-2"),
        ("log_analytics_workspace", "log-flights"),
        ("container_registry", "crflights01"),
        ("machine_learning_workspace", "mlw-flights-dev"),
        ("machine_learning_compute_cluster", "cpu-cluster"),
        ("machine_learning_compute_instance", "dev-box"),
        ("machine_learning_datastore_blobstorage", "artifacts_1"),
        ("user_assigned_identity", "id-flights"),
        ("consumption_budget_resource_group", "budget_flights-dev"),
    ],
)
def test_names_that_azure_takes_are_taken(type_name: str, name: str) -> None:
    assert not [one for one in _problems(type_name, {"name": name}) if one.path == "name"]


@pytest.mark.parametrize(
    ("type_name", "name", "words"),
    [
        ("resource_group", "rg#1", "may only contain alphanumeric characters, dash"),
        ("resource_group", "rg.", "may not end with a period"),
        ("resource_group", "r" * 91, "may not exceed 90 characters in length"),
        ("storage_account", "st-ml", "can only consist of lowercase letters and numbers"),
        ("storage_account", "ST", 'name ("ST") can only consist'),
        ("storage_account", "s" * 25, "must be between 3 and 24 characters long"),
        ("storage_container", "Artifacts", "only lowercase alphanumeric characters and hyphens"),
        ("storage_container", "ab", "must be between 3 and 63 characters"),
        ("storage_container", "-abc", "cannot begin with a hyphen"),
        ("storage_container", "a--b", "hold two in a row"),
        ("key_vault", "kv_1", "may only contain alphanumeric characters and dashes"),
        ("key_vault", "1vault", "must start with a letter"),
        ("key_vault", "kv--a", "must not contain consecutive hyphens"),
        ("key_vault_secret", "api_key", "may only contain alphanumeric characters and dashes"),
        ("log_analytics_workspace", "-log", "can only contain alphabet, number, and '-'"),
        ("log_analytics_workspace", "abc", "between 4 and 63 characters"),
        ("container_registry", "cr-1", "alpha numeric characters only are allowed"),
        ("container_registry", "cr1", "cannot be less than 5 characters"),
        ("container_registry", "c" * 51, "cannot be longer than 50 characters"),
        ("machine_learning_workspace", "ml", "must be between 3 and 33 characters"),
        ("machine_learning_compute_cluster", "1cpu", "must start with a letter"),
        ("machine_learning_compute_instance", "a" * 25, "between 3 and 24 characters"),
        ("machine_learning_datastore_blobstorage", "a.b", "must be between 1 and 255"),
        ("user_assigned_identity", "id", "to be in the range (3 - 128)"),
        ("monitor_action_group", " ", "to not be an empty string"),
        ("consumption_budget_resource_group", "a b", "can contain only letters, numbers"),
    ],
)
def test_names_that_azure_refuses_are_refused_at_the_name(
    type_name: str, name: str, words: str
) -> None:
    [problem] = [one for one in _problems(type_name, {"name": name}) if one.path == "name"]
    assert words in problem.summary
    assert not problem.is_warning


@pytest.mark.parametrize(
    ("type_name", "config", "path", "words"),
    [
        ("key_vault", {"tenant_id": "mine"}, "tenant_id",
         'expected "tenant_id" to be a valid UUID, got mine'),
        ("key_vault", {"soft_delete_retention_days": 6}, "soft_delete_retention_days",
         "expected soft_delete_retention_days to be in the range (7 - 90), got 6"),
        ("application_insights", {"sampling_percentage": 101.0}, "sampling_percentage",
         "in the range (0.000000 - 100.000000), got 101.000000"),
        ("log_analytics_workspace", {"daily_quota_gb": -2}, "daily_quota_gb",
         "to be at least (-1.000000), got -2.000000"),
        ("monitor_action_group", {"short_name": "much too long"}, "short_name",
         "expected length of short_name to be in the range (1 - 12)"),
        ("monitor_action_group", {"webhook_receiver": [{"service_uri": "ftp://x"}]},
         "webhook_receiver.0.service_uri", "url with schema of"),
        ("monitor_metric_alert", {"severity": 5}, "severity", "in the range (0 - 4), got 5"),
        ("consumption_budget_resource_group", {"time_period": [{"start_date": "2026-01-02T00Z"}]},
         "time_period.0.start_date", "must be the first of the month"),
        ("consumption_budget_resource_group", {"time_period": [{"start_date": "soon"}]},
         "time_period.0.start_date", "to be a valid RFC3339 date"),
        ("consumption_budget_resource_group", {"notification": [{"threshold": 1001}]},
         "notification.0.threshold", "in the range (0 - 1000), got 1001"),
        ("machine_learning_compute_cluster",
         {"scale_settings": [{"scale_down_nodes_after_idle_duration": "2 minutes"}]},
         "scale_settings.0.scale_down_nodes_after_idle_duration", "ISO8601 duration"),
        ("storage_container", {"metadata": {"Upper": "x"}}, "metadata", "lower-case letters"),
        ("role_assignment", {"scope": "rg-dev"}, "scope", "is not a scope"),
        ("storage_account", {"account_kind": "BlockBlobStorage", "account_tier": "Standard"},
         "account_tier", "is not supported for BlockBlobStorage accounts"),
        ("storage_account", {"account_tier": "Premium", "account_replication_type": "GRS"},
         "account_replication_type", "replicated by `LRS` or `ZRS` only"),
        ("container_registry",
         {"sku": "Basic", "export_policy_enabled": False, "public_network_access_enabled": False},
         "export_policy_enabled", "only be disabled when using the Premium Sku"),
        ("key_vault_secret", {"key_vault_id": "kv-dev"}, "key_vault_id",
         'parsing "kv-dev": parsing the KeyVault ID: the number of segments didn\'t match'),
    ],
)  # fmt: skip
def test_values_are_held_to_the_real_providers_rules(
    type_name: str, config: Values, path: str, words: str
) -> None:
    [problem] = _problems(type_name, config)
    assert problem.path == path
    assert words in problem.summary


@pytest.mark.parametrize(
    ("type_name", "config", "path"),
    [
        ("storage_account", {"is_hns_enabled": True}, "is_hns_enabled"),
        ("storage_account", {"dns_endpoint_type": "AzureDnsZone"}, "dns_endpoint_type"),
        ("storage_account", {"static_website": [{"index_document": "i.html"}]}, "static_website"),
        ("storage_account", {"blob_properties": [{"versioning_enabled": True}]},
         "blob_properties.0.versioning_enabled"),
        ("storage_container", {"container_access_type": "blob"}, "container_access_type"),
        ("storage_blob", {"type": "Page"}, "type"),
        ("container_registry", {"georeplications": [{"location": "northeurope"}]},
         "georeplications"),
        ("machine_learning_workspace", {"kind": "FeatureStore"}, "kind"),
        ("machine_learning_workspace",
         {"managed_network": [{"isolation_mode": "AllowInternetOutbound"}]},
         "managed_network.0.isolation_mode"),
        ("machine_learning_workspace",
         {"identity": [{"type": "UserAssigned", "identity_ids": ["/id"]}]}, "identity.0.type"),
        ("machine_learning_datastore_blobstorage",
         {"service_data_auth_identity": "WorkspaceSystemAssignedIdentity"},
         "service_data_auth_identity"),
        ("machine_learning_compute_cluster", {"ssh": [{"admin_username": "me"}]}, "ssh"),
        ("machine_learning_compute_cluster", {"subnet_resource_id": "/subscriptions/x"},
         "subnet_resource_id"),
        ("role_assignment", {"condition": "@Resource"}, "condition"),
        ("monitor_metric_alert", {"dynamic_criteria": [{"metric_name": "x"}]}, "dynamic_criteria"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_by_name_with_the_cause(
    type_name: str, config: Values, path: str
) -> None:
    [problem] = _problems(type_name, config)
    assert problem.path == path
    assert "is not supported by shipway" in problem.summary
    assert problem.detail.endswith(".")


@pytest.mark.parametrize(
    ("type_name", "config"),
    [
        ("storage_account", {"is_hns_enabled": False, "dns_endpoint_type": "Standard"}),
        ("storage_account", {"name": UNKNOWN, "network_rules": [{"ip_rules": ["10.0.0.1"]}]}),
        ("storage_account", {"blob_properties": [{"versioning_enabled": False}]}),
        ("machine_learning_workspace", {"managed_network": [{"isolation_mode": "Disabled"}]}),
        ("monitor_metric_alert", {"action": [{"action_group_id": UNKNOWN}]}),
        ("user_assigned_identity", {"name": None}),
    ],
)
def test_defaults_and_unknown_values_pass(type_name: str, config: Values) -> None:
    assert not _problems(type_name, config)


def test_receivers_that_reach_nobody_are_told_of_and_taken() -> None:
    config = {"email_receiver": [{"name": "team", "email_address": "team@example.com"}]}
    [problem] = _problems("monitor_action_group", config)
    assert problem.is_warning
    assert problem.summary == "email_receiver has no effect on shipway"


def test_keys_that_cannot_be_switched_off_are_told_of() -> None:
    [problem] = _problems("storage_account", {"shared_access_key_enabled": False})
    assert problem.is_warning
    assert problem.path == "shared_access_key_enabled"
    assert not _problems("storage_account", {"shared_access_key_enabled": True})


def test_a_value_that_was_unknown_is_held_when_it_is_known() -> None:
    with pytest.raises(AtAttribute) as caught:
        rules.enforce({"tenant_id": rules.uuid}, {"tenant_id": "mine"})
    assert caught.value.path == "tenant_id"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"type": "SystemAssigned", "identity_ids": ["/x"]}, "can only be specified"),
        ({"type": "UserAssigned", "identity_ids": []}, "must be specified"),
    ],
)
def test_identity_ids_go_with_their_kind(block: Values, words: str) -> None:
    [problem] = _problems("storage_account", {"identity": [block]})
    assert problem.path == "identity"
    assert words in problem.summary


def test_an_identity_of_both_kinds_comes_back_with_its_ids() -> None:
    answer = {
        "identity": {
            "type": "SystemAssigned,UserAssigned", "principalId": "p", "tenantId": "t",
            "userAssignedIdentities": {"/b": {}, "/a": {}},
        }
    }  # fmt: skip
    into: Values = {}
    identities.IDENTITY.take(answer, into)
    assert into["identity"] == [
        {"type": "SystemAssigned, UserAssigned", "identity_ids": ["/a", "/b"],
         "principal_id": "p", "tenant_id": "t"}
    ]  # fmt: skip


def test_ids_are_filled_and_taken_apart() -> None:
    parts = {"subscription": "s", "group": "g", "name": "v"}
    assert arm_ids.KEY_VAULT.fill(**parts) == VAULT
    assert arm_ids.KEY_VAULT.parse(VAULT) == parts
    assert arm_ids.KEY_VAULT.parse(VAULT.lower()) == parts
    assert arm_ids.KEY_VAULT.parts_of(VAULT.lower(), exact=True) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kv", "the number of segments didn't match"),
        (VAULT.replace("vaults", "safes"), "segments differ"),
        (f"{VAULT}/secrets/x", "the number of segments didn't match"),
    ],
)
def test_a_wrong_id_is_shown_beside_a_right_one(text: str, words: str) -> None:
    with pytest.raises(AtAttribute) as caught:
        arm_ids.KEY_VAULT.parse(text, "key_vault_id")
    assert caught.value.path == "key_vault_id"
    assert words in caught.value.summary
    assert f"> {arm_ids.KEY_VAULT.example}" in caught.value.detail


class _NoCalls(Calls):
    """Fails on every call: an import begins with its id alone."""

    def __init__(self) -> None:  # nothing to log in to
        self.subscription_id = "s"


IMPORTS: Iterable[tuple[str, str]] = [
    ("resource_group", "/subscriptions/s/resourcegroups/g"),
    ("key_vault", "kv-dev"),
    ("storage_container", "pipeline-artifacts"),
    ("storage_blob", "https://account.blob.core.windows.net/container"),
    ("key_vault_secret", "https://kv.vault.azure.net/secrets/name"),
    ("role_assignment", "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/x"),
    ("machine_learning_compute_cluster", VAULT),
]


@pytest.mark.parametrize(("type_name", "text"), IMPORTS)
def test_a_malformed_id_is_refused_at_import(type_name: str, text: str) -> None:
    importer: Callable[[Any, str], Values] = RESOURCES[type_name].import_state
    with pytest.raises(AtAttribute) as caught:
        importer(_NoCalls(), text)
    assert caught.value.path == "id"
