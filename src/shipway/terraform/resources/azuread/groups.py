"""`azuread_group`, `azuread_group_member` and the data source of groups.

Calls: POST, PATCH, GET and DELETE of /beta/groups, owners, members, memberOf.
Source: azuread's internal/services/groups/group_resource.go.
"""

from collections.abc import Iterable
from typing import Any

from shipway.base import ids
from shipway.terraform.calls import Calls
from shipway.terraform.resource import (
    AtAttribute,
    Problem,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuread import refusals
from shipway.terraform.resources.azuread.graph_values import (
    Json,
    find,
    flag,
    given,
    list_ids,
    quoted,
    reference,
    settle_references,
    text,
    texts,
)
from shipway.terraform.resources.azuread.resource_ids import GROUP, name_is_taken

_TYPE = "azuread_group"
_KINDS = {"mail_enabled": "mailEnabled", "security_enabled": "securityEnabled"}
_SECURITY = "A group is enabled for security; another kind is not kept."


def create(calls: Calls, values: Values) -> Values:
    """Make the group with its owners (by default whoever runs Terraform) and members."""
    _refuse_unsupported(values)
    if values.get("prevent_duplicate_names"):
        _refuse_duplicate(calls, str(values["display_name"]))
    owners = values.get("owners") or [calls.object_id]
    body = _body(values) | {
        "mailEnabled": False,
        "mailNickname": values.get("mail_nickname") or ids.new_guid()[:10],
        "securityEnabled": True,
        "groupTypes": [],
        "owners@odata.bind": [reference(one) for one in owners],
        "members@odata.bind": [reference(one) for one in values.get("members") or ()],
    }
    made = calls.graph("POST", "/groups", body=body, beta=True) or {}
    return {"id": GROUP.id_of(str(made["id"]))}


def read(calls: Calls, values: Values) -> Values | None:
    """The group with owners and members; None when it is gone."""
    object_id = GROUP.object_id(str(values["id"]), at="id")
    told = calls.graph("GET", f"/groups/{object_id}", beta=True, missing_ok=True)
    if told is None:
        return None
    return _common(told) | {
        "administrative_unit_ids": [],
        "dynamic_membership": [],
        "members": list_ids(calls, f"/groups/{object_id}/members", beta=True),
        "onpremises_group_type": "",
        "owners": list_ids(calls, f"/groups/{object_id}/owners", beta=True),
        "prevent_duplicate_names": bool(values.get("prevent_duplicate_names")),
        "writeback_enabled": False,
    }


def update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    """Write names and description anew, then owners and members where they are configured."""
    _refuse_unsupported(planned)
    object_id = GROUP.object_id(str(prior["id"]), at="id")
    if planned.get("prevent_duplicate_names") and prior["display_name"] != planned["display_name"]:
        _refuse_duplicate(calls, str(planned["display_name"]), but=object_id)
    path = f"/groups/{object_id}"
    calls.graph("PATCH", path, body=_body(planned), beta=True)
    for name in ("owners", "members"):
        wanted = planned.get(name)
        if wanted is not None and sorted(wanted) != sorted(prior.get(name) or ()):
            there = list_ids(calls, f"{path}/{name}", beta=True)
            settle_references(
                calls, f"{path}/{name}", wanted=wanted, there=there, keep_one=name == "owners"
            )
    return None


def delete(calls: Calls, values: Values) -> None:
    """Delete it; gone already is fine."""
    object_id = GROUP.object_id(str(values["id"]), at="id")
    calls.graph("DELETE", f"/groups/{object_id}", beta=True, missing_ok=True)


def import_state(calls: Calls, given_id: str) -> Values:
    """By `/groups/<object id>`."""
    del calls
    object_id = GROUP.object_id(given_id, at="id")
    return {"id": GROUP.id_of(object_id), "prevent_duplicate_names": False}


def validate(config: Values) -> Iterable[Problem]:
    """What is not supported, and ids that are none."""
    yield from refusals.problems("group", config)
    for name in ("members", "owners"):
        given_ids = config.get(name)
        for value in given_ids if isinstance(given_ids, list) else ():
            if isinstance(value, str) and not ids.is_guid(value):
                yield Problem(name, f'expected "{name}" to hold valid UUIDs, got {value}')


def read_data(calls: Calls, config: Values) -> Values:
    """The data source: by object id, name or mail nickname."""
    told = _found(calls, config)
    object_id = str(told["id"])
    transitive = bool(config.get("include_transitive_members"))
    members = f"/groups/{object_id}/{'transitiveMembers' if transitive else 'members'}"
    return _common(told) | {
        "id": GROUP.id_of(object_id),
        "dynamic_membership": [],
        "include_transitive_members": transitive,
        "members": list_ids(calls, members, beta=True),
        "onpremises_group_type": "",
        "owners": list_ids(calls, f"/groups/{object_id}/owners", beta=True),
        "writeback_enabled": False,
    }


def _found(calls: Calls, config: Values) -> Json:
    kinds = [
        f"{other} eq {str(config[name]).lower()}"
        for name, other in _KINDS.items()
        if config.get(name) is not None
    ]
    if config.get("object_id"):
        object_id = str(config["object_id"])
        told = calls.graph("GET", f"/groups/{object_id}", beta=True, missing_ok=True)
        if told is None:
            raise AtAttribute("object_id", f'No group found with object ID: "{object_id}"')
        _check_kind(config, told, object_id)
        return told
    name = "display_name" if config.get("display_name") else "mail_nickname"
    field = "displayName" if name == "display_name" else "mailNickname"
    value = str(config.get(name) or "")
    shown = " and ".join([f"{field} eq '{value}'", *kinds])
    found = find(
        calls, "groups", " and ".join([f"{field} eq '{quoted(value)}'", *kinds]), beta=True
    )
    if len(found) > 1:
        raise AtAttribute(name, f"More than one group found matching specified filter ({shown})")
    if not found:
        raise AtAttribute(name, f"No group found matching specified filter ({shown})")
    return found[0]


def _check_kind(config: Values, told: Json, object_id: str) -> None:
    for name, other in _KINDS.items():
        wanted, actual = config.get(name), flag(told, other)
        if wanted is not None and wanted is not actual:
            raise AtAttribute(
                name,
                f'Group with object ID "{object_id}" does not have the specified {name} setting '
                f"(expected: {str(wanted).lower()}, actual: {str(actual).lower()})",
            )


def _common(told: Json) -> Values:
    return {
        "assignable_to_role": flag(told, "isAssignableToRole"),
        "auto_subscribe_new_members": False,
        "behaviors": texts(told, "resourceBehaviorOptions"),
        "description": text(told, "description"),
        "display_name": text(told, "displayName"),
        "external_senders_allowed": False,
        "hide_from_address_lists": False,
        "hide_from_outlook_clients": False,
        "mail": text(told, "mail"),
        "mail_enabled": flag(told, "mailEnabled"),
        "mail_nickname": text(told, "mailNickname"),
        "object_id": text(told, "id"),
        "onpremises_domain_name": text(told, "onPremisesDomainName"),
        "onpremises_netbios_name": text(told, "onPremisesNetBiosName"),
        "onpremises_sam_account_name": text(told, "onPremisesSamAccountName"),
        "onpremises_security_identifier": text(told, "onPremisesSecurityIdentifier"),
        "onpremises_sync_enabled": flag(told, "onPremisesSyncEnabled"),
        "preferred_language": text(told, "preferredLanguage"),
        "provisioning_options": texts(told, "resourceProvisioningOptions"),
        "proxy_addresses": texts(told, "proxyAddresses"),
        "security_enabled": flag(told, "securityEnabled"),
        "theme": text(told, "theme"),
        "types": texts(told, "groupTypes"),
        "visibility": text(told, "visibility"),
    }


def _body(values: Values) -> dict[str, Any]:
    body: dict[str, Any] = {
        "description": given(values, "description"),
        "displayName": values["display_name"],
    }
    if values.get("assignable_to_role") is not None:
        body["isAssignableToRole"] = values["assignable_to_role"]
    if values.get("visibility"):
        body["visibility"] = values["visibility"]
    return body


def _refuse_unsupported(values: Values) -> None:
    refusals.refuse("group", values)
    if values.get("security_enabled") is False:
        raise AtAttribute("security_enabled", "`security_enabled` must be true", _SECURITY)


def _refuse_duplicate(calls: Calls, name: str, *, but: str = "") -> None:
    found = find(calls, "groups", f"displayName eq '{quoted(name)}'", beta=True)
    other = next((str(one["id"]) for one in found if one["id"] != but), None)
    if other:
        raise name_is_taken(_TYPE, other, name)


RESOURCE = TerraformResource(
    type_name=_TYPE, create=create, read=read, update=update, delete=delete,
    import_state=import_state, validate=validate,
)  # fmt: skip
DATA_SOURCE = TerraformDataSource(type_name=_TYPE, read=read_data)
