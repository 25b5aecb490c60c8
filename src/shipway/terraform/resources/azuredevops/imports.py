"""What `terraform import` takes for things of a project: `project/thing`, by id or name.

Source: https://registry.terraform.io/providers/microsoft/azuredevops/1.16.0/docs
"""

import re
from collections.abc import Callable
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, Values
from shipway.terraform.resources.azuredevops.attributes import doing, path

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_guid(text: str) -> bool:
    """Whether `text` is a guid with hyphens."""
    return _GUID.fullmatch(text) is not None


def is_integer(text: str) -> bool:
    """Whether `text` is a whole number."""
    return text.isascii() and text.isdigit()


def by_project(
    fits: Callable[[str], bool] = bool, expected: str = "projectid/resourceName"
) -> Callable[[Calls, str], Values]:
    """An importer for `project/thing`, where `fits` says what a thing's id looks like."""

    def imported(calls: Calls, text: str) -> Values:
        project, _, thing = text.partition("/")
        if not project or not thing or not fits(thing):
            raise AtAttribute(
                "id", f"unexpected format of ID ({text}), expected {expected}",
                "The project may be given by its name or by its id.",
            )  # fmt: skip
        return {"id": thing, "project_id": project_id(calls, project)}

    return imported


def project_id(calls: Calls, name_or_id: str) -> str:
    """The id of a project that is given by name or by id. Raises `AtAttribute` for no such one."""
    if is_guid(name_or_id):
        return name_or_id
    doing_what = f"Failed to get the project with specified projectNameOrID: {name_or_id}"
    with doing(doing_what, {404: "id"}):
        found: dict[str, Any] = calls.devops(
            "GET", f"/_apis{path('projects', name_or_id)}", api_version="7.1-preview.4"
        )
    return str(found["id"])
