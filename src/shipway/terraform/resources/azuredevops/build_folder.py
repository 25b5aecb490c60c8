"""`azuredevops_build_folder`: a folder for pipeline definitions.

Calls: PUT, GET, POST and DELETE of `{project}/_apis/build/folders`.
"""

from collections.abc import Iterable
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, Problem, TerraformResource, Values
from shipway.terraform.resources.azuredevops.attributes import doing, listed, path, query, text
from shipway.terraform.resources.azuredevops.imports import project_id

_VERSION = "7.1-preview.2"


def create(calls: Calls, values: Values) -> Values:
    """Make the folder."""
    with doing("failed creating resource Build Folder", {409: "path"}):
        calls.devops("PUT", _address(values), api_version=_VERSION, body=_body(values))
    return {"id": text(values, "project_id")}


def read(calls: Calls, values: Values) -> Values | None:
    """The folder as it is; None when it is gone."""
    base = f"{path(text(values, 'project_id'))}/_apis/build/folders"
    wanted = text(values, "path").casefold()
    answer = calls.devops("GET", base, api_version=_VERSION, missing_ok=True)
    for one in listed(answer):
        if str(one.get("path", "")).casefold() == wanted:
            return {"path": one["path"], "description": one.get("description") or ""}
    return None


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Move it, or say something else of it."""
    with doing("failed to update build folder", {409: "path"}):
        calls.devops("POST", _address(prior), api_version=_VERSION, body=_body(planned))


def delete(calls: Calls, values: Values) -> None:
    """Delete it."""
    calls.devops("DELETE", _address(values), api_version=_VERSION, missing_ok=True)


def imported(calls: Calls, given: str) -> Values:
    r"""`project/\folder`."""
    project, _, folder = given.partition("/")
    if not project or not folder:
        raise AtAttribute(
            "id", f"unexpected format of ID ({given}), expected projectid/resourceName"
        )
    found = project_id(calls, project)
    return {"id": found, "project_id": found, "path": folder}


def problems(config: Values) -> Iterable[Problem]:
    """A folder's path begins with a backslash."""
    folder = text(config, "path")
    if folder and not folder.startswith("\\"):
        yield Problem("path", "path must start with backslash")
    if len(folder) > 1 and folder.endswith("\\"):
        yield Problem("path", "path must not end with backslash when not the root path")


def _address(values: Values) -> str:
    asked = query({"path": text(values, "path")})
    return f"{path(text(values, 'project_id'))}/_apis/build/folders{asked}"


def _body(values: Values) -> dict[str, Any]:
    return {
        "path": text(values, "path"),
        "description": text(values, "description"),
        "project": {"id": text(values, "project_id")},
    }


RESOURCE = TerraformResource(
    type_name="azuredevops_build_folder",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=imported,
    validate=problems,
)
