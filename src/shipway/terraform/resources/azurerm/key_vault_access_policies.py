"""azurerm_key_vault_access_policy: what one principal may do in a vault that does not go by roles.

Source: azurerm's internal/services/keyvault/key_vault_access_policy_resource.go.
"""

from collections.abc import Mapping
from typing import Any

from shipway.base import ids
from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, Problem, TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import taken
from shipway.terraform.resources.azurerm.key_vaults import API_VERSION, POLICY_ROWS
from shipway.terraform.resources.azurerm.mapping import Beside, Mapped, expand, flatten

TYPE_NAME = "azurerm_key_vault_access_policy"
_OBJECT, _APPLICATION = "/objectId/", "/applicationId/"
ROWS: tuple[Mapped, ...] = (*POLICY_ROWS, Beside(("key_vault_id",)))
RULES: dict[str, rules.Rule] = {
    "key_vault_id": rules.id_of(arm_ids.KEY_VAULT),
    "tenant_id": rules.uuid,
    "object_id": rules.uuid,
    "application_id": rules.uuid,
}


def _create(calls: Calls, values: Values) -> Values:
    rules.enforce(RULES, values)
    made = f"{values['key_vault_id']}{_OBJECT}{values['object_id']}"
    if values.get("application_id"):
        made += f"{_APPLICATION}{values['application_id']}"
    if _find(calls, made) is not None:
        raise taken(TYPE_NAME, made)
    _send(calls, "add", values)
    return {"id": made}


def _send(calls: Calls, verb: str, values: Values) -> None:
    """`verb`: add, replace or remove."""
    body = {"permissions": {}, **expand(POLICY_ROWS, values)}
    path = f"{values['key_vault_id']}/accessPolicies/{verb}"
    content = {"properties": {"accessPolicies": [body]}}
    calls.arm("PUT", path, api_version=API_VERSION, body=content, missing_ok=verb == "remove")


def _find(calls: Calls, policy_id: str) -> Mapping[str, Any] | None:
    vault, who = _parts(policy_id)
    found = calls.arm("GET", vault, api_version=API_VERSION, missing_ok=True) or {}
    policies = (found.get("properties") or {}).get("accessPolicies") or ()
    return next((one for one in policies if _who(one) == who), None)


def _who(policy: Mapping[str, Any]) -> tuple[str, str]:
    names = ("objectId", "applicationId")
    who = tuple(str(policy.get(name) or "").lower() for name in names)
    return who[0], who[1]


def _parts(policy_id: str) -> tuple[str, tuple[str, str]]:
    vault, _, who = policy_id.partition(_OBJECT)
    object_id, _, application = who.partition(_APPLICATION)
    named = [object_id, *([application] if application else [])]
    if arm_ids.KEY_VAULT.parts_of(vault) is None or not all(map(ids.is_guid, named)):
        raise AtAttribute(
            "id",
            f'parsing "{policy_id}": expected a vault, objectId and maybe applicationId',
            f"Such as {arm_ids.KEY_VAULT.example}{_OBJECT}00000000-0000-0000-0000-000000000000",
        )
    return vault, (object_id.lower(), application.lower())


def _read(calls: Calls, state: Values) -> Values | None:
    policy = _find(calls, state["id"])
    if policy is None:
        return None
    return {**flatten(POLICY_ROWS, policy), "key_vault_id": _parts(state["id"])[0]}


def _update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    rules.enforce(RULES, planned)
    _send(calls, "replace", {**planned, "key_vault_id": prior["key_vault_id"]})
    return None


def _delete(calls: Calls, state: Values) -> None:
    if _find(calls, state["id"]) is not None:
        _send(calls, "remove", state)


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
