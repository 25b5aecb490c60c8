"""Applications, their service principals and their client secrets.

Knows: documents (secrets as hashes only). Must not know: roles, HTTP.
An application is the definition, a service principal its identity in the tenant; both exist for
every application that is made here.
Source: https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shipway.azure.entra import owners, tenant
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import NotFound, Unauthenticated
from shipway.store import secrets
from shipway.store.documents import Document
from shipway.store.store import Store

_APPLICATION, _PRINCIPAL, _BY_APP = "application", "service_principal", "service_principal_of_app"
_SECRET = "client_secret"  # noqa: S105  # a kind of document
_SECRET_DAYS = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application registration; `app_id` is what clients call the client id.

    `fields` are what else the directory keeps about it, as it was sent. Of these, and those of a
    service principal, only the latter's `accountEnabled` changes what happens.
    """

    object_id: str
    app_id: str
    display_name: str
    created_at: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipal:
    """The identity of an application or of an Azure resource (then `resource_id` names it)."""

    object_id: str
    app_id: str
    display_name: str
    resource_id: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_managed_identity(self) -> bool:
        """Whether it belongs to an Azure resource."""
        return bool(self.resource_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """A secret's facts. `text` is set only in the answer that makes it."""

    key_id: str
    display_name: str
    first_letters: str
    starts_at: datetime
    ends_at: datetime
    text: str = ""
    is_of_principal: bool = False


def create_application(
    store: Store, *, display_name: str, fields: Mapping[str, Any] | None = None
) -> Application:
    """Register an application, without a service principal yet."""
    object_id, app_id = ids.new_guid(), ids.new_guid()
    body = {"object_id": object_id, "display_name": display_name, "fields": dict(fields or {})}
    return _application(store.documents.create(_APPLICATION, app_id, body))


def create(
    store: Store,
    *,
    app_id: str,
    display_name: str,
    resource_id: str = "",
    fields: Mapping[str, Any] | None = None,
) -> Principal:
    """Make the service principal of an application (or of a resource's managed identity)."""
    object_id = ids.new_guid()
    body = {"app_id": app_id, "display_name": display_name, "resource_id": resource_id}
    with store.database.transaction():
        store.documents.create(_BY_APP, app_id, {"object_id": object_id})
        document = store.documents.create(
            _PRINCIPAL,
            object_id,
            {**body, "fields": dict(fields or {})},
        )
    return principal_of(store, _principal(document))


def create_with_application(store: Store, *, display_name: str) -> Principal:
    """Register an application and its service principal: what `az ad sp create` does."""
    with store.database.transaction():
        application = create_application(store, display_name=display_name)
        return create(store, app_id=application.app_id, display_name=display_name)


def list_applications(store: Store) -> list[Application]:
    """All applications."""
    return [_application(d) for d in store.documents.list(_APPLICATION)]


def find_application(store: Store, id_of_either_kind: str) -> Application | None:
    """The application with that app id or object id."""
    found = store.documents.find(_APPLICATION, id_of_either_kind.lower())
    if found is not None:
        return _application(found)
    wanted = id_of_either_kind.lower()
    return next((a for a in list_applications(store) if a.object_id == wanted), None)


def get_application(store: Store, id_of_either_kind: str) -> Application:
    """The application. Raises `NotFound`."""
    found = find_application(store, id_of_either_kind)
    if found is None:
        raise _absent(id_of_either_kind)
    return found


def rename_application(store: Store, app_id: str, *, display_name: str) -> Application:
    """Give another display name, which its service principal takes over. Raises `NotFound`."""
    with store.database.transaction():
        principal = find_by_app_id(store, app_id)
        changes = {"display_name": display_name}
        if principal is not None:
            store.documents.update(_PRINCIPAL, principal.object_id, changes)
        return _application(store.documents.update(_APPLICATION, app_id, changes))


def change_application(store: Store, app_id: str, fields: Mapping[str, Any]) -> Application:
    """Replace some of what the directory keeps about it. Raises `NotFound`."""
    with store.database.transaction():
        known = get_application(store, app_id)
        merged = {"fields": {**known.fields, **fields}}
        return _application(store.documents.update(_APPLICATION, known.app_id, merged))


def change(store: Store, object_id: str, fields: Mapping[str, Any]) -> ServicePrincipal:
    """Replace some of what the directory keeps about a service principal. Raises `NotFound`."""
    with store.database.transaction():
        known = get(store, object_id)
        merged = {"fields": {**known.fields, **fields}}
        return _principal(store.documents.update(_PRINCIPAL, known.object_id, merged))


def delete_application(store: Store, app_id: str) -> None:
    """Remove an application with its service principal and secrets. Raises `NotFound`."""
    with store.database.transaction():
        application = get_application(store, app_id)
        principal = find_by_app_id(store, application.app_id)
        if principal is not None:
            delete(store, principal.object_id)
        for secret in store.documents.list(_SECRET, prefix=f"{application.app_id}/"):
            store.documents.delete(_SECRET, secret.key)
        owners.remove_all(store, application.object_id)
        store.documents.delete(_APPLICATION, application.app_id)


def list_service_principals(store: Store) -> list[ServicePrincipal]:
    """All service principals, managed identities among them."""
    return [_principal(d) for d in store.documents.list(_PRINCIPAL)]


def find(store: Store, object_id: str) -> ServicePrincipal | None:
    """The service principal with that object id."""
    found = store.documents.find(_PRINCIPAL, object_id.lower())
    return None if found is None else _principal(found)


def find_by_app_id(store: Store, app_id: str) -> ServicePrincipal | None:
    """The service principal of an application."""
    index = store.documents.find(_BY_APP, app_id.lower())
    return None if index is None else find(store, index.body["object_id"])


def get(store: Store, object_id: str) -> ServicePrincipal:
    """The service principal. Raises `NotFound`."""
    found = find(store, object_id)
    if found is None:
        raise _absent(object_id)
    return found


def delete(store: Store, object_id: str) -> None:
    """Remove a service principal. Raises `NotFound`."""
    with store.database.transaction():
        principal = get(store, object_id)
        owners.remove_all(store, principal.object_id)
        store.documents.delete(_BY_APP, principal.app_id)
        store.documents.delete(_PRINCIPAL, principal.object_id)


def principal_of(store: Store, service_principal: ServicePrincipal) -> Principal:
    """The service principal as who acts."""
    return Principal(
        kind="ManagedIdentity" if service_principal.is_managed_identity else "ServicePrincipal",
        object_id=service_principal.object_id,
        name=service_principal.display_name,
        tenant_id=tenant.facts(store).tenant_id,
        app_id=service_principal.app_id,
    )


def add_secret(
    store: Store,
    *,
    app_id: str,
    display_name: str = "",
    days: int = _SECRET_DAYS,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    is_of_principal: bool = False,
) -> ClientSecret:
    """Make a client secret. Its text is in this answer and nowhere else; a hash is kept.

    `is_of_principal`: it belongs to the service principal, which shows it and takes it back; it
    opens the same door.
    """
    application = get_application(store, app_id)
    text, now = ids.new_token(), store.clock.now()
    start = starts_at or now
    document = store.documents.create(
        _SECRET,
        f"{application.app_id}/{ids.new_guid()}",
        {
            "hash": secrets.hash_of(text),
            "first_letters": text[:3],
            "display_name": display_name,
            "starts_at": timestamp(start),
            "ends_at": timestamp(ends_at or start + timedelta(days=days)),
            "is_of_principal": is_of_principal,
        },
    )
    return _secret(document, text=text)


def list_secrets(store: Store, app_id: str) -> list[ClientSecret]:
    """The facts of an application's secrets, never their text."""
    return [_secret(d) for d in store.documents.list(_SECRET, prefix=f"{app_id}/")]


def remove_secret(store: Store, *, app_id: str, key_id: str) -> None:
    """Take a secret back. Raises `NotFound`."""
    if not store.documents.delete(_SECRET, f"{app_id}/{key_id}"):
        raise NotFound(f"the application {app_id} has no credential '{key_id}'", where=key_id)


def check_secret(store: Store, *, app_id: str, secret: str) -> Principal:
    """Who acts, when the secret is one of the application's and not expired.

    Raises `Unauthenticated` with Entra's words (AADSTS700016, 7000215, 7000222).
    """
    principal = require_application(store, app_id)
    for document in store.documents.list(_SECRET, prefix=f"{principal.app_id}/"):
        if secrets.matches(secret, document.body["hash"]):
            if parse_timestamp(document.body["starts_at"]) > store.clock.now():
                raise Unauthenticated(
                    "AADSTS7000215: The provided client secret of app "
                    f"'{principal.app_id}' is not valid yet",
                    code="invalid_client",
                )
            if parse_timestamp(document.body["ends_at"]) < store.clock.now():
                raise Unauthenticated(
                    "AADSTS7000222: The provided client secret keys for app "
                    f"'{principal.app_id}' are expired",
                    code="invalid_client",
                    hint="Create a new secret for the application.",
                )
            return principal
    raise Unauthenticated(
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the "
        "request is the client secret value, not the client secret ID, for a secret added to app "
        f"'{principal.app_id}'",
        code="invalid_client",
        where="client_secret",
    )


def require_application(store: Store, app_id: str) -> Principal:
    """The service principal of `app_id`. Raises `Unauthenticated` (AADSTS700016, 7000112)."""
    found = find_by_app_id(store, app_id)
    if found is None or found.is_managed_identity:
        raise Unauthenticated(
            f"AADSTS700016: Application with identifier '{app_id}' was not found in the directory "
            f"'{tenant.facts(store).tenant_id}'",
            code="unauthorized_client",
            status=400,
            where="client_id",
            hint="`shipway env` prints the credentials of this home.",
        )
    if found.fields.get("accountEnabled") is False:
        raise Unauthenticated(
            f"AADSTS7000112: Application '{app_id}'({found.display_name}) is disabled",
            code="unauthorized_client",
            where="client_id",
        )
    return principal_of(store, found)


def _absent(identifier: str) -> NotFound:
    return NotFound(
        f"Resource '{identifier}' does not exist or one of its queried reference-property objects "
        "are not present",
        code="Request_ResourceNotFound",
        where=identifier,
    )


def _application(document: Document) -> Application:
    return Application(
        object_id=document.body["object_id"],
        app_id=document.key,
        display_name=document.body["display_name"],
        created_at=document.created_at,
        fields=document.body.get("fields", {}),
    )


def _principal(document: Document) -> ServicePrincipal:
    return ServicePrincipal(object_id=document.key, **document.body)


def _secret(document: Document, *, text: str = "") -> ClientSecret:
    body = document.body
    return ClientSecret(
        key_id=document.key.rpartition("/")[2],
        display_name=body["display_name"],
        first_letters=body["first_letters"],
        starts_at=parse_timestamp(body["starts_at"]),
        ends_at=parse_timestamp(body["ends_at"]),
        text=text,
        is_of_principal=bool(body.get("is_of_principal")),
    )
