"""`azuredevops_team` and the data source of teams.

Calls: POST, GET, PATCH and DELETE of `_apis/projects/{project}/teams`; members by
`_apis/identities/{team}/members`; administrators by the access control lists of the security
namespace of identities; areas by `{project}/{team}/_apis/work/teamsettings/teamfieldvalues`.
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
from shipway.terraform.resources.azuredevops import graph, refusals, team_administrators
from shipway.terraform.resources.azuredevops.attributes import (
    blocks,
    doing,
    flag,
    listed,
    path,
    text,
    texts,
    unless_there,
)
from shipway.terraform.resources.azuredevops.imports import by_project, is_guid

_VERSION = "7.1-preview.3"
_TAKEN: dict[str | int, str] = {409: "name"}
_DESCRIPTION = 256
_NOT_SERVED = 501


def create(calls: Calls, values: Values) -> Values:
    """Make the team, then say who administers it, who is in it, and its areas."""
    project = text(values, "project_id")
    body = {"name": text(values, "name"), "description": text(values, "description")}
    there = unless_there("azuredevops_team", "name", lambda: _of_name(calls, values))
    with there, doing("Creating Team", _TAKEN):
        made = calls.devops("POST", _base(project), api_version=_VERSION, body=body)
    try:
        if texts(values, "administrators"):
            team_administrators.set_all(calls, project, made["id"], texts(values, "administrators"))
        if texts(values, "members"):
            set_members(calls, made["id"], texts(values, "members"))
        if blocks(values, "area"):
            _set_areas(calls, project, made["id"], values)
    except (ApiError, AtAttribute) as error:
        raise PartlyCreated(values | {"id": made["id"]}, error) from error
    return {"id": made["id"]}


def read(calls: Calls, values: Values) -> Values | None:
    """The team as it is; None when it is gone."""
    project, team = text(values, "project_id"), text(values, "id")
    found = find(calls, project, team)
    return None if found is None else _shown(calls, project, found) | _areas(calls, project, team)


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Change what differs."""
    project, team = text(prior, "project_id"), text(prior, "id")
    changed = {
        name: text(planned, name)
        for name in ("name", "description")
        if text(planned, name) != text(prior, name)
    }
    if changed:
        with doing("Updating Team", _TAKEN):
            address = _base(project) + path(team)
            calls.devops("PATCH", address, api_version=_VERSION, body=changed)
    if planned.get("administrators") is not None:
        team_administrators.set_all(calls, project, team, texts(planned, "administrators"))
    if planned.get("members") is not None:
        set_members(calls, team, texts(planned, "members"))
    if blocks(planned, "area") and blocks(planned, "area") != blocks(prior, "area"):
        _set_areas(calls, project, team, planned)


def delete(calls: Calls, values: Values) -> None:
    """Delete it."""
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    calls.devops("DELETE", address, api_version=_VERSION, missing_ok=True)


def find(calls: Calls, project: str, name_or_id: str) -> dict[str, Any] | None:
    """The team, by id or by name."""
    found = calls.devops(
        "GET", _base(project) + path(name_or_id), api_version=_VERSION, missing_ok=True
    )
    return None if found is None else dict(found)


def members_of(calls: Calls, team: str) -> list[str]:
    """The subject descriptors of a team's members."""
    found = calls.devops("GET", f"/_apis{path('identities', team, 'members')}")
    return graph.subjects_of(calls, [str(one) for one in listed(found)])


def set_members(calls: Calls, team: str, wanted: list[str]) -> None:
    """Let exactly these be in the team."""
    present = members_of(calls, team)
    remove_members(calls, team, [one for one in present if one not in wanted])
    add_members(calls, team, [one for one in wanted if one not in present])


def add_members(calls: Calls, team: str, members: list[str]) -> None:
    """Put subjects into a team. Raises `AtAttribute` for one that is not there."""
    found = graph.identities_of(calls, members)
    unknown = set(members) - {one["subjectDescriptor"] for one in found}
    if unknown:
        raise AtAttribute(
            "members", f"Failed to load identity data for subjects: {', '.join(sorted(unknown))}"
        )
    for one in found:
        with doing(f"Error adding member {one['subjectDescriptor']} to team {team}"):
            calls.devops("PUT", f"/_apis{path('identities', team, 'members', one['id'])}")


def remove_members(calls: Calls, team: str, members: list[str]) -> None:
    """Take subjects out of a team."""
    for one in graph.identities_of(calls, members):
        with doing(f"Error removing member {one['subjectDescriptor']} from team {team}"):
            address = f"/_apis{path('identities', team, 'members', one['id'])}"
            calls.devops("DELETE", address, missing_ok=True)


def problems(config: Values) -> Iterable[Problem]:
    """Not more than so many words; one area is the default."""
    if len(text(config, "description")) > _DESCRIPTION:
        yield Problem(
            "description", "expected length of description to be in the range (0 - "
            f"{_DESCRIPTION}), got {len(text(config, 'description'))}",
        )  # fmt: skip
    areas = blocks(config, "area")
    if areas and sum(flag(one, "is_default") for one in areas) != 1:
        yield Problem("area", "must have exactly one `area` block with `is_default` set to `true`")


def read_one(calls: Calls, config: Values) -> Values:
    """`data azuredevops_team`: by name."""
    project, name = text(config, "project_id"), text(config, "name")
    found = find(calls, project, name)
    if found is None:
        raise AtAttribute("name", f"Get Team (Team Name: {name}). There is no such team")
    return _shown(calls, project, found)


def _of_name(calls: Calls, values: Values) -> str | None:
    project = text(values, "project_id")
    found = find(calls, project, text(values, "name"))
    return f"{project}/{found['id']}" if found else None


def _shown(calls: Calls, project: str, found: dict[str, Any]) -> Values:
    return {
        "id": found["id"],
        "name": found["name"],
        "description": found.get("description") or "",
        "members": members_of(calls, found["id"]),
        "administrators": team_administrators.of(calls, project, found["id"]),
        "descriptor": graph.descriptor_of(calls, found["id"]),
    }


def _areas(calls: Calls, project: str, team: str) -> Values:
    try:
        found = calls.devops("GET", _fields(project, team), missing_ok=True)
    except ApiError as error:
        if error.status != _NOT_SERVED:
            raise
        found = None  # an organization without boards has no areas
    if found is None:
        return {"area": []}
    default = found.get("defaultValue")
    return {
        "area": [
            {
                "path": one["value"],
                "include_children": bool(one.get("includeChildren")),
                "is_default": one["value"] == default,
            }
            for one in found.get("values") or []
        ]
    }


def _set_areas(calls: Calls, project: str, team: str, values: Values) -> None:
    areas = blocks(values, "area")
    body = {
        "defaultValue": next((text(one, "path") for one in areas if flag(one, "is_default")), None),
        "values": [
            {"value": text(one, "path"), "includeChildren": flag(one, "include_children")}
            for one in areas
        ],
    }
    with doing(
        f"updating team area paths for team {team}", {400: "area", 404: "area", _NOT_SERVED: "area"}
    ):
        calls.devops("PATCH", _fields(project, team), body=body)


def _fields(project: str, team: str) -> str:
    return f"{path(project, team)}/_apis/work/teamsettings/teamfieldvalues"


def _base(project: str) -> str:
    return f"/_apis{path('projects', project, 'teams')}"


RESOURCE = TerraformResource(
    type_name="azuredevops_team",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=by_project(is_guid, "projectid/teamid"),
    validate=problems,
    customize=refusals.check("team"),
)
ONE = TerraformDataSource(type_name="azuredevops_team", read=read_one)
