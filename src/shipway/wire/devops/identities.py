"""Who there is: the connection's own identity, users and groups to be named as approvers.

Source: https://learn.microsoft.com/rest/api/azure/devops/ims/identities/read-identities
"""

from typing import Any

from shipway.azure.entra import groups, tenant, users
from shipway.azure.entra.users import User
from shipway.base.errors import NotFound
from shipway.devops import projects
from shipway.devops.runs import Requester
from shipway.store.store import Store
from shipway.wire.devops import shapes
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
        """GET identities: by ids, or by a name (`searchFilter`, `filterValue`)."""
        wanted = {i.lower() for i in request.arg("identityIds").split(",") if i}
        text = request.arg("filterValue").casefold()
        people = [
            u for u in users.list_users(self._store)
            if (not wanted or u.object_id in wanted) and (not text or text in _words(u))
        ]  # fmt: skip
        teams = [
            g for g in groups.list_groups(self._store)
            if (not wanted or g.object_id in wanted)
            and (not text or text == g.display_name.casefold())
        ]  # fmt: skip
        values = [self._user(request, u) for u in people]
        values += [self._shape(g.object_id, g.display_name, g.display_name, True) for g in teams]
        return shapes.collection(values)

    def one(self, request: Request) -> Response:
        """GET identities/{id}."""
        return json_response(self._user(request, self._find(request.params["identity"])))

    def graph_users(self, request: Request) -> Response:
        """GET graph/users."""
        return shapes.collection(
            [self._graph_user(request, u) for u in users.list_users(self._store)]
        )

    def graph_user(self, request: Request) -> Response:
        """GET graph/users/{descriptor}."""
        asked = request.params["descriptor"]
        for user in users.list_users(self._store):
            if asked == shapes.descriptor(user.object_id, is_user=True):
                return json_response(self._graph_user(request, user))
        raise _absent(asked)

    def descriptor(self, request: Request) -> Response:
        """GET graph/descriptors/{storageKey}: the descriptor of an id."""
        user = self._find(request.params["key"])
        return json_response({"value": shapes.descriptor(user.object_id, is_user=True)})

    def storage_key(self, request: Request) -> Response:
        """GET graph/storagekeys/{descriptor}: the id of a descriptor."""
        asked = request.params["descriptor"]
        for user in users.list_users(self._store):
            if asked == shapes.descriptor(user.object_id, is_user=True):
                return json_response({"value": user.object_id})
        raise _absent(asked)

    def _find(self, asked: str) -> User:
        found = users.find(self._store, asked)
        if found is None:
            raise _absent(asked)
        return found

    def _user(self, request: Request, user: User) -> dict[str, Any]:
        del request
        return self._shape(user.object_id, user.display_name, user.principal_name, False)

    def _shape(
        self,
        object_id: str,
        display: str,
        account: str,
        is_group: bool,
    ) -> dict[str, Any]:
        home = tenant.facts(self._store)
        return {
            "id": object_id, "providerDisplayName": display, "isActive": True, "members": [],
            "isContainer": is_group, "memberOf": [], "memberIds": [], "resourceVersion": 2,
            "descriptor": "Microsoft.IdentityModel.Claims.ClaimsIdentity;"
            f"{home.tenant_id}\\{account}",
            "subjectDescriptor": shapes.descriptor(object_id, is_user=not is_group),
            "properties": {
                "Account": {"$type": "System.String", "$value": account},
                "Mail": {"$type": "System.String", "$value": account},
            },
            "metaTypeId": 0,
        }  # fmt: skip

    def _graph_user(self, request: Request, user: User) -> dict[str, Any]:
        descriptor = shapes.descriptor(user.object_id, is_user=True)
        home = tenant.facts(self._store)
        return {
            "subjectKind": "user", "domain": home.tenant_id, "origin": "aad",
            "principalName": user.principal_name, "mailAddress": user.principal_name,
            "originId": user.object_id, "displayName": user.display_name,
            "descriptor": descriptor, "metaType": "member",
            "url": f"{shapes.base_url(request)}/_apis/Graph/Users/{descriptor}",
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Identities and the graph's users."""
    noun = Identities(store)
    read = ("descriptors", "identityIds", "subjectDescriptors", "searchFilter", "filterValue",
            "queryMembership", "properties", "options")  # fmt: skip
    options = ("connectOptions", "lastChangeId", "lastChangeId64")
    users_query = ("subjectTypes", "continuationToken", "scopeDescriptor")
    return (
        in_organization("GET", "connectiondata", noun.connection, query=options),
        in_organization("GET", "identities", noun.read, query=read),
        in_organization("GET", "identities/{identity}", noun.one,
                        query=("queryMembership", "properties")),
        in_organization("GET", "graph/users", noun.graph_users, query=users_query),
        in_organization("GET", "graph/users/{descriptor}", noun.graph_user),
        in_organization("GET", "graph/descriptors/{key}", noun.descriptor),
        in_organization("GET", "graph/storagekeys/{descriptor}", noun.storage_key),
    )  # fmt: skip


def _words(user: User) -> tuple[str, ...]:
    return (user.name, user.display_name.casefold(), user.principal_name.casefold(),
            user.object_id)  # fmt: skip


def _absent(asked: str) -> NotFound:
    return NotFound(
        f"TF14045: The identity '{asked[:100]}' could not be found.", where=asked[:100],
        code="IdentityNotFoundException", hint="GET _apis/identities lists who there is.",
    )  # fmt: skip
