"""azurerm_role_definition: a role of one's own.

Source: azurerm's internal/services/authorization/role_definition_resource.go.
"""

from shipway.base import ids
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import AtAttribute, Problem, TerraformResource, Values
from shipway.terraform.resources.azurerm import rules
from shipway.terraform.resources.azurerm.arm_nouns import Body, refuse_taken, taken
from shipway.terraform.resources.azurerm.mapping import (
    Beside,
    Block,
    Field,
    Mapped,
    expand,
    flatten,
)
from shipway.terraform.resources.azurerm.role_assignments import find_definition

TYPE_NAME = "azurerm_role_definition"
API_VERSION = "2022-05-01-preview"
_PROVIDER = "/providers/Microsoft.Authorization/roleDefinitions/"

ROWS: tuple[Mapped, ...] = (
    Field("name", "properties.roleName"),
    Field("description", "properties.description"),
    Block(
        "permissions",
        "properties.permissions",
        (
            Field("actions", "actions"),
            Field("not_actions", "notActions"),
            Field("data_actions", "dataActions"),
            Field("not_data_actions", "notDataActions"),
        ),
        many=True,
    ),
    Field("assignable_scopes", "properties.assignableScopes"),
    Beside(("scope", "role_definition_id", "role_definition_resource_id")),
)
RULES: dict[str, rules.Rule] = {
    "name": rules.not_empty,
    "role_definition_id": rules.uuid,
    "scope": rules.matches(
        "/subscriptions/.+|/providers/Microsoft.Management/managementGroups/.+",
        "expect {path} to start with one of /subscriptions/, "
        '/providers/Microsoft.Management/managementGroups/, got "{value}"',
    ),
}


def _create(calls: Calls, values: Values) -> Values:
    rules.enforce(RULES, values)
    scope = str(values["scope"])
    guid = values.get("role_definition_id") or ids.new_guid()
    path = f"{scope}{_PROVIDER}{guid}"
    if values.get("role_definition_id"):
        refuse_taken(calls, TYPE_NAME, path, API_VERSION)
    try:
        made = calls.arm("PUT", path, api_version=API_VERSION, body=_body(values)) or {}
    except ApiError as error:
        if error.code != "RoleDefinitionWithSameNameExists":
            raise
        known = find_definition(calls, scope, str(values["name"]))
        raise taken(TYPE_NAME, f"{known['id']}|{scope}") from error
    return {"id": f"{made.get('id') or path}|{scope}"}


def _body(values: Values) -> Body:
    body = expand(ROWS, values)
    properties = body["properties"]
    properties["type"] = "CustomRole"
    properties.setdefault("assignableScopes", [values["scope"]])
    return body


def _read(calls: Calls, state: Values) -> Values | None:
    role_id, scope = _parts(state["id"])
    path = f"{scope}{_PROVIDER}{role_id.rpartition('/')[2]}"
    answer = calls.arm("GET", path, api_version=API_VERSION, missing_ok=True)
    if answer is None:
        return None
    return {
        **flatten(ROWS, answer),
        "scope": scope,
        "role_definition_id": answer["name"],
        "role_definition_resource_id": answer["id"],
    }


def _update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    rules.enforce(RULES, planned)
    role_id, scope = _parts(prior["id"])
    path = f"{scope}{_PROVIDER}{role_id.rpartition('/')[2]}"
    calls.arm("PUT", path, api_version=API_VERSION, body=_body(planned))
    return None


def _delete(calls: Calls, state: Values) -> None:
    role_id, scope = _parts(state["id"])
    path = f"{scope}{_PROVIDER}{role_id.rpartition('/')[2]}"
    calls.arm("DELETE", path, api_version=API_VERSION, missing_ok=True)


def _parts(text: str) -> tuple[str, str]:
    role_id, _, scope = text.partition("|")
    if not scope.startswith("/") or not ids.is_guid(role_id.rpartition(_PROVIDER)[2]):
        raise AtAttribute(
            "id",
            f'parsing "{text}": expected a role definition id and its scope, with | between',
            f"Such as /subscriptions/S{_PROVIDER}00000000-0000-0000-0000-000000000000"
            "|/subscriptions/S",
        )
    return role_id, scope


def _import_state(calls: Calls, text: str) -> Values:
    del calls
    _parts(text)
    return {"id": text}


def _validate(config: Values) -> list[Problem]:
    return list(rules.problems(RULES, config))


RESOURCE = TerraformResource(
    type_name=TYPE_NAME,
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    import_state=_import_state,
    validate=_validate,
)
