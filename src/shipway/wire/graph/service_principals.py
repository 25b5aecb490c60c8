"""Service principals on Microsoft Graph; managed identities are among them.

Source: https://learn.microsoft.com/graph/api/resources/serviceprincipal
"""

from typing import Any

from shipway.azure.entra import service_principals, tenant
from shipway.azure.entra.service_principals import ServicePrincipal
from shipway.base.errors import BadInput, Conflict
from shipway.store.store import Store
from shipway.wire.graph import directory_fields, filtering, passwords, references
from shipway.wire.graph.shapes import many, one, text
from shipway.wire.http import Request, Response

_OWN = ("appId", "displayName", "owners@odata.bind")
_FILTERED = ("appId", "displayName", "id", "servicePrincipalType", "servicePrincipalNames", "tags",
             "accountEnabled")  # fmt: skip


def create(store: Store, request: Request) -> Response:
    """`POST /servicePrincipals` with `appId`. Raises `NotFound`, `Conflict`."""
    body = request.json()
    app_id = text(body, "appId")
    fields = directory_fields.read(body, directory_fields.SERVICE_PRINCIPAL, own=_OWN)
    with store.database.transaction():
        application = service_principals.find_application(store, app_id)
        if application is None:
            raise BadInput(
                f"The appId '{app_id}' of the service principal does not reference a valid "
                "application object",
                code="Request_BadRequest",
                where="appId",
            )
        if service_principals.find_by_app_id(store, application.app_id) is not None:
            raise Conflict(
                "The service principal cannot be created, updated, or restored because the service "
                f"principal name {app_id} is already in use",
                code="Request_MultipleObjectsWithSameKeyValue",
                where="appId",
            )
        made = service_principals.create(
            store, app_id=application.app_id, display_name=application.display_name, fields=fields
        )
        references.bind_owners(store, made.object_id, body)
    found = service_principals.get(store, made.object_id)
    return one(request, "servicePrincipals", _shape(store, found), status=201)


def list_principals(store: Store, request: Request) -> Response:
    """`GET /servicePrincipals?$filter=appId eq '...'`."""
    shapes = [_shape(store, p) for p in service_principals.list_service_principals(store)]
    found = filtering.matching(request, shapes, known=_FILTERED)
    return many(request, "servicePrincipals", found)


def get(store: Store, request: Request) -> Response:
    """`GET /servicePrincipals/{id}`."""
    return one(request, "servicePrincipals", _shape(store, _principal(store, request)))


def patch(store: Store, request: Request) -> Response:
    """`PATCH /servicePrincipals/{id}`: `accountEnabled` decides, the rest is kept."""
    fields = directory_fields.read(request.json(), directory_fields.SERVICE_PRINCIPAL, own=_OWN)
    service_principals.change(store, _principal(store, request).object_id, fields)
    return Response(status=204)


def delete(store: Store, request: Request) -> Response:
    """`DELETE /servicePrincipals/{id}`, with the passwords that are its own."""
    principal = _principal(store, request)
    with store.database.transaction():
        for secret in service_principals.list_secrets(store, principal.app_id):
            if secret.is_of_principal:
                service_principals.remove_secret(
                    store, app_id=principal.app_id, key_id=secret.key_id
                )
        service_principals.delete(store, principal.object_id)
    return Response(status=204)


def add_password(store: Store, request: Request) -> Response:
    """`POST /servicePrincipals/{id}/addPassword`. Raises `BadInput` for a managed identity."""
    principal = _principal(store, request)
    if principal.is_managed_identity:
        raise BadInput(
            "Credentials of a managed identity cannot be changed", code="Request_BadRequest",
            where=principal.object_id,
        )  # fmt: skip
    made = passwords.add(store, request, app_id=principal.app_id, is_of_principal=True)
    return one(request, "microsoft.graph.passwordCredential", passwords.shape(made))


def remove_password(store: Store, request: Request) -> Response:
    """`POST /servicePrincipals/{id}/removePassword`."""
    principal = _principal(store, request)
    passwords.remove(store, request, app_id=principal.app_id, is_of_principal=True)
    return Response(status=204)


def _principal(store: Store, request: Request) -> ServicePrincipal:
    wanted = request.params["object"]
    return service_principals.find_by_app_id(store, wanted) or service_principals.get(store, wanted)


def _shape(store: Store, principal: ServicePrincipal) -> dict[str, Any]:
    is_managed = principal.is_managed_identity
    application = service_principals.find_application(store, principal.app_id)
    of_app = application.fields if application else {}
    secrets = [] if is_managed else service_principals.list_secrets(store, principal.app_id)
    own: dict[str, Any] = {
        "id": principal.object_id,
        "appId": principal.app_id,
        "displayName": principal.display_name,
        "appDisplayName": None if is_managed else principal.display_name,
        "appOwnerOrganizationId": tenant.facts(store).tenant_id,
        "servicePrincipalType": "ManagedIdentity" if is_managed else "Application",
        "servicePrincipalNames": [principal.app_id, *of_app.get("identifierUris", ())],
        "signInAudience": None if is_managed else of_app.get("signInAudience", "AzureADMyOrg"),
        "appRoles": of_app.get("appRoles", []),
        "oauth2PermissionScopes": of_app.get("api", {}).get("oauth2PermissionScopes", []),
        "homepage": of_app.get("web", {}).get("homePageUrl"),
        "logoutUrl": of_app.get("web", {}).get("logoutUrl"),
        "replyUrls": of_app.get("web", {}).get("redirectUris", []),
        "keyCredentials": [],
        "passwordCredentials": [
            passwords.shape(s) | {"secretText": None} for s in secrets if s.is_of_principal
        ],
    }
    if is_managed:
        own["alternativeNames"] = ["isExplicit=False", principal.resource_id]
    return {**directory_fields.SERVICE_PRINCIPAL, **principal.fields, **own}
