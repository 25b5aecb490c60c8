"""`azuredevops_variable_group`: values that many pipelines share.

Calls: POST, PUT and DELETE of `_apis/distributedtask/variablegroups`, GET in the project; `allow
access` is `{project}/_apis/build/authorizedresources`. The service never tells a secret's value,
so that stays as the state has it.
"""

from collections.abc import Iterable
from typing import Any

from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    AtAttribute,
    PartlyCreated,
    Problem,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuredevops import refusals
from shipway.terraform.resources.azuredevops.attributes import (
    blocks,
    doing,
    flag,
    listed,
    named,
    path,
    query,
    text,
    unless_there,
)
from shipway.terraform.resources.azuredevops.imports import by_project, is_integer

_VERSION = "7.1-preview.2"
_BASE = "/_apis/distributedtask/variablegroups"
_KIND = "variablegroup"
_PREVIEW = "7.1-preview.1"
_TAKEN: dict[str | int, str] = {409: "name"}


def create(calls: Calls, values: Values) -> Values:
    """Make the group, then say who may use it."""
    there = unless_there("azuredevops_variable_group", "name", lambda: _of_name(calls, values))
    with there, doing("creating variable group in Azure DevOps", _TAKEN):
        made = calls.devops("POST", _BASE, api_version=_VERSION, body=expand(values))
    created = {"id": str(made["id"])}
    try:
        _allow(calls, values | created, allowed=flag(values, "allow_access"))
    except ApiError as error:
        raise PartlyCreated(values | created, error) from error
    return created


def read(calls: Calls, values: Values) -> Values | None:
    """The group as it is; None when it is gone."""
    project, group = text(values, "project_id"), text(values, "id")
    address = path(project) + _BASE + path(group)
    found = calls.devops("GET", address, api_version=_VERSION, missing_ok=True)
    if not found or not found.get("id"):
        return None
    return flatten(found, values) | {"allow_access": _is_allowed(calls, project, group)}


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Write the whole group, and who may use it."""
    with doing("Updating variable group in Azure DevOps", _TAKEN):
        address = _BASE + path(text(prior, "id"))
        calls.devops("PUT", address, api_version=_VERSION, body=expand(planned))
    known = planned | {"id": text(prior, "id")}
    _allow(calls, known, allowed=flag(planned, "allow_access"))


def delete(calls: Calls, values: Values) -> None:
    """Take back the access, then delete the group."""
    project, group = text(values, "project_id"), text(values, "id")
    address = path(project) + _BASE + path(group)
    if calls.devops("GET", address, api_version=_VERSION, missing_ok=True):
        _allow(calls, values, allowed=False)
        gone = _BASE + path(group) + query({"projectIds": project})
        calls.devops("DELETE", gone, api_version=_VERSION, missing_ok=True)


def expand(values: Values) -> dict[str, Any]:
    """The group as the service has it."""
    name, description = text(values, "name"), text(values, "description")
    return {
        "name": name,
        "description": description,
        "type": "Vsts",
        "variables": {
            text(one, "name"): {
                "value": text(one, "secret_value" if flag(one, "is_secret") else "value"),
                "isSecret": flag(one, "is_secret"),
            }
            for one in blocks(values, "variable")
        },
        "variableGroupProjectReferences": [
            {
                "name": name,
                "description": description,
                "projectReference": {"id": text(values, "project_id")},
            }
        ],
    }


def flatten(found: dict[str, Any], values: Values) -> Values:
    """The attributes of a group; secrets as `values` have them."""
    known = {text(one, "name"): one for one in blocks(values, "variable")}
    shown = []
    for name, one in (found.get("variables") or {}).items():
        is_secret, before = bool(one.get("isSecret")), known.get(name, {})
        shown.append(
            {
                "name": name,
                "value": text(before, "value") if is_secret else one.get("value") or "",
                "secret_value": text(before, "secret_value") if is_secret else "",
                "is_secret": is_secret,
                "content_type": "",
                "enabled": False,
                "expires": "",
            }
        )
    return {
        "id": str(found["id"]),
        "name": found["name"],
        "description": found.get("description") or "",
        "variable": shown,
    }


def problems(config: Values) -> Iterable[Problem]:
    """A variable has a value, or is a secret and has a secret value."""
    for one in blocks(config, "variable"):
        has_value = one.get("value") is not None
        has_secret, says_secret = (
            one.get("secret_value") is not None, one.get("is_secret") is not None,
        )  # fmt: skip
        if (has_value and (has_secret or says_secret)) or has_secret != says_secret:
            yield Problem(
                "variable",
                f"`{text(one, 'name')}` variable can have either only `value` attribute or both "
                "`is_secret` and `secret_value` attributes",
            )


def read_one(calls: Calls, config: Values) -> Values:
    """`data azuredevops_variable_group`: by name."""
    project, name = text(config, "project_id"), text(config, "name")
    asked = path(project) + _BASE + query({"groupName": name, "$top": 1})
    some = listed(calls.devops("GET", asked, api_version=_VERSION))
    if not some:
        raise AtAttribute("name", f"Unable to find variable group with name: {name}")
    group = str(some[0]["id"])
    allowed = _is_allowed(calls, project, group)
    shown = {"project_id": project, "allow_access": allowed, "key_vault": []}
    return flatten(some[0], {}) | shown


def _of_name(calls: Calls, values: Values) -> str | None:
    project, name = text(values, "project_id"), text(values, "name")
    asked = path(project) + _BASE + query({"groupName": name})
    found = named(listed(calls.devops("GET", asked, api_version=_VERSION)), name)
    return found and f"{project}/{found}"


def _allow(calls: Calls, values: Values, *, allowed: bool) -> None:
    reference = {
        "type": _KIND, "id": text(values, "id"), "name": text(values, "name"),
        "authorized": allowed,
    }  # fmt: skip
    address = f"{path(text(values, 'project_id'))}/_apis/build/authorizedresources"
    with doing("Creating definitionResourceReference Azure DevOps object"):
        calls.devops("PATCH", address, api_version=_PREVIEW, body=[reference])


def _is_allowed(calls: Calls, project: str, group: str) -> bool:
    asked = query({"type": _KIND, "id": group})
    address = f"{path(project)}/_apis/build/authorizedresources{asked}"
    found = listed(calls.devops("GET", address, api_version=_PREVIEW))
    return any(str(one.get("id")) == group and one.get("authorized") is True for one in found)


RESOURCE = TerraformResource(
    type_name="azuredevops_variable_group",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=by_project(is_integer, "projectid/groupId"),
    validate=problems,
    customize=refusals.check("variable_group"),
)
ONE = TerraformDataSource(type_name="azuredevops_variable_group", read=read_one)
