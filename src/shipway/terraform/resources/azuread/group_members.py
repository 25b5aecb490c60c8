"""`azuread_group_member`: one membership. Source: azuread's group_member_resource.go."""

from collections.abc import Iterable

from shipway.base import ids
from shipway.terraform.calls import Calls
from shipway.terraform.resource import Problem, TerraformResource, Values
from shipway.terraform.resources.azuread.graph_values import list_ids, reference
from shipway.terraform.resources.azuread.resource_ids import (
    exists_already,
    parts_within,
    within,
)

_TYPE, _KIND = "azuread_group_member", "member"


def create(calls: Calls, values: Values) -> Values:
    """Put the member into the group. Refuses one that is there already."""
    group_id, member_id = str(values["group_object_id"]), str(values["member_object_id"])
    path = f"/groups/{group_id}/members"
    made = within(group_id, _KIND, member_id)
    if member_id in list_ids(calls, path):
        raise exists_already(_TYPE, made, at="member_object_id")
    calls.graph("POST", f"{path}/$ref", body={"@odata.id": reference(member_id)})
    return {"id": made}


def read(calls: Calls, values: Values) -> Values | None:
    """The membership; None when the member or the group is gone."""
    group_id, member_id = parts_within(str(values["id"]), _KIND)
    told = calls.graph("GET", f"/groups/{group_id}/members", missing_ok=True)
    members = [one["id"] for one in (told or {}).get("value") or ()]
    if member_id not in members:
        return None
    return {"group_object_id": group_id, "member_object_id": member_id}


def delete(calls: Calls, values: Values) -> None:
    """Take the member out; gone already is fine."""
    group_id, member_id = parts_within(str(values["id"]), _KIND)
    calls.graph("DELETE", f"/groups/{group_id}/members/{member_id}/$ref", missing_ok=True)


def import_state(calls: Calls, given_id: str) -> Values:
    """By `<group's object id>/member/<member's object id>`."""
    del calls
    parts_within(given_id, _KIND)
    return {"id": given_id}


def validate(config: Values) -> Iterable[Problem]:
    """Both are GUIDs."""
    for name in ("group_object_id", "member_object_id"):
        value = config.get(name)
        if isinstance(value, str) and not ids.is_guid(value):
            yield Problem(name, f'expected "{name}" to be a valid UUID, got {value}')


RESOURCE = TerraformResource(
    type_name=_TYPE, create=create, read=read, delete=delete, import_state=import_state,
    validate=validate,
)  # fmt: skip
