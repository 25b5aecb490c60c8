"""Users on Microsoft Graph.

Source: https://learn.microsoft.com/graph/api/resources/user
"""

from typing import Any

from shipway.azure.entra import tenant, users
from shipway.azure.entra.users import User
from shipway.base.errors import BadInput, Forbidden
from shipway.store.store import Store
from shipway.wire.graph import directory_fields, filtering
from shipway.wire.graph.shapes import many, one, text
from shipway.wire.http import Request, Response

_OWN = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "mail")
_FILTERED = ("userPrincipalName", "displayName", "id", "mail", "mailNickname", "accountEnabled",
             "employeeId", "jobTitle", "department")  # fmt: skip


def create_user(store: Store, request: Request) -> Response:
    """`POST /users`: a sign-in name and a display name; a password is neither asked nor kept."""
    body = request.json()
    _check_enabled(body)
    name, _, domain = text(body, "userPrincipalName").partition("@")
    home = tenant.facts(store)
    if domain.lower() not in ("", home.domain):
        raise BadInput(
            "The domain portion of the userPrincipalName property is invalid. You must use one of "
            "the verified domain names in your organization",
            code="Request_BadRequest", where="userPrincipalName",
            hint=f"The domain of this home is {home.domain}.",
        )  # fmt: skip
    fields = directory_fields.read(body, directory_fields.USER, own=_OWN)
    made = users.create(store, name=name, display_name=text(body, "displayName"), fields=fields)
    return one(request, "users", _user(made), status=201)


def list_users(store: Store, request: Request) -> Response:
    """`GET /users`."""
    shapes = [_user(u) for u in users.list_users(store)]
    return many(request, "users", filtering.matching(request, shapes, known=_FILTERED))


def patch_user(store: Store, request: Request) -> Response:
    """`PATCH /users/{object}`. Raises `Forbidden` for the owner of the machine."""
    user, body = users.get(store, request.params["object"]), request.json()
    _check_owner(store, user)
    _check_enabled(body)
    if str(body.get("userPrincipalName") or user.principal_name).lower() != user.principal_name:
        raise BadInput(
            "the userPrincipalName cannot be changed here", code="Request_BadRequest",
            where="userPrincipalName",
        )  # fmt: skip
    users.change(
        store, user.object_id, display_name=directory_fields.name_of(body, "displayName"),
        fields=directory_fields.read(body, directory_fields.USER, own=_OWN),
    )  # fmt: skip
    return Response(status=204)


def get_user(store: Store, request: Request) -> Response:
    """`GET /users/{object}` by id or full name."""
    return one(request, "users", _user(users.get(store, request.params["object"])))


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
    """`DELETE /users/{object}`. Raises `Forbidden` for the owner of the machine."""
    user = users.get(store, request.params["object"])
    _check_owner(store, user)
    users.delete(store, user.object_id)
    return Response(status=204)


def _check_owner(store: Store, user: User) -> None:
    if user.object_id == tenant.facts(store).owner_object_id:
        raise Forbidden(
            "The owner of this machine cannot be changed or deleted",
            code="Authorization_RequestDenied",
        )


def _check_enabled(body: dict[str, Any]) -> None:
    if body.get("accountEnabled") is False:
        raise BadInput(
            "a user's account cannot be disabled here", code="Request_BadRequest",
            where="accountEnabled", hint="Delete the user instead.",
        )  # fmt: skip


def _user(user: User) -> dict[str, Any]:
    return {
        **directory_fields.USER,
        **user.fields,
        "id": user.object_id,
        "displayName": user.display_name,
        "userPrincipalName": user.principal_name,
        "mailNickname": user.name,
        "mail": user.principal_name,
        "accountEnabled": True,
        "userType": "Member",
        "creationType": None,
        "externalUserState": None,
        "imAddresses": [],
        "proxyAddresses": [],
    }
