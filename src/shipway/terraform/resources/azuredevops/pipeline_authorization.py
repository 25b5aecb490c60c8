"""`azuredevops_pipeline_authorization`: one pipeline, or every one, may use a resource.

Calls: GET and PATCH of `{project}/_apis/pipelines/pipelinePermissions/{type}/{id}`.
"""

from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, TerraformResource, Values
from shipway.terraform.resources.azuredevops.attributes import doing, number, path, text
from shipway.terraform.resources.azuredevops.imports import is_integer

_VERSION = "7.1-preview.1"
_REPOSITORY = "repository"
_PARTS = 3


def create(calls: Calls, values: Values) -> Values:
    """Grant it."""
    with doing("creating authorized resource", {404: "resource_id"}):
        calls.devops("PATCH", _address(values), api_version=_VERSION, body=_body(values, True))
    extra = ""
    if text(values, "pipeline_project_id"):
        extra += f";pipeline_project_id={text(values, 'pipeline_project_id')}"
    if number(values, "pipeline_id"):
        extra += f";pipeline_id={number(values, 'pipeline_id')}"
    named = "/".join(text(values, name) for name in ("project_id", "type", "resource_id"))
    return {"id": named + extra}


def read(calls: Calls, values: Values) -> Values | None:
    """Who may use the resource; None when this grant is gone."""
    found = calls.devops("GET", _address(values), api_version=_VERSION, missing_ok=True)
    if found is None:
        return None
    everyone = bool((found.get("allPipelines") or {}).get("authorized"))
    granted = {one["id"] for one in found.get("pipelines") or [] if one.get("authorized", True)}
    pipeline = number(values, "pipeline_id")
    if not (everyone or (pipeline and pipeline in granted)):
        return None
    told = found.get("resource") or {}
    resource = str(told.get("id") or text(values, "resource_id"))
    kind = str(told.get("type") or text(values, "type"))
    if kind.lower() == _REPOSITORY:
        resource = resource.rpartition(".")[2]
    return {"type": kind, "resource_id": resource}


def delete(calls: Calls, values: Values) -> None:
    """Take it back; with the resource or the pipeline it went already."""
    with doing("deleting authorized resource"):
        calls.devops(
            "PATCH", _address(values), api_version=_VERSION, body=_body(values, False),
            missing_ok=True,
        )  # fmt: skip


def imported(calls: Calls, given: str) -> Values:
    """`project/type/resource`, with `;pipeline_project_id=` and `;pipeline_id=` behind it."""
    del calls
    base, *pairs = given.split(";")
    parts = base.split("/")
    if len(parts) != _PARTS:
        raise AtAttribute(
            "id", "invalid id, expect base part to be `<project_id>/<type>/<resource_id>`, "
            f"got={base}",
        )  # fmt: skip
    values: Values = {
        "id": given, "project_id": parts[0], "type": parts[1], "resource_id": parts[2],
    }  # fmt: skip
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise AtAttribute(
                "id", f"invalid id, expect optional part to be `<key>=<value>`, got={pair}"
            )
        if key == "pipeline_project_id":
            values[key] = value
        elif key == "pipeline_id" and is_integer(value):
            values[key] = int(value)
        else:
            raise AtAttribute("id", f"invalid id, unknown optional key {key}")
    return values


def _address(values: Values) -> str:
    kind, resource = text(values, "type"), text(values, "resource_id")
    project = text(values, "project_id")
    if kind.lower() == _REPOSITORY:
        resource = f"{project}.{resource}"
    place = text(values, "pipeline_project_id") or project
    return f"{path(place)}/_apis/pipelines/pipelinePermissions{path(kind, resource)}"


def _body(values: Values, authorized: bool) -> dict[str, Any]:  # a verb's object
    pipeline = number(values, "pipeline_id")
    if pipeline:
        return {"pipelines": [{"id": pipeline, "authorized": authorized}]}
    return {"allPipelines": {"authorized": authorized}}


RESOURCE = TerraformResource(
    type_name="azuredevops_pipeline_authorization",
    create=create,
    read=read,
    delete=delete,
    import_state=imported,
)
