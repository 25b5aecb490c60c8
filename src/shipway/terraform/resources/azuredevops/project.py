"""`azuredevops_project` and the data sources that look projects up.

Calls: POST, GET, PATCH and DELETE of `_apis/projects`, `_apis/operations/{id}` until it is done,
`_apis/process/processes` for the name of the process.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from shipway.base import clock
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    AtAttribute,
    PartlyCreated,
    Problem,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuredevops import project_features as features
from shipway.terraform.resources.azuredevops import refusals
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    listed,
    not_one_of,
    path,
    query,
    same_letters,
    text,
)

_VERSION = "7.1-preview.4"
_TAKEN: dict[str | int, str] = {"ProjectAlreadyExistsException": "name", 409: "name"}
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0


def create(calls: Calls, values: Values) -> Values:
    """Make the project and wait for it."""
    body = {
        "name": text(values, "name"),
        "description": text(values, "description"),
        "visibility": text(values, "visibility"),
        "capabilities": {
            "versioncontrol": {"sourceControlType": text(values, "version_control")},
            "processTemplate": {"templateTypeId": _process_id(calls, values)},
        },
    }
    with doing("creating project", _TAKEN):
        operation = calls.devops("POST", "/_apis/projects", api_version=_VERSION, body=body)
        finished(calls, operation, "create")
    made = {"id": _project(calls, text(values, "name"))["id"]}
    wanted = features.wanted(values)
    if wanted:
        try:
            features.set_states(calls, made["id"], wanted)
        except ApiError as error:
            raise PartlyCreated(values | made, error) from error
    return made


def read(calls: Calls, values: Values) -> Values | None:
    """The project as it is; None when it is gone."""
    found = calls.devops(
        "GET", _address(text(values, "id")), api_version=_VERSION, missing_ok=True
    )  # fmt: skip
    if found is None:
        return None
    configured = features.wanted(values)
    shown = _shown(calls, found)
    if configured:
        shown["features"] = features.states(calls, found["id"], configured)
    return shown


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Change what differs."""
    changed = {
        name: text(planned, name)
        for name in ("name", "description", "visibility")
        if text(planned, name) != text(prior, name)
    }
    project = text(prior, "id")
    if changed:
        with doing("updating project", _TAKEN):
            operation = calls.devops(
                "PATCH", f"/_apis{path('projects', project)}", api_version=_VERSION, body=changed
            )
            finished(calls, operation, "update")
    before, after = features.wanted(prior), features.wanted(planned)
    if before != after:
        features.set_states(calls, project, after or dict.fromkeys(before, "enabled"))


def delete(calls: Calls, values: Values) -> None:
    """Delete the project with all that is in it."""
    with doing("deleting project"):
        operation = calls.devops(
            "DELETE", f"/_apis{path('projects', text(values, 'id'))}", api_version=_VERSION,
            missing_ok=True,
        )  # fmt: skip
        if operation:
            finished(calls, operation, "delete")


def problems(config: Values) -> Iterable[Problem]:
    """Words that mean nothing."""
    yield from not_one_of(config.get("version_control"), ("git", "tfvc"), "version_control")
    yield from features.problems(config)


def finished(calls: Calls, operation: dict[str, Any], verb: str) -> None:
    """Wait until an operation is done. Raises `ApiError` with its message when it failed."""
    pause = _FIRST_WAIT
    while str(operation.get("status", "")).lower() in ("inprogress", "queued", "notset"):
        clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_WAIT)
        operation = calls.devops("GET", f"/_apis{path('operations', operation['id'])}")
    if str(operation.get("status", "")).lower() != "succeeded":
        told = operation.get("detailedMessage") or operation.get("resultMessage") or "no reason"
        raise ApiError(500, "OperationFailed", f"waiting for project {verb} finished. {told}")


def read_one(calls: Calls, config: Values) -> Values:
    """`data azuredevops_project`: by name or by id."""
    name, project = text(config, "name"), text(config, "project_id")
    found = calls.devops(
        "GET", _address(project or name), api_version=_VERSION, missing_ok=True
    )  # fmt: skip
    if found is None:
        raise AtAttribute(
            "project_id" if project else "name",
            f"Project with name {name} or ID {project} does not exist",
        )
    shown = _shown(calls, found)
    return shown | {
        "project_id": found["id"],
        "features": features.states(calls, found["id"], dict.fromkeys(features.IDS, "")),
    }


def read_all(calls: Calls, config: Values) -> Values:
    """`data azuredevops_projects`: all in a state, or the one of a name."""
    state, name = text(config, "state") or "all", text(config, "name")
    found = [
        {
            "name": one["name"], "project_id": one["id"], "project_url": one["url"],
            "state": one["state"],
        }
        for one in listed(
            calls.devops("GET", f"/_apis/projects{query({'stateFilter': state})}",
                         api_version=_VERSION)
        )
        if not name or same_letters(one["name"], name)
    ]  # fmt: skip
    names = [one["name"] for one in found] or ([name] if name else [])
    return {"id": "projects#" + digest(state + "-".join(names)), "projects": found}


def digest(content: str) -> str:
    """The hash by which the provider names a data source of many things."""
    hashed = hashlib.sha1(content.encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(hashed).decode()


def _shown(calls: Calls, found: dict[str, Any]) -> Values:
    capabilities = found.get("capabilities") or {}
    process = (capabilities.get("processTemplate") or {}).get("templateTypeId", "")
    return {
        "id": found["id"],
        "name": found["name"],
        "description": found.get("description") or "",
        "visibility": found.get("visibility"),
        "version_control": (capabilities.get("versioncontrol") or {}).get("sourceControlType"),
        "process_template_id": process,
        "work_item_template": _process_name(calls, process),
    }


def _address(name_or_id: str) -> str:
    asked = query({"includeCapabilities": "true", "includeHistory": "false"})
    return f"/_apis{path('projects', name_or_id)}{asked}"


def _project(calls: Calls, name: str) -> dict[str, Any]:
    with doing(f"Project not found. (name: {name})"):
        found: dict[str, Any] = calls.devops("GET", _address(name), api_version=_VERSION)
    return found


def _process_id(calls: Calls, values: Values) -> str:
    wanted = text(values, "work_item_template").strip()
    known = listed(calls.devops("GET", "/_apis/process/processes"))
    for process in known:
        if same_letters(process["name"], wanted) or (not wanted and process.get("isDefault")):
            return str(process["id"])
    names = ", ".join(sorted(process["name"] for process in known))
    raise AtAttribute("work_item_template", "No process template found", f"Known: {names}.")


def _process_name(calls: Calls, process: str) -> str:
    if process:
        found = calls.devops("GET", f"/_apis{path('process', 'processes', process)}")
        return str(found["name"])
    known = listed(calls.devops("GET", "/_apis/process/processes"))
    return next((str(one["name"]) for one in known if one.get("isDefault")), "")


RESOURCE = TerraformResource(
    type_name="azuredevops_project",
    create=create,
    read=read,
    update=update,
    delete=delete,
    suppress={
        "name": same_letters,
        "visibility": same_letters,
        "version_control": same_letters,
        "work_item_template": same_letters,
    },
    validate=problems,
    customize=refusals.check("project"),
)
ONE = TerraformDataSource(type_name="azuredevops_project", read=read_one)
MANY = TerraformDataSource(type_name="azuredevops_projects", read=read_all)
