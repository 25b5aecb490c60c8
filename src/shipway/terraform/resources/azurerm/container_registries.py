"""azurerm_container_registry. No images are kept here, so what governs images is refused.

Source: azurerm's internal/services/containers/container_registry_resource.go.
"""

from collections.abc import Iterator

from shipway.terraform.calls import Calls
from shipway.terraform.resource import Problem, TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, arm_nouns, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.identities import IDENTITY
from shipway.terraform.resources.azurerm.mapping import (
    LOCATION,
    TAGS,
    AbsentBlocks,
    Beside,
    Field,
    computed,
    switch,
    worded,
)
from shipway.terraform.unknown import UNKNOWN

TYPE_NAME = "azurerm_container_registry"
API_VERSION = "2025-11-01"
NAME = rules.every(
    rules.matches(
        "[a-zA-Z0-9]+", 'alpha numeric characters only are allowed in "{path}": "{value}"'
    ),
    rules.matches(".{5,}", '"{path}" cannot be less than 5 characters: "{value}"'),
    rules.matches(".{0,50}", '"{path}" cannot be longer than 50 characters: "{value}"'),
)
_NO_IMAGES = rules.refused("The registry here keeps no images.")
_ONE_PLACE = rules.refused("There is one machine: nothing is replicated or spread over zones.")


def _enrich(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    del answer
    values |= {"admin_username": "", "admin_password": ""}
    if values["admin_enabled"]:
        path = f"{state['id']}/listCredentials"
        found = calls.arm("POST", path, api_version=API_VERSION) or {}
        passwords = found.get("passwords") or [{}]
        values["admin_username"] = found.get("username") or ""
        values["admin_password"] = passwords[0].get("value") or ""


def _policy(name: str, word: str, *, absent: bool, sent: bool = False) -> Field:
    made = worded(name, f"properties.policies.{word}.status", yes="enabled", no="disabled",
                  absent=absent)  # fmt: skip
    if sent:
        return made
    return Field(name, made.path, from_wire=made.from_wire, absent=absent, sent=False)


NOUN = ArmNoun(
    type_name=TYPE_NAME,
    title="Container Registry",
    shape=arm_ids.REGISTRY,
    api_version=API_VERSION,
    rows=(
        LOCATION,
        TAGS,
        IDENTITY,
        Field("sku", "sku.name"),
        Field("admin_enabled", "properties.adminUserEnabled", absent=False),
        switch("public_network_access_enabled", "properties.publicNetworkAccess"),
        Field(
            "network_rule_bypass_option", "properties.networkRuleBypassOptions",
            absent="AzureServices",
        ),
        _policy("export_policy_enabled", "exportPolicy", absent=True, sent=True),
        _policy(
            "azuread_authentication_as_arm_policy_enabled", "azureADAuthenticationAsArmPolicy",
            absent=True, sent=True,
        ),
        _policy("quarantine_policy_enabled", "quarantinePolicy", absent=False),
        _policy("trust_policy_enabled", "trustPolicy", absent=False),
        Field("retention_policy_in_days", "", sent=False, from_wire=lambda _: None),
        computed("anonymous_pull_enabled", "properties.anonymousPullEnabled", absent=False),
        computed("data_endpoint_enabled", "properties.dataEndpointEnabled", absent=False),
        computed("data_endpoint_host_names", "properties.dataEndpointHostNames", absent=[]),
        Field(
            "network_rule_bypass_for_tasks_enabled", "properties.networkRuleBypassAllowedForTasks",
            absent=False, sent=False,
        ),
        Field(
            "role_assignment_mode", "properties.roleAssignmentMode",
            absent="LegacyRegistryPermissions", sent=False,
        ),
        Field(
            "zone_redundancy_enabled", "properties.zoneRedundancy", absent=False, sent=False,
            from_wire=lambda word: word == "Enabled",
        ),
        computed("login_server", "properties.loginServer", absent=""),
        AbsentBlocks(("encryption", "georeplications", "network_rule_set")),
    ),
    beside=(Beside(("admin_username", "admin_password")),),
    rules={
        "name": NAME,
        "resource_group_name": rules.GROUP_NAME,
        "encryption": rules.refused("There are no keys in key vaults, only secrets."),
        "georeplications": _ONE_PLACE,
        "zone_redundancy_enabled": _ONE_PLACE,
        "network_rule_set": _NO_IMAGES,
        "network_rule_bypass_for_tasks_enabled": _NO_IMAGES,
        "quarantine_policy_enabled": _NO_IMAGES,
        "trust_policy_enabled": _NO_IMAGES,
        "retention_policy_in_days": _NO_IMAGES,
        "anonymous_pull_enabled": _NO_IMAGES,
        "data_endpoint_enabled": _NO_IMAGES,
        "role_assignment_mode": rules.only(
            "LegacyRegistryPermissions", why="The registry here has no repositories."
        ),
    },
    enrich=_enrich,
    updates_by="PATCH",
)  # fmt: skip


def _validate(config: Values) -> Iterator[Problem]:
    yield from arm_nouns.validate(NOUN, config)
    if config.get("export_policy_enabled") is not False:
        return
    if config.get("sku") not in ("Premium", UNKNOWN):
        words = "ACR export policy can only be disabled when using the Premium Sku."
        yield Problem("export_policy_enabled", words)
    if config.get("public_network_access_enabled") not in (False, UNKNOWN):
        words = (
            "To disable export of artifacts, `public_network_access_enabled` must also be `false`"
        )
        yield Problem("public_network_access_enabled", words)


RESOURCE: TerraformResource = resource_of(NOUN, checks=_validate)
