"""`azuredevops_group` and the data sources of groups.

Calls: POST, GET, PATCH and DELETE of `_apis/graph/groups`, with memberships and storage keys.
"""

from typing import Any

from shipway.base import ids
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    AtAttribute,
    Change,
    PartlyCreated,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuredevops import graph
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    follow,
    listed,
    path,
    query,
    same_letters,
    text,
    texts,
    unless_there,
)

_BASE = "/_apis/graph/groups"
_PROJECT = "vstfs:///classification/teamproject/"
_ORGANIZATION = ("vstfs:///framework/identitydomain", "vstfs:///framework/generic")
_TAKEN: dict[str | int, str] = {409: "display_name"}


def create(calls: Calls, values: Values) -> Values:
    """Make the group in its scope, then put its members in."""
    scope = ""
    if text(values, "scope"):
        with doing("finding the scope", {404: "scope"}):
            scope = graph.descriptor_of(calls, text(values, "scope"))
    if text(values, "display_name"):
        body = {
            "displayName": text(values, "display_name"),
            "description": text(values, "description"),
        }
    elif text(values, "origin_id"):
        body = {"originId": text(values, "origin_id")}
    else:
        body = {"mailAddress": text(values, "mail")}
    there = unless_there("azuredevops_group", "display_name", lambda: _of_name(calls, values))
    with there, doing("creating group", _TAKEN):
        address = _BASE + query({"scopeDescriptor": scope})
        made = calls.devops("POST", address, api_version=graph.VERSION, body=body)
    descriptor = made["descriptor"]
    try:
        graph.add_members(calls, descriptor, texts(values, "members"))
    except (ApiError, AtAttribute) as error:
        raise PartlyCreated(values | {"id": descriptor}, error) from error
    return {"id": descriptor}


def read(calls: Calls, values: Values) -> Values | None:
    """The group with its members; None when it is gone."""
    descriptor = text(values, "id")
    found = calls.devops(
        "GET", _BASE + path(descriptor), api_version=graph.VERSION, missing_ok=True
    )
    if found is None or found.get("isDeleted"):
        return None
    domain = found.get("domain") or ""
    shown: Values = {
        "id": descriptor,
        "descriptor": found["descriptor"],
        "display_name": found.get("displayName"),
        "description": found.get("description") or "",
        "url": found.get("url"),
        "origin": found.get("origin"),
        "origin_id": found.get("originId"),
        "subject_kind": found.get("subjectKind"),
        "domain": domain,
        "mail": found.get("mailAddress") or "",
        "principal_name": found.get("principalName"),
        "members": graph.members_of(calls, descriptor) or [],
        "group_id": graph.storage_key_of(calls, descriptor),
    }
    if domain.lower().startswith(_PROJECT):
        shown["scope"] = domain[len(_PROJECT) :]
    return shown


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Rename it, say something else of it, change who is in it."""
    descriptor = text(prior, "id")
    changes = [
        {"op": "replace", "from": None, "path": place, "value": text(planned, name)}
        for name, place in (("display_name", "/displayName"), ("description", "/description"))
        if text(planned, name) != text(prior, name)
    ]
    if changes:
        with doing("updating group", _TAKEN):
            address = _BASE + path(descriptor)
            calls.devops("PATCH", address, api_version=graph.VERSION, body=changes)
    before, after = texts(prior, "members"), texts(planned, "members")
    if planned.get("members") is not None:
        graph.remove_members(calls, descriptor, [one for one in before if one not in after])
        graph.add_members(calls, descriptor, [one for one in after if one not in before])


def delete(calls: Calls, values: Values) -> None:
    """Delete it."""
    address = _BASE + path(text(values, "id"))
    calls.devops("DELETE", address, api_version=graph.VERSION, missing_ok=True)


def planned(change: Change) -> None:
    """The principal name has the display name in it."""
    follow(change, "display_name", "principal_name")


def read_one(calls: Calls, config: Values) -> Values:
    """`data azuredevops_group`: by name, in a project or in the organization."""
    name, project = text(config, "name"), text(config, "project_id")
    for one in _of_scope(calls, project):
        if same_letters(one["displayName"], name):
            return {
                "id": one["descriptor"],
                "descriptor": one["descriptor"],
                "origin": one.get("origin"),
                "origin_id": one.get("originId"),
                "group_id": graph.storage_key_of(calls, one["descriptor"]),
            }
    if project:
        raise AtAttribute(
            "name", f"Could not find Group with Name: {name} in project with ID: {project}"
        )
    raise AtAttribute("name", f"Could not find group with name {name}")


def read_all(calls: Calls, config: Values) -> Values:
    """`data azuredevops_groups`: of a project or of the organization."""
    found = [
        {
            "id": graph.storage_key_of(calls, one["descriptor"]),
            "descriptor": one["descriptor"],
            "display_name": one.get("displayName"),
            "description": one.get("description"),
            "domain": one.get("domain"),
            "mail_address": one.get("mailAddress"),
            "origin": one.get("origin"),
            "origin_id": one.get("originId"),
            "principal_name": one.get("principalName"),
            "url": one.get("url"),
        }
        for one in _of_scope(calls, text(config, "project_id"))
    ]
    return {"id": f"groups-{ids.new_guid()}", "groups": found}


def _of_name(calls: Calls, values: Values) -> str | None:
    for one in _of_scope(calls, text(values, "scope")):
        if same_letters(one["displayName"], text(values, "display_name")):
            return str(one["descriptor"])
    return None


def _of_scope(calls: Calls, project: str) -> list[dict[str, Any]]:
    scope = ""
    if project:
        with doing(f"Project with ID: {project} was not found", {404: "project_id"}):
            scope = graph.descriptor_of(calls, project)
    address = _BASE + query({"scopeDescriptor": scope})
    with doing("Error finding groups"):
        found = listed(calls.devops("GET", address, api_version=graph.VERSION))
    wanted = (_PROJECT,) if project else _ORGANIZATION
    return [one for one in found if str(one.get("domain") or "").lower().startswith(wanted)]


RESOURCE = TerraformResource(
    type_name="azuredevops_group",
    create=create,
    read=read,
    update=update,
    delete=delete,
    customize=planned,
)
ONE = TerraformDataSource(type_name="azuredevops_group", read=read_one)
MANY = TerraformDataSource(type_name="azuredevops_groups", read=read_all)
