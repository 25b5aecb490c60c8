"""Groups of the tenant: a name and its members.

Knows: documents. Must not know: roles, HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shipway.azure.entra import owners
from shipway.base import ids
from shipway.base.errors import NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

_KIND, _MEMBER = "group", "group_of_member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A security group. `fields` are what else the directory keeps about it, as it was sent."""

    object_id: str
    display_name: str
    mail_nickname: str
    member_ids: tuple[str, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None


def create(
    store: Store,
    *,
    display_name: str,
    mail_nickname: str = "",
    fields: Mapping[str, Any] | None = None,
) -> Group:
    """Add an empty group."""
    body = {
        "display_name": display_name,
        "mail_nickname": mail_nickname or display_name,
        "member_ids": [],
        "fields": dict(fields or {}),
    }
    return _group(store.documents.create(_KIND, ids.new_guid(), body))


def change(
    store: Store,
    object_id: str,
    *,
    display_name: str | None = None,
    mail_nickname: str | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Group:
    """Replace some of what is said about a group. Raises `NotFound`."""
    with store.database.transaction():
        known = get(store, object_id)
        changes = {
            "display_name": display_name or known.display_name,
            "mail_nickname": mail_nickname or known.mail_nickname,
            "fields": {**known.fields, **(fields or {})},
        }
        return _group(store.documents.update(_KIND, known.object_id, changes))


def list_groups(store: Store) -> list[Group]:
    """All groups."""
    return [_group(d) for d in store.documents.list(_KIND)]


def find(store: Store, object_id: str) -> Group | None:
    """The group, or None."""
    found = store.documents.find(_KIND, object_id.lower())
    return None if found is None else _group(found)


def get(store: Store, object_id: str) -> Group:
    """The group. Raises `NotFound`."""
    group = find(store, object_id)
    if group is None:
        raise NotFound(
            f"Resource '{object_id}' does not exist or one of its queried reference-property "
            "objects are not present",
            code="Request_ResourceNotFound",
            where=object_id,
        )
    return group


def of_member(store: Store, member_id: str) -> list[str]:
    """The object ids of the groups that somebody is in, by way of other groups, too."""
    found = direct_of_member(store, member_id)
    for group_id in found:
        found += [g for g in direct_of_member(store, group_id) if g not in found]
    return found


def direct_of_member(store: Store, member_id: str) -> list[str]:
    """The object ids of the groups that somebody is in without a group between."""
    return [
        document.key.partition("/")[2]
        for document in store.documents.list(_MEMBER, prefix=f"{member_id}/")
    ]


def transitive_members(store: Store, object_id: str) -> list[str]:
    """The object ids of members and of members of member groups. Raises `NotFound`."""
    found = list(get(store, object_id).member_ids)
    for member_id in found:
        group = find(store, member_id)
        if group is not None:
            found += [m for m in group.member_ids if m not in found]
    return found


def add_member(store: Store, *, group_id: str, member_id: str) -> None:
    """Add a member; nothing happens when it is one. Raises `NotFound`."""
    with store.database.transaction():
        group = get(store, group_id)
        if member_id not in group.member_ids:
            members = [*group.member_ids, member_id]
            store.documents.update(_KIND, group.object_id, {"member_ids": members})
            store.documents.put(_MEMBER, f"{member_id}/{group.object_id}", {})


def remove_member(store: Store, *, group_id: str, member_id: str) -> None:
    """Remove a member. Raises `NotFound` for no such group and for one who is no member."""
    with store.database.transaction():
        group = get(store, group_id)
        if member_id not in group.member_ids:
            raise NotFound(
                f"Resource '{member_id}' does not exist or one of its queried reference-property "
                "objects are not present",
                code="Request_ResourceNotFound",
                where=member_id,
            )
        members = [m for m in group.member_ids if m != member_id]
        store.documents.update(_KIND, group.object_id, {"member_ids": members})
        store.documents.delete(_MEMBER, f"{member_id}/{group.object_id}")


def delete(store: Store, object_id: str) -> None:
    """Remove a group. Raises `NotFound`."""
    with store.database.transaction():
        group = get(store, object_id)
        for member_id in group.member_ids:
            store.documents.delete(_MEMBER, f"{member_id}/{group.object_id}")
        for parent_id in direct_of_member(store, group.object_id):
            remove_member(store, group_id=parent_id, member_id=group.object_id)
        owners.remove_all(store, group.object_id)
        store.documents.delete(_KIND, group.object_id)


def _group(document: Document) -> Group:
    body = document.body
    return Group(
        object_id=document.key,
        display_name=body["display_name"],
        mail_nickname=body["mail_nickname"],
        member_ids=tuple(body["member_ids"]),
        fields=body.get("fields", {}),
        created_at=document.created_at,
    )
