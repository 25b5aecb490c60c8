"""Data sources that read what a resource of the same name describes."""

from collections.abc import Mapping
from functools import partial

from shipway.base.errors import NotFound
from shipway.terraform.calls import Calls
from shipway.terraform.resource import Problem, TerraformDataSource, Values
from shipway.terraform.resources.azurerm import (
    application_insights,
    arm_nouns,
    container_registries,
    key_vaults,
    log_analytics_workspaces,
    ml_workspaces,
    resource_groups,
    storage_accounts,
    user_assigned_identities,
)
from shipway.terraform.resources.azurerm import rules as rules_of
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun
from shipway.terraform.resources.azurerm.rules import Rule


def data_source_of(noun: ArmNoun) -> TerraformDataSource:
    """What is there of this noun, by its name."""
    rules = {name: rule for name, rule in noun.rules.items() if name in noun.parts}
    return TerraformDataSource(
        type_name=noun.type_name,
        read=partial(_read, noun),
        validate=partial(_validate, rules),
    )


def absent(noun: ArmNoun, calls: Calls, config: Values) -> NotFound:
    """The error when it is not there, which shows the whole id as the real provider prints it."""
    shown = [f'Subscription: "{calls.subscription_id}"']
    if "resource_group_name" in noun.parts:
        shown.append(f'Resource Group Name: "{config["resource_group_name"]}"')
    shown.append(f'{noun.title} Name: "{config["name"]}"')
    place = "\n".join(shown)
    return NotFound(f"{noun.title} ({place}) was not found", code="NotFound")


def _read(noun: ArmNoun, calls: Calls, config: Values) -> Values:
    resource_id = arm_nouns.id_in(noun, calls, config)
    found = arm_nouns.read(noun, calls, {"id": resource_id})
    if found is None:
        raise absent(noun, calls, config)
    return {**found, "id": resource_id}


def _validate(rules: Mapping[str, Rule], config: Values) -> list[Problem]:
    return list(rules_of.problems(rules, config))


DATA_SOURCES: tuple[TerraformDataSource, ...] = tuple(
    data_source_of(module.NOUN)
    for module in (
        resource_groups,
        storage_accounts,
        key_vaults,
        application_insights,
        log_analytics_workspaces,
        container_registries,
        ml_workspaces,
        user_assigned_identities,
    )
)
