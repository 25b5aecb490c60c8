"""Applications, their passwords and federated credentials on Microsoft Graph.

Source: https://learn.microsoft.com/graph/api/resources/application
"""

from typing import Any

from shipway.azure.entra import federated_credentials, service_principals, tenant
from shipway.azure.entra.federated_credentials import FederatedCredential
from shipway.azure.entra.service_principals import Application
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire import filters
from shipway.wire.graph import directory_fields, filtering, passwords, references
from shipway.wire.graph.shapes import many, one, text
from shipway.wire.http import Request, Response

_OWN = ("displayName", "owners@odata.bind")
_FILTERED = ("appId", "displayName", "id", "identifierUris", "tags", "signInAudience")


def create(store: Store, request: Request) -> Response:
    """`POST /applications`."""
    body = request.json()
    fields = directory_fields.read(body, directory_fields.APPLICATION, own=_OWN)
    _check_uris(store, fields, app_id="")
    with store.database.transaction():
        made = service_principals.create_application(
            store, display_name=text(body, "displayName"), fields=fields
        )
        references.bind_owners(store, made.object_id, body)
    return one(request, "applications", _shape(store, made), status=201)


def list_applications(store: Store, request: Request) -> Response:
    """`GET /applications?$filter=appId eq '...'`."""
    shapes = [_shape(store, a) for a in service_principals.list_applications(store)]
    found = filtering.matching(request, shapes, known=_FILTERED)
    return many(request, "applications", found)


def get(store: Store, request: Request) -> Response:
    """`GET /applications/{id}`, also by `applications(appId='...')`."""
    return one(request, "applications", _shape(store, _application(store, request)))


def patch(store: Store, request: Request) -> Response:
    """`PATCH /applications/{id}`: the display name and what else is kept."""
    application, body = _application(store, request), request.json()
    fields = directory_fields.read(body, directory_fields.APPLICATION, own=_OWN)
    _check_uris(store, fields, app_id=application.app_id)
    name = directory_fields.name_of(body, "displayName")
    with store.database.transaction():
        if name is not None:
            service_principals.rename_application(store, application.app_id, display_name=name)
        service_principals.change_application(store, application.app_id, fields)
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
    made = passwords.add(store, request, app_id=application.app_id)
    return one(request, "microsoft.graph.passwordCredential", passwords.shape(made))


def remove_password(store: Store, request: Request) -> Response:
    """`POST /applications/{id}/removePassword`."""
    application = _application(store, request)
    passwords.remove(store, request, app_id=application.app_id)
    return Response(status=204)


def create_credential(store: Store, request: Request) -> Response:
    """`POST /applications/{id}/federatedIdentityCredentials`."""
    application = _application(store, request)
    body = request.json()
    audiences = _texts(body.get("audiences"))
    made = federated_credentials.create(
        store,
        app_id=application.app_id,
        name=text(body, "name"),
        issuer=text(body, "issuer"),
        subject=text(body, "subject"),
        audiences=audiences,
        description=str(body.get("description") or ""),
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


def patch_credential(store: Store, request: Request) -> Response:
    """`PATCH /applications/{id}/federatedIdentityCredentials/{credential}`: all but the name."""
    application, body = _application(store, request), request.json()
    with store.database.transaction():
        known = federated_credentials.get(
            store, app_id=application.app_id, name_or_id=request.params["credential"]
        )
        audiences = body.get("audiences")
        federated_credentials.update(
            store,
            app_id=application.app_id,
            name_or_id=known.name,
            issuer=text(body, "issuer", known.issuer),
            subject=text(body, "subject", known.subject),
            audiences=_texts(audiences) if audiences is not None else known.audiences,
            description=str(body.get("description") or ""),
        )
    return Response(status=204)


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


def _application(store: Store, request: Request) -> Application:
    return service_principals.get_application(store, request.params["object"])


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(
            "A value is required for property 'audiences' of resource",
            code="Request_BadRequest",
            where="audiences",
        )
    return tuple(value)


def _check_uris(store: Store, fields: dict[str, Any], *, app_id: str) -> None:
    wanted = {str(uri).lower() for uri in fields.get("identifierUris") or ()}
    for other in service_principals.list_applications(store):
        taken = {str(uri).lower() for uri in other.fields.get("identifierUris") or ()}
        if other.app_id != app_id and wanted & taken:
            raise BadInput(
                "Another object with the same value for property identifierUris already exists",
                code="Request_BadRequest",
                where="identifierUris",
            )


def _shape(store: Store, application: Application) -> dict[str, Any]:
    secrets = service_principals.list_secrets(store, application.app_id)
    return {
        **directory_fields.APPLICATION,
        **application.fields,
        "id": application.object_id,
        "appId": application.app_id,
        "applicationTemplateId": None,
        "disabledByMicrosoftStatus": None,
        "displayName": application.display_name,
        "createdDateTime": timestamp(application.created_at),
        "publisherDomain": tenant.facts(store).domain,
        "keyCredentials": [],
        "passwordCredentials": [
            passwords.shape(s) | {"secretText": None} for s in secrets if not s.is_of_principal
        ],
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
