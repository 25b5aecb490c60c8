"""Groups on Microsoft Graph: security groups with assigned members.

Source: https://learn.microsoft.com/graph/api/resources/group
"""

from typing import Any

from shipway.azure.entra import groups
from shipway.azure.entra.groups import Group
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.graph import directory_fields, filtering, references
from shipway.wire.graph.shapes import many, one, text
from shipway.wire.http import Request, Response

_MEMBERS, _OWNERS = "members@odata.bind", "owners@odata.bind"
_OWN = (
    "displayName", "mailNickname", "mailEnabled", "securityEnabled", "groupTypes", _MEMBERS,
    _OWNERS, "membershipRule", "membershipRuleProcessingState",
)  # fmt: skip
_FILTERED = ("displayName", "id", "mailNickname", "mailEnabled", "securityEnabled", "mail")


def create_group(store: Store, request: Request) -> Response:
    """`POST /groups`, with owners and members."""
    body = request.json()
    _check_kind(body)
    fields = directory_fields.read(body, directory_fields.GROUP, own=_OWN)
    with store.database.transaction():
        made = groups.create(
            store,
            display_name=text(body, "displayName"),
            mail_nickname=text(body, "mailNickname", ""),
            fields=fields,
        )
        references.bind_owners(store, made.object_id, body)
        for member_id in references.bound(store, body, _MEMBERS):
            groups.add_member(store, group_id=made.object_id, member_id=member_id)
        made = groups.get(store, made.object_id)
    return one(request, "groups", _shape(made), status=201)


def list_groups(store: Store, request: Request) -> Response:
    """`GET /groups`."""
    shapes = [_shape(g) for g in groups.list_groups(store)]
    return many(request, "groups", filtering.matching(request, shapes, known=_FILTERED))


def get_group(store: Store, request: Request) -> Response:
    """`GET /groups/{object}`."""
    return one(request, "groups", _shape(groups.get(store, request.params["object"])))


def patch_group(store: Store, request: Request) -> Response:
    """`PATCH /groups/{object}`; `members@odata.bind` adds to the members, as on Azure."""
    body, group = request.json(), groups.get(store, request.params["object"])
    _check_kind(body)
    fields = directory_fields.read(body, directory_fields.GROUP, own=_OWN)
    with store.database.transaction():
        groups.change(
            store, group.object_id, display_name=directory_fields.name_of(body, "displayName"),
            mail_nickname=directory_fields.name_of(body, "mailNickname"), fields=fields,
        )  # fmt: skip
        for member_id in references.bound(store, body, _MEMBERS):
            groups.add_member(store, group_id=group.object_id, member_id=member_id)
    return Response(status=204)


def delete_group(store: Store, request: Request) -> Response:
    """`DELETE /groups/{object}`."""
    groups.delete(store, request.params["object"].lower())
    return Response(status=204)


def _check_kind(body: dict[str, Any]) -> None:
    if body.get("mailEnabled") or body.get("groupTypes"):
        raise BadInput(
            "only security groups with assigned members are supported",
            code="Request_BadRequest", where="groupTypes" if body.get("groupTypes") else
            "mailEnabled", hint="Send mailEnabled false and no groupTypes.",
        )  # fmt: skip
    if body.get("securityEnabled") is False:
        raise BadInput(
            "a group must be enabled for security, mail, or both", code="Request_BadRequest",
            where="securityEnabled",
        )  # fmt: skip


def _shape(group: Group) -> dict[str, Any]:
    return {
        **directory_fields.GROUP,
        **group.fields,
        "id": group.object_id,
        "createdDateTime": timestamp(group.created_at) if group.created_at else None,
        "displayName": group.display_name,
        "mailNickname": group.mail_nickname,
        "mail": None,
        "mailEnabled": False,
        "securityEnabled": True,
        "groupTypes": [],
        "membershipRule": None,
        "membershipRuleProcessingState": None,
        "onPremisesSyncEnabled": None,
        "proxyAddresses": [],
    }
