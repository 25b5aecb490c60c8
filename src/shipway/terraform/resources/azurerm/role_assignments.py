"""azurerm_role_assignment: a principal, a role and a scope. Nothing of it can be changed.

Source: azurerm's internal/services/authorization/role_assignment_resource.go.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from shipway.base import ids
from shipway.base.errors import NotFound
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import AtAttribute, Problem, TerraformResource, Values
from shipway.terraform.resources.azurerm import rules
from shipway.terraform.resources.azurerm.arm_nouns import refuse_taken, taken
from shipway.terraform.resources.azurerm.mapping import Beside, Field, Mapped, computed, flatten

TYPE_NAME = "azurerm_role_assignment"
API_VERSION = "2022-04-01"
DEFINITIONS_VERSION = "2022-05-01-preview"
_PROVIDER = "/providers/Microsoft.Authorization"
_ID = re.compile(rf"(?P<scope>/?.*?){_PROVIDER}/roleAssignments/(?P<name>[^/|]+)(?:\|[^/]*)?")
_CONDITIONS = rules.refused("Roles here hold wholly: conditions are not evaluated.")

ROWS: tuple[Mapped, ...] = (
    computed("principal_id", "properties.principalId"),
    computed("principal_type", "properties.principalType"),
    computed("role_definition_id", "properties.roleDefinitionId"),
    Field("description", "properties.description", sent=False),
    Field("condition", "properties.condition", sent=False),
    Field("condition_version", "properties.conditionVersion", sent=False),
    Field(
        "delegated_managed_identity_resource_id", "properties.delegatedManagedIdentityResourceId",
        sent=False,
    ),
    Beside(("name", "scope", "role_definition_name", "skip_service_principal_aad_check")),
)  # fmt: skip
RULES: dict[str, rules.Rule] = {
    "name": rules.uuid,
    "principal_id": rules.uuid,
    "scope": rules.matches(
        "/|/subscriptions/.+|/providers/Microsoft.Management/managementGroups/.+",
        'cannot parse Azure ID: "{value}" is not a scope of Azure Resource Manager',
    ),
    "condition": _CONDITIONS,
    "condition_version": _CONDITIONS,
    "delegated_managed_identity_resource_id": rules.refused("There is one tenant."),
}


def find_definition(calls: Calls, scope: str, name: str) -> Mapping[str, Any]:
    """The role of this name at a scope. Raises `NotFound` in the real provider's words."""
    wanted = quote(f"roleName eq '{name}'")
    path = f"{scope.rstrip('/')}{_PROVIDER}/roleDefinitions?$filter={wanted}"
    found = (calls.arm("GET", path, api_version=DEFINITIONS_VERSION) or {}).get("value") or []
    if len(found) != 1:
        raise NotFound(
            f"loading Role Definition List: could not find role '{name}'",
            code="RoleDefinitionDoesNotExist",
        )
    return dict(found[0])


def get_definition(calls: Calls, definition_id: str) -> Mapping[str, Any] | None:
    """The role of this id, or None."""
    guid = definition_id.rstrip("/").rpartition("/")[2]
    path = f"/subscriptions/{calls.subscription_id}{_PROVIDER}/roleDefinitions/{guid}"
    return calls.arm("GET", path, api_version=DEFINITIONS_VERSION, missing_ok=True)


def _create(calls: Calls, values: Values) -> Values:
    rules.enforce(RULES, values)
    scope = str(values["scope"])
    role_id = values.get("role_definition_id")
    if not role_id:
        try:
            role_id = find_definition(calls, scope, values["role_definition_name"])["id"]
        except NotFound as error:
            raise AtAttribute("role_definition_name", str(error)) from error
    name = values.get("name") or ids.new_guid()
    path = f"{scope.rstrip('/')}{_PROVIDER}/roleAssignments/{name}"
    if values.get("name"):
        refuse_taken(calls, TYPE_NAME, path, API_VERSION)
    properties = {"roleDefinitionId": role_id, "principalId": values["principal_id"]}
    if values.get("skip_service_principal_aad_check"):
        properties["principalType"] = "ServicePrincipal"
    for name_here, there in (("principal_type", "principalType"), ("description", "description")):
        if values.get(name_here):
            properties[there] = values[name_here]
    try:
        calls.arm("PUT", path, api_version=API_VERSION, body={"properties": properties})
    except ApiError as error:
        known = error.code == "RoleAssignmentExists" and _find(calls, scope, properties)
        if not known:
            raise
        raise taken(TYPE_NAME, known) from error
    return {"id": path}


def _find(calls: Calls, scope: str, wanted: Mapping[str, Any]) -> str:
    """The id of the assignment that says the same; empty when it is not to be seen."""
    query = quote(f"principalId eq '{wanted['principalId']}'")
    path = f"{scope.rstrip('/')}{_PROVIDER}/roleAssignments?$filter={query}"
    listed = (calls.arm("GET", path, api_version=API_VERSION) or {}).get("value") or []
    for one in listed:
        found = one["properties"]
        same_scope = str(found.get("scope", scope)).lower() == scope.lower()
        if same_scope and _same_role(found["roleDefinitionId"], wanted["roleDefinitionId"]):
            return str(one["id"])
    return ""


def _read(calls: Calls, state: Values) -> Values | None:
    place = _place(state["id"])
    answer = calls.arm("GET", state["id"], api_version=API_VERSION, missing_ok=True)
    if answer is None:
        return None
    values = flatten(ROWS, answer)
    role = get_definition(calls, str(values["role_definition_id"]))
    values["role_definition_name"] = role["properties"]["roleName"] if role else ""
    values["name"] = place["name"]
    given = (answer.get("properties") or {}).get("scope") or place["scope"]
    same = str(given).lower() == str(state.get("scope") or "").lower()
    values["scope"] = state["scope"] if same else given
    values["skip_service_principal_aad_check"] = state.get("skip_service_principal_aad_check")
    return values


def _delete(calls: Calls, state: Values) -> None:
    calls.arm("DELETE", state["id"], api_version=API_VERSION, missing_ok=True)


def _import_state(calls: Calls, text: str) -> Values:
    del calls
    _place(text)
    return {"id": text}


def _place(text: str) -> dict[str, str]:
    found = _ID.fullmatch(text)
    if found is None or not ids.is_guid(found["name"]):
        raise AtAttribute(
            "id",
            f"parsing {text!r}: could not parse Role Assignment ID",
            f"Such as /subscriptions/00000000-0000-0000-0000-000000000000{_PROVIDER}"
            "/roleAssignments/00000000-0000-0000-0000-000000000000",
        )
    return {"scope": found["scope"] or "/", "name": found["name"]}


def _validate(config: Values) -> list[Problem]:
    return list(rules.problems(RULES, config))


def _same_role(old: object, new: object) -> bool:
    """A role has the same GUID at every scope."""
    guids = [str(one or "").lower().rpartition("/")[2] for one in (old, new)]
    return bool(guids[0]) and guids[0] == guids[1]


def _same_name(old: object, new: object) -> bool:
    return str(old or "").lower() == str(new or "").lower()


RESOURCE = TerraformResource(
    type_name=TYPE_NAME,
    create=_create,
    read=_read,
    delete=_delete,
    import_state=_import_state,
    validate=_validate,
    suppress={"role_definition_id": _same_role, "role_definition_name": _same_name},
)
