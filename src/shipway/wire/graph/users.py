"""Users and groups on Microsoft Graph.

Source: https://learn.microsoft.com/graph/api/resources/user
"""

from typing import Any

from shipway.azure.entra import groups, tenant, users
from shipway.azure.entra.groups import Group
from shipway.azure.entra.users import User
from shipway.base.errors import Forbidden
from shipway.store.store import Store
from shipway.wire import filters
from shipway.wire.graph.shapes import directory_object, many, one, reference, text
from shipway.wire.http import Request, Response


def create_user(store: Store, request: Request) -> Response:
    """`POST /users`: a sign-in name and a display name; a password is neither asked nor kept."""
    body = request.json()
    name = text(body, "mailNickname", "") or text(body, "userPrincipalName").partition("@")[0]
    made = users.create(store, name=name, display_name=text(body, "displayName"))
    return one(request, "users", _user(made), status=201)


def list_users(store: Store, request: Request) -> Response:
    """`GET /users`."""
    wanted = filters.read(request, known=("userPrincipalName", "displayName", "id", "mail"))
    shapes = [_user(u) for u in users.list_users(store)]
    found = [
        s for s in shapes
        if all(s[name].lower() == wanted.get(name.lower(), s[name]).lower() for name in
               ("userPrincipalName", "displayName", "id", "mail"))
    ]  # fmt: skip
    return many(request, "users", found)


def get_user(store: Store, request: Request) -> Response:
    """`GET /users/{user}` by id or full name."""
    return one(request, "users", _user(users.get(store, request.params["user"])))


def get_me(store: Store, request: Request) -> Response:
    """`GET /me`: for users only. Raises `Forbidden` for an application's token."""
    user = users.find(store, request.principal.object_id)
    if user is None:
        raise Forbidden(
            "/me request is only valid with delegated authentication flow", code="BadRequest",
            status=400,
        )  # fmt: skip
    return one(request, "users", _user(user))


def delete_user(store: Store, request: Request) -> Response:
    """`DELETE /users/{user}`. Raises `Forbidden` for the owner of the machine."""
    user = users.get(store, request.params["user"])
    if user.object_id == tenant.facts(store).owner_object_id:
        raise Forbidden(
            "The owner of this machine cannot be deleted", code="Authorization_RequestDenied"
        )
    users.delete(store, user.object_id)
    return Response(status=204)


def create_group(store: Store, request: Request) -> Response:
    """`POST /groups`."""
    body = request.json()
    made = groups.create(
        store,
        display_name=text(body, "displayName"),
        mail_nickname=text(body, "mailNickname", ""),
    )
    for member in body.get("members@odata.bind") or []:
        member_id = reference({"@odata.id": member})
        directory_object(store, member_id)
        groups.add_member(store, group_id=made.object_id, member_id=member_id)
    return one(request, "groups", _group(groups.get(store, made.object_id)), status=201)


def list_groups(store: Store, request: Request) -> Response:
    """`GET /groups`."""
    wanted = filters.read(request, known=("displayName", "id", "mailNickname"))
    found = [
        g
        for g in groups.list_groups(store)
        if wanted.get("displayname", g.display_name) == g.display_name
        and wanted.get("id", g.object_id) == g.object_id
        and wanted.get("mailnickname", g.mail_nickname) == g.mail_nickname
    ]
    return many(request, "groups", [_group(g) for g in found])


def get_group(store: Store, request: Request) -> Response:
    """`GET /groups/{group}`."""
    return one(request, "groups", _group(groups.get(store, request.params["group"])))


def delete_group(store: Store, request: Request) -> Response:
    """`DELETE /groups/{group}`."""
    groups.delete(store, request.params["group"].lower())
    return Response(status=204)


def list_members(store: Store, request: Request) -> Response:
    """`GET /groups/{group}/members`."""
    group = groups.get(store, request.params["group"])
    found = [directory_object(store, member) for member in group.member_ids]
    return many(request, "directoryObjects", found)


def add_member(store: Store, request: Request) -> Response:
    """`POST /groups/{group}/members/$ref`."""
    member_id = reference(request.json())
    directory_object(store, member_id)
    groups.add_member(store, group_id=request.params["group"].lower(), member_id=member_id)
    return Response(status=204)


def remove_member(store: Store, request: Request) -> Response:
    """`DELETE /groups/{group}/members/{member}/$ref`."""
    groups.remove_member(
        store,
        group_id=request.params["group"].lower(),
        member_id=request.params["member"].lower(),
    )
    return Response(status=204)


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.object_id,
        "displayName": user.display_name,
        "userPrincipalName": user.principal_name,
        "mailNickname": user.name,
        "mail": user.principal_name,
        "accountEnabled": True,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "id": group.object_id,
        "displayName": group.display_name,
        "mailNickname": group.mail_nickname,
        "mailEnabled": False,
        "securityEnabled": True,
        "groupTypes": [],
    }
