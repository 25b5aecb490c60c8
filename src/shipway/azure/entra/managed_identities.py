"""Managed identities: service principals that belong to Azure resources.

Knows: service principals. Must not know: processes; whoever starts one asks `header_for` and puts
the answer into that process's environment, where it is the only thing that it can present.
Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from shipway.azure.entra import service_principals
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.errors import NotFound, Unauthenticated
from shipway.store import secrets
from shipway.store.store import Store

_OF_RESOURCE, _HEADER = "managed_identity", "identity_header"


def create_for(store: Store, resource_id: str) -> Principal:
    """The system-assigned identity of a resource; the same one when it has one already."""
    key = resource_id.lower()
    with store.database.transaction():
        found = find_for(store, resource_id)
        if found is not None:
            return found
        principal = service_principals.create(
            store,
            app_id=ids.new_guid(),
            display_name=resource_id.rstrip("/").rpartition("/")[2],
            resource_id=resource_id,
        )
        store.documents.create(_OF_RESOURCE, key, {"object_id": principal.object_id})
    return principal


def find_for(store: Store, resource_id: str) -> Principal | None:
    """The identity of a resource, or None."""
    index = store.documents.find(_OF_RESOURCE, resource_id.lower())
    if index is None:
        return None
    found = service_principals.find(store, index.body["object_id"])
    return None if found is None else service_principals.principal_of(store, found)


def delete_for(store: Store, resource_id: str) -> None:
    """Remove a resource's identity, its headers too; nothing happens when it has none."""
    with store.database.transaction():
        index = store.documents.find(_OF_RESOURCE, resource_id.lower())
        if index is None:
            return
        object_id = index.body["object_id"]
        store.documents.delete(_OF_RESOURCE, resource_id.lower())
        if service_principals.find(store, object_id) is not None:
            service_principals.delete(store, object_id)
        for header in store.documents.list(_HEADER):
            if header.body["object_id"] == object_id:
                store.documents.delete(_HEADER, header.key)


def header_for(store: Store, object_id: str) -> str:
    """A fresh secret for one process's IDENTITY_HEADER. A hash of it is kept.

    Raises `NotFound` when there is no such identity.
    """
    if service_principals.find(store, object_id) is None:
        raise NotFound(f"there is no identity '{object_id}'", where=object_id)
    lookup, secret = ids.new_guid().replace("-", ""), ids.new_token()
    store.documents.create(
        _HEADER, lookup, {"object_id": object_id, "hash": secrets.hash_of(secret)}
    )
    return f"{lookup}.{secret}"


def principal_for_header(store: Store, header: str) -> Principal:
    """The identity behind an IDENTITY_HEADER. Raises `Unauthenticated`."""
    lookup, _, secret = header.partition(".")
    found = store.documents.find(_HEADER, lookup) if lookup else None
    if found is None or not secrets.matches(secret, found.body["hash"]):
        raise Unauthenticated(
            "the X-IDENTITY-HEADER is not one of this server's",
            code="InvalidIdentityHeader",
            where="X-IDENTITY-HEADER",
            hint="It is given to each job, deployment and agent when it starts.",
        )
    identity = service_principals.find(store, found.body["object_id"])
    if identity is None:
        raise Unauthenticated(
            "the managed identity no longer exists", code="ManagedIdentityNotFound"
        )
    return service_principals.principal_of(store, identity)


def drop_header(store: Store, header: str) -> None:
    """Take a header back, once the process that had it has ended."""
    store.documents.delete(_HEADER, header.partition(".")[0])
