"""Security namespaces and access control lists: those by which a team's administrators are named.

Rights otherwise come from groups; a list that would change them otherwise is refused by name.
Source: https://learn.microsoft.com/rest/api/azure/devops/security
"""

from typing import Any

from shipway.base.errors import NotFound, NotSupported
from shipway.devops import security_groups, subjects
from shipway.devops.security_groups import SecurityGroup
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response

_IDENTITY = "5a27515b-ccd7-42c9-84f1-54c998f03866"
_ACTIONS = {"Read": 1, "Write": 2, "Delete": 4, "ManageMembership": 8, "CreateScope": 16,
            "RestoreScope": 32}  # fmt: skip
_ADMINISTRATOR = 31  # all that makes somebody a team's administrator


class Security:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def namespaces(self, request: Request) -> Response:
        """GET securitynamespaces[/{id}]."""
        asked = request.params.get("namespace", _IDENTITY).lower()
        return shapes.collection([_namespace()] if asked in (_IDENTITY, shapes.NO_GUID) else [])

    def lists(self, request: Request) -> Response:
        """GET accesscontrollists/{namespace}?token=: who administers a team."""
        _check_namespace(request)
        token = request.arg("token")
        team = self._team(token) if token else None
        if team is None or not rights.sees(self._store, request, team.project_id):
            return shapes.collection([])
        found = (subjects.find(self._store, one) for one in team.administrator_ids)
        entries = {
            one.identity_descriptor: _entry(one.identity_descriptor, _ADMINISTRATOR)
            for one in found
            if one is not None
        }
        shape = {"token": token, "inheritPermissions": True, "acesDictionary": entries}
        return shapes.collection([shape] if entries else [])

    def set_entries(self, request: Request) -> Response:
        """POST accesscontrolentries/{namespace}: make people administrators of a team, or not."""
        _check_namespace(request)
        body = body_of(request)
        team = self._needed(request, body.text("token"))
        by_descriptor = {
            s.identity_descriptor.lower(): s.subject_id for s in subjects.everybody(self._store)
        }
        holders = list(team.administrator_ids)
        given = []
        for entry in body.children("accessControlEntries"):
            descriptor = entry.text("descriptor")
            allow = entry.number("allow", 0)
            who = by_descriptor.get(descriptor.lower())
            if who is None:
                raise subjects.absent(descriptor)
            if allow not in (0, _ADMINISTRATOR, _ADMINISTRATOR | 32) or entry.number("deny", 0):
                raise NotSupported(
                    f"the rights {allow} on a team are not supported",
                    code="PermissionNotSupportedException", status=400, where="allow",
                    hint=f"{_ADMINISTRATOR} makes an administrator, 0 takes it back.",
                )  # fmt: skip
            holders = [one for one in holders if one != who] + ([who] if allow else [])
            given.append(_entry(descriptor, allow))
        security_groups.update(
            self._store, group_id=team.group_id, administrator_ids=tuple(dict.fromkeys(holders))
        )
        return shapes.collection(given)

    def remove_entries(self, request: Request) -> Response:
        """DELETE accesscontrolentries/{namespace}?token=&descriptors=."""
        _check_namespace(request)
        team = self._needed(request, request.arg("token"))
        gone = {one.lower() for one in request.arg("descriptors").split(",")}
        kept = [
            one
            for one in team.administrator_ids
            if (found := subjects.find(self._store, one)) is not None
            and found.identity_descriptor.lower() not in gone
        ]
        security_groups.update(self._store, group_id=team.group_id, administrator_ids=tuple(kept))
        return json_response(len(kept) < len(team.administrator_ids))

    def _needed(self, request: Request, token: str) -> SecurityGroup:
        team = self._team(token)
        if team is None:
            raise NotFound(
                f"there is no team behind the token '{token[:100]}'", where="token",
                code="SecurityTokenNotFoundException", hint="Such as <project id>\\<team id>.",
            )  # fmt: skip
        rights.require(self._store, request, "administer", project_id=team.project_id)
        return team

    def _team(self, token: str) -> SecurityGroup | None:
        project_id, _, team_id = token.partition("\\")
        found = security_groups.find(self._store, team_id)
        is_team = found is not None and found.is_team and found.project_id == project_id.lower()
        return found if is_team else None


def routes(store: Store) -> tuple[Route, ...]:
    """Namespaces, lists and entries."""
    noun = Security(store)
    lists = ("token", "descriptors", "includeExtendedInfo", "recurse")
    entries = "accesscontrolentries/{namespace}"
    return (
        in_organization("GET", "securitynamespaces", noun.namespaces, query=("localOnly",)),
        in_organization("GET", "securitynamespaces/{namespace}", noun.namespaces,
                        query=("localOnly",)),
        in_organization("GET", "accesscontrollists/{namespace}", noun.lists, query=lists),
        in_organization("POST", entries, noun.set_entries, action="administer"),
        in_organization("DELETE", entries, noun.remove_entries, action="administer",
                        query=("token", "descriptors")),
    )  # fmt: skip


def _check_namespace(request: Request) -> None:
    asked = request.params["namespace"].lower()
    if asked != _IDENTITY:
        raise NotSupported(
            f"the security namespace '{asked[:60]}' is not supported: rights come from groups",
            code="SecurityNamespaceNotSupportedException", status=400, where="namespace",
            hint=f"Supported: Identity ({_IDENTITY}), for the administrators of teams.",
        )  # fmt: skip


def _namespace() -> dict[str, Any]:
    return {
        "namespaceId": _IDENTITY, "name": "Identity", "displayName": "Identity",
        "separatorValue": "\\", "elementLength": -1, "writePermission": 2, "readPermission": 1,
        "dataspaceCategory": "Default", "structureValue": 1, "isRemotable": False,
        "actions": [
            {"bit": bit, "name": name, "displayName": name, "namespaceId": _IDENTITY}
            for name, bit in _ACTIONS.items()
        ],
    }  # fmt: skip


def _entry(descriptor: str, allow: int) -> dict[str, Any]:
    return {"descriptor": descriptor, "allow": allow, "deny": 0,
            "extendedInfo": {"effectiveAllow": allow}}  # fmt: skip
