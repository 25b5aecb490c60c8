"""Owners and members: references from one directory object to others.

Source: https://learn.microsoft.com/graph/api/group-post-members
"""

from collections.abc import Mapping
from typing import Any

from shipway.azure.entra import groups, owners, service_principals, users
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.graph import filtering
from shipway.wire.graph.shapes import directory_object, many, reference
from shipway.wire.http import Request, Response

_KIND = "directoryObjects"
_FILTERED = ("id", "displayName")


def list_owners(store: Store, request: Request) -> Response:
    """`GET .../{object}/owners`."""
    found = owners.list_owners(store, _subject(store, request))
    return _many(store, request, found)


def add_owner(store: Store, request: Request) -> Response:
    """`POST .../{object}/owners/$ref`. Raises `BadInput` for one who is an owner already."""
    subject, owner_id = _subject(store, request), reference(request.json())
    directory_object(store, owner_id)
    owners.add(store, object_id=subject, owner_id=owner_id)
    return Response(status=204)


def remove_owner(store: Store, request: Request) -> Response:
    """`DELETE .../{object}/owners/{owner}/$ref`. Raises `NotFound`."""
    owner_id = request.params["owner"].lower()
    owners.remove(store, object_id=_subject(store, request), owner_id=owner_id)
    return Response(status=204)


def bind_owners(store: Store, object_id: str, body: Mapping[str, Any]) -> None:
    """`owners@odata.bind` of a body. Raises `NotFound` for one that does not exist."""
    for owner_id in bound(store, body, "owners@odata.bind"):
        owners.add(store, object_id=object_id, owner_id=owner_id)


def bound(store: Store, body: Mapping[str, Any], name: str) -> list[str]:
    """The object ids of a list of references, each once. Raises `BadInput`, `NotFound`."""
    given = body.get(name) or []
    if not isinstance(given, list):
        raise BadInput(
            f"Invalid value specified for property '{name}' of resource",
            code="Request_BadRequest", where=name,
        )  # fmt: skip
    found = list(dict.fromkeys(reference({"@odata.id": one}) for one in given))
    for object_id in found:
        directory_object(store, object_id)
    return found


def list_members(store: Store, request: Request) -> Response:
    """`GET /groups/{object}/members`."""
    group = groups.get(store, request.params["object"])
    return _many(store, request, list(group.member_ids))


def list_transitive_members(store: Store, request: Request) -> Response:
    """`GET /groups/{object}/transitiveMembers`."""
    return _many(store, request, groups.transitive_members(store, request.params["object"]))


def add_member(store: Store, request: Request) -> Response:
    """`POST /groups/{object}/members/$ref`. Raises `BadInput` for one who is a member already."""
    member_id, group = reference(request.json()), groups.get(store, request.params["object"])
    directory_object(store, member_id)
    if member_id in group.member_ids:
        raise BadInput(
            "One or more added object references already exist for the following modified "
            "properties: 'members'",
            code="Request_BadRequest", where=member_id,
        )  # fmt: skip
    groups.add_member(store, group_id=group.object_id, member_id=member_id)
    return Response(status=204)


def remove_member(store: Store, request: Request) -> Response:
    """`DELETE /groups/{object}/members/{member}/$ref`. Raises `NotFound`."""
    groups.remove_member(
        store,
        group_id=request.params["object"].lower(),
        member_id=request.params["member"].lower(),
    )
    return Response(status=204)


def list_member_of(store: Store, request: Request) -> Response:
    """`GET .../{object}/memberOf`: groups without one between."""
    return _many(store, request, groups.direct_of_member(store, _subject(store, request)))


def list_transitive_member_of(store: Store, request: Request) -> Response:
    """`GET .../{object}/transitiveMemberOf`."""
    return _many(store, request, groups.of_member(store, _subject(store, request)))


def _many(store: Store, request: Request, object_ids: list[str]) -> Response:
    found = [directory_object(store, object_id) for object_id in object_ids]
    return many(request, _KIND, filtering.matching(request, found, known=_FILTERED))


def _subject(store: Store, request: Request) -> str:
    """The object id that the path names, whatever kind stands before it. Raises `NotFound`."""
    kind, wanted = request.path.strip("/").split("/")[1].lower(), request.params["object"].lower()
    if kind == "applications":
        return service_principals.get_application(store, wanted).object_id
    if kind == "serviceprincipals":
        return service_principals.get(store, wanted).object_id
    if kind == "users":
        return users.get(store, wanted).object_id
    return groups.get(store, wanted).object_id
