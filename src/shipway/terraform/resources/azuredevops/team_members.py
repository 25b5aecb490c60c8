"""`azuredevops_team_members`: who is in a team; all of them, or only these."""

from shipway.base import ids
from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, TerraformResource, Values
from shipway.terraform.resources.azuredevops import team
from shipway.terraform.resources.azuredevops.attributes import same_letters, text, texts

_OVERWRITE = "overwrite"


def create(calls: Calls, values: Values) -> Values:
    """Put the members in; in mode overwrite take the others out."""
    _write(calls, values, before=[])
    # it means nothing: the provider too draws a random number
    return {"id": str(int(ids.new_etag(), 16))}


def read(calls: Calls, values: Values) -> Values | None:
    """Those of the state that are still in; all that are in, in mode overwrite."""
    found = team.find(calls, text(values, "project_id"), text(values, "team_id"))
    if found is None:
        return None
    everyone, known = _is_overwrite(values), texts(values, "members")
    present = team.members_of(calls, found["id"])
    return {
        "team_id": found["id"],
        "members": [one for one in present if everyone or one in known],
    }


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Put in and take out what differs."""
    _write(calls, planned, before=texts(prior, "members"))


def delete(calls: Calls, values: Values) -> None:
    """Take the members out."""
    found = team.find(calls, text(values, "project_id"), text(values, "team_id"))
    if found is None:
        return
    gone = texts(values, "members")
    if _is_overwrite(values):
        gone = team.members_of(calls, found["id"])
    team.remove_members(calls, found["id"], gone)


def imported(calls: Calls, given: str) -> Values:
    """The provider cannot import it: its id says nothing."""
    del calls
    raise AtAttribute("id", f"resource azuredevops_team_members doesn't support import ({given})")


def _write(calls: Calls, values: Values, *, before: list[str]) -> None:
    project, wanted = text(values, "project_id"), texts(values, "members")
    found = team.find(calls, project, text(values, "team_id"))
    if found is None:
        raise AtAttribute(
            "team_id", f"there is no team {text(values, 'team_id')} in the project {project}"
        )
    if _is_overwrite(values):
        team.set_members(calls, found["id"], wanted)
        return
    team.add_members(calls, found["id"], [one for one in wanted if one not in before])
    team.remove_members(calls, found["id"], [one for one in before if one not in wanted])


def _is_overwrite(values: Values) -> bool:
    return same_letters(text(values, "mode"), _OVERWRITE)


RESOURCE = TerraformResource(
    type_name="azuredevops_team_members",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=imported,
    suppress={"mode": same_letters},
)
