"""What the `azuredevops_check_*` resources share: a check configuration on a protected resource.

Calls: POST, GET with `$expand=settings`, PATCH and DELETE of
`{project}/_apis/pipelines/checks/configurations`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import AtAttribute, Problem, TerraformResource, Values
from shipway.terraform.resource import nothing as no_problems
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    listed,
    number,
    path,
    query,
    text,
    there_already,
)
from shipway.terraform.resources.azuredevops.imports import is_guid, is_integer

TASK_CHECK = "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7"
_VERSION = "7.1-preview.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckKind:
    """One kind: its fixed type, how its settings are written and read.

    `expand` gives the settings of a configuration, `flatten` the attributes that settings say.
    `task` is the id that a task check must have; another one is another kind.
    """

    type_id: str
    expand: Callable[[Values], dict[str, Any]]
    flatten: Callable[[dict[str, Any]], Values]
    type_name: str = ""
    task: str = ""
    has_timeout: bool = True


def resource(
    type_name: str,
    kind: CheckKind,
    problems: Callable[[Values], Iterable[Problem]] = no_problems,
) -> TerraformResource:
    """The resource of a kind of check."""

    def create(calls: Calls, values: Values) -> Values:
        project = text(values, "project_id")
        same = _same(kind, calls, values)
        if same is not None:
            raise AtAttribute("target_resource_id", there_already(type_name, f"{project}/{same}"))
        with doing(f"failed creating check, project ID: {project}"):
            made = calls.devops(
                "POST", _base(project), api_version=_VERSION, body=_body(kind, values)
            )
        return {"id": str(made["id"])}

    def read(calls: Calls, values: Values) -> Values | None:
        found = _find(calls, text(values, "project_id"), text(values, "id"))
        return None if found is None else _shown(kind, found, values)

    def update(calls: Calls, prior: Values, planned: Values) -> None:
        body = _body(kind, planned) | {
            "id": int(text(prior, "id")), "version": number(prior, "version"),
        }  # fmt: skip
        address = _base(text(prior, "project_id")) + path(text(prior, "id"))
        calls.devops("PATCH", address, api_version=_VERSION, body=body)

    return TerraformResource(
        type_name=type_name,
        create=create,
        read=read,
        update=update,
        delete=_delete,
        import_state=_imported,
        validate=problems,
    )


def of_task(kind_task: str, name: str, inputs: dict[str, Any], display: str) -> dict[str, Any]:
    """The settings of a task check."""
    return {
        "definitionRef": {"id": kind_task, "name": name, "version": "0.0.1"},
        "displayName": display,
        "inputs": inputs,
    }


def as_words(value: bool) -> str:  # the inputs of a task are texts
    """`true` or `false`."""
    return "true" if value else "false"


def _body(kind: CheckKind, values: Values) -> dict[str, Any]:
    check_type = {"id": kind.type_id} | ({"name": kind.type_name} if kind.type_name else {})
    body: dict[str, Any] = {
        "type": check_type,
        "settings": kind.expand(values),
        "resource": {
            "id": text(values, "target_resource_id"),
            "type": text(values, "target_resource_type"),
        },
    }
    if kind.has_timeout:
        body["timeout"] = number(values, "timeout")
    return body


def _same(kind: CheckKind, calls: Calls, values: Values) -> str | None:
    """A check on the resource that says just this: what a create that was cut off has left."""
    wanted = _body(kind, values)
    place = wanted["resource"]
    asked = {"resourceType": place["type"], "resourceId": place["id"], "$expand": "settings"}
    address = _base(text(values, "project_id")) + query(asked)
    for found in listed(calls.devops("GET", address, api_version=_VERSION)):
        is_same = kind.flatten(found.get("settings") or {}) == kind.flatten(wanted["settings"])
        timeout = wanted.get("timeout", found.get("timeout"))
        if _is_of(kind, found) and is_same and found.get("timeout") == timeout:
            return str(found["id"])
    return None


def _is_of(kind: CheckKind, found: dict[str, Any]) -> bool:
    task = str(((found.get("settings") or {}).get("definitionRef") or {}).get("id", ""))
    told = str((found.get("type") or {}).get("id", ""))
    return told.lower() == kind.type_id and task.lower() == kind.task


def _find(calls: Calls, project: str, check: str) -> dict[str, Any] | None:
    address = _base(project) + path(check) + query({"$expand": "settings"})
    try:
        found = calls.devops("GET", address, api_version=_VERSION, missing_ok=True)
    except ApiError as error:
        if "does not exist" in error.message:
            return None
        raise
    return None if found is None else dict(found)


def _shown(kind: CheckKind, found: dict[str, Any], values: Values) -> Values:
    settings = found.get("settings") or {}
    if not _is_of(kind, found):
        raise AtAttribute(
            "id", f"The check {found['id']} is of another kind", "Import it as what it is."
        )
    shown = {
        "id": str(found["id"]),
        "project_id": text(values, "project_id"),
        "target_resource_id": str(found["resource"]["id"]),
        "target_resource_type": found["resource"]["type"],
        "version": found.get("version"),
        **kind.flatten(settings),
    }
    if kind.has_timeout and found.get("timeout") is not None:
        shown["timeout"] = found["timeout"]
    return shown


def _delete(calls: Calls, values: Values) -> None:
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    calls.devops("DELETE", address, api_version=_VERSION, missing_ok=True)


def _imported(calls: Calls, given: str) -> Values:
    del calls
    project, _, check = given.partition("/")
    if not check:
        raise AtAttribute(
            "id", f'unexpected ID format ("{given}"), expected: <projectId>/<checkId>'
        )
    if not is_guid(project):
        raise AtAttribute("id", f"project ID must be a UUID, got: {project}")
    if not is_integer(check):
        raise AtAttribute("id", f"check ID must be an integer, got: {check}")
    return {"id": check, "project_id": project}


def _base(project: str) -> str:
    return f"{path(project)}/_apis/pipelines/checks/configurations"
