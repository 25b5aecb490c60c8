"""Who an approver's id stands for: a person, a group of the tenant or a group of the organization.

Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals
"""

from shipway.azure.entra import groups, users
from shipway.devops import security_groups
from shipway.devops.approval_entities import Approver
from shipway.store.store import Store


def find_approver(store: Store, object_id: str) -> Approver | None:
    """The approver with the members that its group has now, or None for an id nobody has."""
    user = users.find(store, object_id)
    if user is not None:
        return Approver(approver_id=user.object_id, name=user.display_name)
    group = security_groups.find(store, object_id)
    if group is not None:
        people = security_groups.people_of(store, group)
        return Approver(approver_id=group.group_id, name=group.name, members=people)
    directory = groups.find(store, object_id)
    if directory is not None:
        return Approver(
            approver_id=directory.object_id, name=directory.display_name,
            members=directory.member_ids,
        )  # fmt: skip
    return None


def approver_of(store: Store, object_id: str) -> Approver:
    """The same; an id that nobody has any more stands for itself, and nobody can answer for it."""
    return find_approver(store, object_id) or Approver(approver_id=object_id, name=object_id)
