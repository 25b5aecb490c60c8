"""Writes the schema tables of the Terraform providers from what the real providers publish.

Knows which types shipway's providers serve and which facts of a schema its planner reads. The
source is a folder with one `<provider>-<version>.json` for each provider: the answer of `terraform
providers schema -json` joined with the flags that only the provider's own schema objects hold.
All attributes of a served type stay, because a state must be readable by both kinds of provider.
"""

import argparse
import json
from pathlib import Path
from typing import Any

_OUTPUT = Path(__file__).resolve().parent.parent / "src" / "shipway" / "terraform" / "schemas"

_RESOURCES = {
    "azurerm": """
        resource_group storage_account storage_container storage_blob key_vault
        key_vault_access_policy key_vault_secret
        application_insights log_analytics_workspace container_registry machine_learning_workspace
        machine_learning_compute_cluster machine_learning_compute_instance
        machine_learning_datastore_blobstorage role_assignment role_definition
        user_assigned_identity federated_identity_credential monitor_action_group
        monitor_metric_alert consumption_budget_resource_group consumption_budget_subscription
    """,
    "azuread": """
        application service_principal service_principal_password application_password
        application_federated_identity_credential group group_member
    """,
    "azuredevops": """
        project project_features git_repository git_repository_file serviceendpoint_azurerm
        serviceendpoint_github serviceendpoint_generic build_definition build_folder environment
        check_approval check_branch_control check_exclusive_lock check_business_hours
        check_required_template check_rest_api variable_group branch_policy_min_reviewers
        branch_policy_build_validation pipeline_authorization group group_membership team
        team_members user_entitlement
    """,
}
_DATA_SOURCES = {
    "azurerm": """
        client_config subscription resource_group role_definition storage_account storage_container
        key_vault key_vault_secret machine_learning_workspace user_assigned_identity
        application_insights container_registry log_analytics_workspace
    """,
    "azuread": "client_config user users group service_principal application",
    "azuredevops": """
        client_config project projects git_repository git_repositories group groups user users
        team environment variable_group serviceendpoint_azurerm serviceendpoint_github
        build_definition agent_pool agent_queue identity_user descriptor
    """,
}
# the source does not say that letter case does not matter here: the resources check these words
_IN_ANY_CASE = (
    "azuredevops_project version_control",
    "azuredevops_user_entitlement account_license_type",
    "azuredevops_user_entitlement licensing_source",
    "azuredevops_branch_policy_min_reviewers settings scope match_type",
    "azuredevops_branch_policy_build_validation settings scope match_type",
)
_TYPE_KEYS = ("schema_version", "deprecated", "timeouts", "block")
# what a planner reads of an attribute or a block; hints and captured regular expressions stay away
_FACTS = (
    "type", "nesting_mode", "required", "optional", "computed", "sensitive", "write_only",
    "force_new", "default", "default_func", "diff_suppress", "state_func", "min_items",
    "min_items_if_present", "max_items", "allowed_values", "element_allowed_values",
    "conflicts_with", "exactly_one_of", "at_least_one_of", "required_with", "deprecated",
    "deprecation_message", "object_facts", "block",
)  # fmt: skip
_OPENED = {"provider_config", "resources", "data_sources", "attributes", "block_types", "block"}


def trimmed(provider: str, source: dict[str, Any]) -> dict[str, Any]:
    """The table of one provider. Raises `KeyError` for a type that the source does not have."""

    def chosen(kind: str, names: str) -> dict[str, Any]:
        types = sorted(f"{provider}_{name}" for name in names.split())
        return {name: _type(source[kind][name]) for name in types}

    resources = chosen("resources", _RESOURCES[provider])
    _without_words_in_any_case(resources)
    return {
        "provider": source["provider"],
        "version": source["version"],
        "provider_config": _block(source["provider_config"]),
        "resources": resources,
        "data_sources": chosen("data_sources", _DATA_SOURCES[provider]),
    }


def _type(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: schema[key] for key in _TYPE_KEYS if key in schema}
    return {**kept, "block": _block(schema["block"])}


def _without_words_in_any_case(resources: dict[str, Any]) -> None:
    for place in _IN_ANY_CASE:
        type_name, *blocks, attribute = place.split()
        if type_name in resources:
            block = resources[type_name]["block"]
            for name in blocks:
                block = block["block_types"][name]["block"]
            block["attributes"][attribute].pop("allowed_values")


def _block(block: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "attributes": {name: _facts(one) for name, one in sorted(block["attributes"].items())}
    }
    if block.get("block_types"):
        kept["block_types"] = {
            name: _facts(one) for name, one in sorted(block["block_types"].items())
        }
    return kept


def _facts(one: dict[str, Any]) -> dict[str, Any]:
    kept = {key: one[key] for key in _FACTS if key in one}
    if kept.get("type") == "number" and "allowed_values" in kept:
        kept["allowed_values"] = [json.loads(value) for value in kept["allowed_values"]]
    if "block" in kept:
        kept["block"] = _block(kept["block"])
    return kept


def formatted(value: object, *, depth: int = 0, opened: bool = True) -> str:
    """JSON with one attribute a line, so that a change shows as the line of its attribute."""
    if not opened or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = " " * (depth + 1)
    lines = [
        f"{inner}{json.dumps(key)}: "
        + formatted(one, depth=depth + 1, opened=key in _OPENED or _holds_more(one))
        for key, one in value.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n" + " " * depth + "}"


def _holds_more(value: object) -> bool:
    return isinstance(value, dict) and "block" in value


def main() -> int:
    """Write the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--only", choices=sorted(_RESOURCES), help="one provider")
    arguments = parser.parse_args()
    for provider in [arguments.only] if arguments.only else sorted(_RESOURCES):
        [file] = arguments.source.glob(f"{provider}-*.json")
        table = trimmed(provider, json.loads(file.read_text()))
        (_OUTPUT / f"{provider}.json").write_text(formatted(table) + "\n")
        print(f"{provider} {table['version']}: {len(table['resources'])} resources")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
