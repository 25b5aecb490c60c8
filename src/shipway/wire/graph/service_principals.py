"""Service principals on Microsoft Graph; managed identities are among them.

Source: https://learn.microsoft.com/graph/api/resources/serviceprincipal
"""

from typing import Any

from shipway.azure.entra import service_principals, tenant
from shipway.azure.entra.service_principals import ServicePrincipal
from shipway.base.errors import Conflict
from shipway.store.store import Store
from shipway.wire import filters
from shipway.wire.graph.shapes import many, one, text
from shipway.wire.http import Request, Response


def create(store: Store, request: Request) -> Response:
    """`POST /servicePrincipals` with `appId`. Raises `NotFound`, `Conflict`."""
    app_id = text(request.json(), "appId")
    with store.database.transaction():
        application = service_principals.get_application(store, app_id)
        if service_principals.find_by_app_id(store, application.app_id) is not None:
            raise Conflict(
                "The service principal cannot be created, updated, or restored because the service "
                f"principal name {app_id} is already in use",
                code="Request_MultipleObjectsWithSameKeyValue",
                where="appId",
            )
        made = service_principals.create(
            store, app_id=application.app_id, display_name=application.display_name
        )
    found = service_principals.get(store, made.object_id)
    return one(request, "servicePrincipals", _shape(store, found), status=201)


def list_principals(store: Store, request: Request) -> Response:
    """`GET /servicePrincipals?$filter=appId eq '...'`."""
    wanted = filters.read(request, known=("appId", "displayName", "id", "servicePrincipalType"))
    shapes = [_shape(store, p) for p in service_principals.list_service_principals(store)]
    found = [
        s
        for s in shapes
        if all(s[name].lower() == wanted.get(name.lower(), s[name]).lower() for name in
               ("appId", "displayName", "id", "servicePrincipalType"))
    ]  # fmt: skip
    return many(request, "servicePrincipals", found)


def get(store: Store, request: Request) -> Response:
    """`GET /servicePrincipals/{id}`."""
    return one(request, "servicePrincipals", _shape(store, _principal(store, request)))


def patch(store: Store, request: Request) -> Response:
    """`PATCH /servicePrincipals/{id}`: clients send what they created again; nothing is kept."""
    _principal(store, request)
    request.json()
    return Response(status=204)


def delete(store: Store, request: Request) -> Response:
    """`DELETE /servicePrincipals/{id}`."""
    service_principals.delete(store, _principal(store, request).object_id)
    return Response(status=204)


def list_owners(store: Store, request: Request) -> Response:
    """`GET /servicePrincipals/{id}/owners`: nobody."""
    _principal(store, request)
    return many(request, "directoryObjects", [])


def _principal(store: Store, request: Request) -> ServicePrincipal:
    wanted = request.params["principal"]
    return service_principals.find_by_app_id(store, wanted) or service_principals.get(store, wanted)


def _shape(store: Store, principal: ServicePrincipal) -> dict[str, Any]:
    is_managed = principal.is_managed_identity
    return {
        "id": principal.object_id,
        "appId": principal.app_id,
        "displayName": principal.display_name,
        "appDisplayName": None if is_managed else principal.display_name,
        "appOwnerOrganizationId": tenant.facts(store).tenant_id,
        "accountEnabled": True,
        "servicePrincipalType": "ManagedIdentity" if is_managed else "Application",
        "servicePrincipalNames": [principal.app_id],
        "alternativeNames": ["isExplicit=False", principal.resource_id] if is_managed else [],
        "tags": [],
    }
