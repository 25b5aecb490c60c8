"""`azuredevops_group_membership`: who is in a group; all of them, or only these.

Calls: GET, PUT and DELETE of `_apis/graph/memberships`.
"""

from shipway.base import ids
from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, TerraformResource, Values
from shipway.terraform.resources.azuredevops import graph
from shipway.terraform.resources.azuredevops.attributes import same_letters, text, texts

_OVERWRITE = "overwrite"


def create(calls: Calls, values: Values) -> Values:
    """Put the members in; in mode overwrite take the others out."""
    group, wanted = text(values, "group"), texts(values, "members")
    present = _members(calls, group)
    if same_letters(text(values, "mode"), _OVERWRITE):
        graph.remove_members(calls, group, [one for one in present if one not in wanted])
    graph.add_members(calls, group, [one for one in wanted if one not in present])
    # it means nothing: the provider too draws a random number
    return {"id": str(int(ids.new_etag(), 16))}


def read(calls: Calls, values: Values) -> Values | None:
    """Those of the state that are still in; all that are in, in mode overwrite."""
    present = graph.members_of(calls, text(values, "group"))
    if present is None:
        return None
    everyone = same_letters(text(values, "mode"), _OVERWRITE)
    known = texts(values, "members")
    return {"members": [one for one in present if everyone or one in known]}


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Put in and take out what differs."""
    group = text(prior, "group")
    before, after = texts(prior, "members"), texts(planned, "members")
    graph.remove_members(calls, group, [one for one in before if one not in after])
    graph.add_members(calls, group, [one for one in after if one not in before])


def delete(calls: Calls, values: Values) -> None:
    """Take the members out."""
    group = text(values, "group")
    if graph.members_of(calls, group) is not None:
        graph.remove_members(calls, group, texts(values, "members"))


def _members(calls: Calls, group: str) -> list[str]:
    found = graph.members_of(calls, group)
    if found is None:
        raise AtAttribute("group", f"Reading group memberships: there is no group {group}")
    return found


def imported(calls: Calls, given: str) -> Values:
    """The provider cannot import it: its id says nothing."""
    del calls
    raise AtAttribute(
        "id", f"resource azuredevops_group_membership doesn't support import ({given})"
    )


RESOURCE = TerraformResource(
    type_name="azuredevops_group_membership",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=imported,
    suppress={"mode": same_letters},
)
