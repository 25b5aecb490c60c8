"""Who there is: the connection's own identity, and identities by any of their names.

Source: https://learn.microsoft.com/rest/api/azure/devops/ims/identities/read-identities
"""

from typing import Any

from shipway.azure.entra import tenant
from shipway.base.errors import BadInput, NotFound
from shipway.devops import projects, security_groups, subjects
from shipway.devops.runs import Requester
from shipway.devops.security_groups import SecurityGroup
from shipway.devops.subjects import Subject
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response

_SERVICE = "00025394-6065-48ca-87d9-7f5672854ef7"


class Identities:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def connection(self, request: Request) -> Response:
        """GET connectionData: who the caller is and where they are."""
        who = request.principal
        me = shapes.identity(
            self._store, request, Requester(object_id=who.object_id, name=who.name)
        )
        user = {
            "id": who.object_id, "descriptor": f"Microsoft.IdentityModel.Claims.ClaimsIdentity;"
            f"{who.tenant_id}\\{me['uniqueName']}",
            "subjectDescriptor": me["descriptor"], "providerDisplayName": me["displayName"],
            "isActive": True, "resourceVersion": 2, "metaTypeId": 0,
            "properties": {"Account": {"$type": "System.String", "$value": me["uniqueName"]}},
        }  # fmt: skip
        home = tenant.facts(self._store)
        base = shapes.base_url(request)
        return json_response(
            {
                "authenticatedUser": user, "authorizedUser": user,
                "instanceId": home.organization_id, "deploymentId": home.organization_id,
                "deploymentType": "hosted",
                "locationServiceData": {
                    "serviceOwner": _SERVICE, "defaultAccessMappingMoniker": "PublicAccessMapping",
                    "lastChangeId": 1, "lastChangeId64": 1,
                    "accessMappings": [
                        {"displayName": "Public Access Mapping", "moniker": "PublicAccessMapping",
                         "accessPoint": f"{base}/", "serviceOwner": shapes.NO_GUID,
                         "virtualDirectory": projects.ORGANIZATION},
                    ],
                },
            }
        )  # fmt: skip

    def read(self, request: Request) -> Response:
        """GET identities: by ids, descriptors, or a name (`searchFilter`, `filterValue`).

        Those asked for by a descriptor or id stand in that order; who is not there falls out.
        """
        for name, attribute in (
            ("subjectDescriptors", "descriptor"),
            ("descriptors", "identity_descriptor"),
            ("identityIds", "subject_id"),
        ):
            wanted = [part.strip().lower() for part in request.arg(name).split(",") if part]
            if wanted:
                known = {str(getattr(s, attribute)).lower(): s for s in self._all()}
                found = [known[one] for one in wanted if one in known]
                return shapes.collection([self._shape(request, s) for s in found])
        text = request.arg("filterValue").casefold()
        return shapes.collection(
            [self._shape(request, s) for s in self._all() if not text or text in _words(s)]
        )

    def one(self, request: Request) -> Response:
        """GET identities/{id}."""
        found = subjects.find(self._store, request.params["identity"])
        if found is None:
            raise _absent(request.params["identity"])
        return json_response(self._shape(request, found))

    def members(self, request: Request) -> Response:
        """GET identities/{container}/members: descriptors for access control."""
        group = self._group(request)
        inside = [
            subjects.find(self._store, i) for i in security_groups.members_of(self._store, group)
        ]
        return shapes.collection([one.identity_descriptor for one in inside if one])

    def add_member(self, request: Request) -> Response:
        """PUT identities/{container}/members/{member}: true, false when it was one."""
        group, member = self._changeable(request), self._member(request)
        is_new = member.subject_id not in security_groups.members_of(self._store, group)
        security_groups.add_member(
            self._store, group_id=group.group_id, member_id=member.subject_id
        )
        return json_response(is_new)

    def remove_member(self, request: Request) -> Response:
        """DELETE identities/{container}/members/{member}: true, false when it was none."""
        group, member = self._changeable(request), self._member(request)
        return json_response(
            security_groups.remove_member(
                self._store, group_id=group.group_id, member_id=member.subject_id
            )
        )

    def _all(self) -> list[Subject]:
        return list(subjects.everybody(self._store))

    def _group(self, request: Request) -> SecurityGroup:
        return security_groups.get(self._store, request.params["identity"])

    def _changeable(self, request: Request) -> SecurityGroup:
        group = self._group(request)
        rights.require_group_manager(self._store, request, group)
        return group

    def _member(self, request: Request) -> Subject:
        found = subjects.find(self._store, request.params["member"])
        if found is None:
            raise _absent(request.params["member"])
        return found

    def _members_of(self, request: Request, one: Subject) -> list[Subject]:
        """Who is in a group, as far as `queryMembership` asks."""
        asked = request.arg("queryMembership", "none").lower()
        group = security_groups.find(self._store, one.subject_id) if one.kind == "group" else None
        if asked not in ("none", "direct", "expanded", "expandeddown", "expandedup"):
            raise BadInput(
                f"The value '{asked[:40]}' is not valid for parameter 'queryMembership'",
                code="InvalidArgumentValueException", where="queryMembership",
                hint="Known: None, Direct, Expanded.",
            )  # fmt: skip
        if group is None or asked in ("none", "expandedup"):
            return []
        inside = (
            security_groups.members_of(self._store, group)
            if asked == "direct"
            else security_groups.people_of(self._store, group)
        )
        return [found for i in inside if (found := subjects.find(self._store, i)) is not None]

    def _shape(self, request: Request, one: Subject) -> dict[str, Any]:
        inside = self._members_of(request, one)
        properties = {
            "SchemaClassName": "Group" if one.kind == "group" else "User",
            "Description": one.description, "Domain": one.domain, "Account": one.account
            if one.kind != "group" else one.display_name, "Mail": one.mail or one.account,
        }  # fmt: skip
        return {
            "id": one.subject_id, "isActive": True,
            "members": [m.identity_descriptor for m in inside],
            "providerDisplayName": one.account if one.kind == "group" else one.display_name,
            "isContainer": one.kind == "group", "memberOf": [],
            "memberIds": [m.subject_id for m in inside],
            "resourceVersion": 2, "descriptor": one.identity_descriptor,
            "subjectDescriptor": one.descriptor,
            "properties": {
                name: {"$type": "System.String", "$value": value}
                for name, value in properties.items()
            },
            "metaTypeId": 0,
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Identities; on vssps.dev.azure.com as on dev.azure.com."""
    noun = Identities(store)
    read = ("descriptors", "identityIds", "subjectDescriptors", "searchFilter", "filterValue",
            "queryMembership", "properties", "options")  # fmt: skip
    options = ("connectOptions", "lastChangeId", "lastChangeId64")
    member = "identities/{identity}/members/{member}"
    return (
        in_organization("GET", "connectiondata", noun.connection, query=options),
        in_organization("GET", "identities", noun.read, query=read),
        in_organization("GET", "identities/{identity}", noun.one,
                        query=("queryMembership", "properties")),
        in_organization("GET", "identities/{identity}/members", noun.members,
                        query=("queryMembership",)),
        # a team's own administrators may as well, whatever else they are
        in_organization("PUT", member, noun.add_member),
        in_organization("DELETE", member, noun.remove_member),
    )  # fmt: skip


def _words(one: Subject) -> tuple[str, ...]:
    account = one.account.casefold()
    return (account.partition("@")[0], account, one.display_name.casefold(), one.subject_id)


def _absent(asked: str) -> NotFound:
    return NotFound(
        f"TF14045: The identity '{asked[:100]}' could not be found.", where=asked[:100],
        code="IdentityNotFoundException", hint="GET _apis/identities lists who there is.",
    )  # fmt: skip
