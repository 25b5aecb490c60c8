"""Applications, their passwords and federated credentials on Microsoft Graph.

Source: https://learn.microsoft.com/graph/api/resources/application
"""

from typing import Any

from shipway.azure.entra import federated_credentials, service_principals
from shipway.azure.entra.federated_credentials import FederatedCredential
from shipway.azure.entra.service_principals import Application, ClientSecret
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire import filters
from shipway.wire.arm.shapes import object_of
from shipway.wire.graph.shapes import many, one, text
from shipway.wire.http import Request, Response

_DAYS = 730


def create(store: Store, request: Request) -> Response:
    """`POST /applications`."""
    name = text(request.json(), "displayName")
    made = service_principals.create_application(store, display_name=name)
    return one(request, "applications", _shape(store, made), status=201)


def list_applications(store: Store, request: Request) -> Response:
    """`GET /applications?$filter=appId eq '...'`."""
    wanted = filters.read(request, known=("appId", "displayName", "id"))
    found = [
        a
        for a in service_principals.list_applications(store)
        if wanted.get("appid", a.app_id) == a.app_id
        and wanted.get("displayname", a.display_name) == a.display_name
        and wanted.get("id", a.object_id) == a.object_id
    ]
    return many(request, "applications", [_shape(store, a) for a in found])


def get(store: Store, request: Request) -> Response:
    """`GET /applications/{id}`, also by `applications(appId='...')`."""
    return one(request, "applications", _shape(store, _application(store, request)))


def patch(store: Store, request: Request) -> Response:
    """`PATCH /applications/{id}`: the display name; other fields that Graph has are refused."""
    application = _application(store, request)
    body = {k: v for k, v in request.json().items() if v not in (None, [], {}, "")}
    body.pop("id", None)
    unknown = sorted(set(body) - {"displayName", "api", "web", "spa", "publicClient", "tags",
                                  "signInAudience", "identifierUris"})  # fmt: skip
    if unknown:
        raise BadInput(
            f"the property '{unknown[0]}' of an application is not supported",
            code="Request_BadRequest",
            where=unknown[0],
            hint="Supported: displayName.",
        )
    if "displayName" in body:
        name = text(body, "displayName")
        service_principals.rename_application(store, application.app_id, display_name=name)
    return Response(status=204)


def delete(store: Store, request: Request) -> Response:
    """`DELETE /applications/{id}`, with its service principal."""
    application = _application(store, request)
    with store.database.transaction():
        for credential in federated_credentials.list_credentials(store, application.app_id):
            federated_credentials.delete(
                store, app_id=application.app_id, name_or_id=credential.name
            )
        service_principals.delete_application(store, application.app_id)
    return Response(status=204)


def add_password(store: Store, request: Request) -> Response:
    """`POST /applications/{id}/addPassword`: the only answer that has the secret's text."""
    application = _application(store, request)
    given = object_of(request.json(), "passwordCredential")
    days = _DAYS
    if given.get("endDateTime"):
        try:
            ends_at = parse_timestamp(text(given, "endDateTime"))
        except ValueError:
            raise BadInput(
                f"'{given['endDateTime']}' is not a date",
                code="Request_BadRequest",
                where="endDateTime",
            ) from None
        days = (ends_at - store.clock.now()).days
    made = service_principals.add_secret(
        store,
        app_id=application.app_id,
        display_name=text(given, "displayName", ""),
        days=days,
    )
    return one(request, "microsoft.graph.passwordCredential", _password(made))


def remove_password(store: Store, request: Request) -> Response:
    """`POST /applications/{id}/removePassword`."""
    application = _application(store, request)
    key_id = text(request.json(), "keyId")
    service_principals.remove_secret(store, app_id=application.app_id, key_id=key_id)
    return Response(status=204)


def create_credential(store: Store, request: Request) -> Response:
    """`POST /applications/{id}/federatedIdentityCredentials`."""
    application = _application(store, request)
    body = request.json()
    audiences = body.get("audiences")
    if not isinstance(audiences, list) or not all(isinstance(a, str) for a in audiences):
        raise BadInput(
            "A value is required for property 'audiences' of resource",
            code="Request_BadRequest",
            where="audiences",
        )
    made = federated_credentials.create(
        store,
        app_id=application.app_id,
        name=text(body, "name"),
        issuer=text(body, "issuer"),
        subject=text(body, "subject"),
        audiences=tuple(audiences),
        description=text(body, "description", ""),
    )
    kind = f"applications('{application.object_id}')/federatedIdentityCredentials"
    return one(request, kind, _credential(made), status=201)


def list_credentials(store: Store, request: Request) -> Response:
    """`GET /applications/{id}/federatedIdentityCredentials`."""
    application = _application(store, request)
    wanted = filters.read(request, known=("name", "subject"))
    found = [
        c
        for c in federated_credentials.list_credentials(store, application.app_id)
        if wanted.get("name", c.name) == c.name and wanted.get("subject", c.subject) == c.subject
    ]
    kind = f"applications('{application.object_id}')/federatedIdentityCredentials"
    return many(request, kind, [_credential(c) for c in found])


def get_credential(store: Store, request: Request) -> Response:
    """`GET /applications/{id}/federatedIdentityCredentials/{credential}`."""
    application = _application(store, request)
    found = federated_credentials.get(
        store, app_id=application.app_id, name_or_id=request.params["credential"]
    )
    kind = f"applications('{application.object_id}')/federatedIdentityCredentials"
    return one(request, kind, _credential(found))


def delete_credential(store: Store, request: Request) -> Response:
    """`DELETE /applications/{id}/federatedIdentityCredentials/{credential}`."""
    application = _application(store, request)
    federated_credentials.delete(
        store, app_id=application.app_id, name_or_id=request.params["credential"]
    )
    return Response(status=204)


def list_owners(store: Store, request: Request) -> Response:
    """`GET /applications/{id}/owners`: nobody; what is made belongs to the home's owner."""
    _application(store, request)
    return many(request, "directoryObjects", [])


def _application(store: Store, request: Request) -> Application:
    return service_principals.get_application(store, request.params["application"])


def _shape(store: Store, application: Application) -> dict[str, Any]:
    secrets = service_principals.list_secrets(store, application.app_id)
    return {
        "id": application.object_id,
        "appId": application.app_id,
        "displayName": application.display_name,
        "createdDateTime": timestamp(application.created_at),
        "signInAudience": "AzureADMyOrg",
        "identifierUris": [],
        "tags": [],
        "keyCredentials": [],
        "passwordCredentials": [_password(s) | {"secretText": None} for s in secrets],
    }


def _password(secret: ClientSecret) -> dict[str, Any]:
    return {
        "customKeyIdentifier": None,
        "displayName": secret.display_name or None,
        "endDateTime": timestamp(secret.ends_at),
        "hint": secret.first_letters,
        "keyId": secret.key_id,
        "secretText": secret.text or None,
        "startDateTime": timestamp(secret.starts_at),
    }


def _credential(credential: FederatedCredential) -> dict[str, Any]:
    return {
        "id": credential.credential_id,
        "name": credential.name,
        "issuer": credential.issuer,
        "subject": credential.subject,
        "description": credential.description,
        "audiences": list(credential.audiences),
    }
