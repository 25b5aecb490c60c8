"""azurerm_federated_identity_credential: whom a user-assigned identity trusts.

Source: azurerm's internal/services/managedidentity/federated_identity_credential_resource.go.
"""

from dataclasses import replace

from shipway.terraform.calls import Calls
from shipway.terraform.resource import Change, TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.mapping import Beside, Field

_PARENT, _OLDER = "user_assigned_identity_id", "parent_id"


def _enrich(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    del calls, answer
    values[_OLDER] = values[_PARENT]
    values["resource_group_name"] = arm_ids.IDENTITY.parse(values[_PARENT])["group"]


def _change(change: Change) -> None:
    for one, other in ((_PARENT, _OLDER), (_OLDER, _PARENT)):
        if change.config.get(one) is not None:
            change.planned[other] = change.planned.get(one)


def _with_parent(values: Values) -> Values:
    return {**values, _PARENT: values.get(_PARENT) or values.get(_OLDER)}


NOUN = ArmNoun(
    type_name="azurerm_federated_identity_credential",
    shape=arm_ids.FEDERATED_CREDENTIAL,
    api_version="2024-11-30",
    parts={"name": "child"},
    parent=(_PARENT, arm_ids.IDENTITY),
    rows=(
        Field("issuer", "properties.issuer"),
        Field("subject", "properties.subject"),
        Field("audience", "properties.audiences"),
    ),
    beside=(Beside((_OLDER, "resource_group_name")),),
    rules={
        _PARENT: rules.id_of(arm_ids.IDENTITY),
        _OLDER: rules.id_of(arm_ids.IDENTITY),
        "resource_group_name": rules.GROUP_NAME,
    },
    enrich=_enrich,
    change=_change,
)
_BASE = resource_of(NOUN)


def _create(calls: Calls, values: Values) -> Values:
    return _BASE.create(calls, _with_parent(values))


RESOURCE: TerraformResource = replace(_BASE, create=_create)
