"""Whom a reviewer's id stands for: a person, a group of the organization or of the tenant.

Knows: identities and groups. Must not know: pull requests, HTTP.
"""

from dataclasses import dataclass

from shipway.azure.entra import groups, users
from shipway.devops import security_groups
from shipway.devops.runs import Requester
from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerIdentity:
    """Who, and the people in it now where it is a group."""

    who: Requester
    is_group: bool = False
    people: tuple[str, ...] = ()


def find(store: Store, object_id: str) -> ReviewerIdentity | None:
    """The identity of that id, or None."""
    wanted = object_id.lower()
    user = users.find(store, wanted)
    if user is not None:
        return ReviewerIdentity(who=Requester(object_id=user.object_id, name=user.name))
    group = security_groups.find(store, wanted)
    if group is not None:
        people = security_groups.people_of(store, group)
        who = Requester(object_id=group.group_id, name=group.name)
        return ReviewerIdentity(who=who, is_group=True, people=people)
    directory = groups.find(store, wanted)
    if directory is not None:
        who = Requester(object_id=directory.object_id, name=directory.display_name)
        return ReviewerIdentity(who=who, is_group=True, people=directory.member_ids)
    return None
