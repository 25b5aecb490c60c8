"""`azuredevops_environment`: what deployment jobs target.

Calls: POST, GET, PATCH, DELETE of `{project}/_apis/distributedtask/environments`.
"""

import re
from collections.abc import Iterable
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import (
    AtAttribute,
    Problem,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    listed,
    named,
    number,
    path,
    query,
    text,
    unless_there,
)
from shipway.terraform.resources.azuredevops.imports import by_project, is_integer

_VERSION = "7.1-preview.1"
_TAKEN: dict[str | int, str] = {409: "name"}
_NAME = re.compile(r'[^,"/\\\[\]:|<>+=;?*^]{0,127}')


def create(calls: Calls, values: Values) -> Values:
    """Make the environment."""
    there = unless_there("azuredevops_environment", "name", lambda: _of_name(calls, values))
    with there, doing("Creating environment in Azure DevOps", _TAKEN):
        made = calls.devops(
            "POST", _base(text(values, "project_id")), api_version=_VERSION, body=_body(values)
        )
    return {"id": str(made["id"])}


def read(calls: Calls, values: Values) -> Values | None:
    """The environment as it is; None when it is gone."""
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    found = calls.devops("GET", address, api_version=_VERSION, missing_ok=True)
    return None if found is None else _shown(found)


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Change name and description."""
    address = _base(text(prior, "project_id")) + path(text(prior, "id"))
    with doing("Error updating environment in Azure DevOps", _TAKEN):
        calls.devops("PATCH", address, api_version=_VERSION, body=_body(planned))


def delete(calls: Calls, values: Values) -> None:
    """Delete it."""
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    with doing("Error deleting environment"):
        calls.devops("DELETE", address, api_version=_VERSION, missing_ok=True)


def problems(config: Values) -> Iterable[Problem]:
    """A name that cannot be one."""
    name = text(config, "name")
    if name and _NAME.fullmatch(name) is None:
        yield Problem(
            "name", f"Environment name '{name}' is not valid. A valid name is less than 128 "
            "characters in length and does not contain the following characters: ',', '\"', '/', "
            "'\\', '[', ']', ':', '|', '<', '>', '+', '=', ';', '?', '*', '.'",
        )  # fmt: skip


def read_one(calls: Calls, config: Values) -> Values:
    """`data azuredevops_environment`: by id or by name."""
    base, wanted = _base(text(config, "project_id")), number(config, "environment_id")
    if wanted:
        found = calls.devops("GET", base + path(wanted), api_version=_VERSION, missing_ok=True)
        if found is None:
            raise AtAttribute("environment_id", f"Unable to find environment with ID: {wanted}")
        return _shown(found)
    name = text(config, "name")
    some = listed(
        calls.devops("GET", base + query({"name": name, "$top": 1}), api_version=_VERSION)
    )
    if not some:
        raise AtAttribute("name", f"Unable to find environment with name: {name}")
    return _shown(some[0])


def _of_name(calls: Calls, values: Values) -> str | None:
    project, name = text(values, "project_id"), text(values, "name")
    answer = calls.devops("GET", _base(project) + query({"name": name}), api_version=_VERSION)
    found = named(listed(answer), name)
    return found and f"{project}/{found}"


def _base(project: str) -> str:
    return f"{path(project)}/_apis/distributedtask/environments"


def _body(values: Values) -> dict[str, str]:
    return {"name": text(values, "name"), "description": text(values, "description")}


def _shown(found: dict[str, Any]) -> Values:
    return {
        "id": str(found["id"]),
        "project_id": found["project"]["id"],
        "name": found["name"],
        "description": found.get("description") or "",
    }


RESOURCE = TerraformResource(
    type_name="azuredevops_environment",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=by_project(is_integer, "projectid/environmentId"),
    validate=problems,
)
ONE = TerraformDataSource(type_name="azuredevops_environment", read=read_one)
