"""Owners of applications, service principals and groups: who is named, in the order of addition.

Knows: documents. Must not know: what an owner may do, HTTP.
"""

from shipway.base.errors import BadInput, NotFound
from shipway.store.store import Store

_KIND = "directory_owner"


def list_owners(store: Store, object_id: str) -> list[str]:
    """Object ids of the owners."""
    found = store.documents.list(_KIND, prefix=f"{object_id}/")
    ordered = sorted(found, key=lambda d: int(d.body["order"]))
    return [document.key.partition("/")[2] for document in ordered]


def add(store: Store, *, object_id: str, owner_id: str) -> None:
    """Add an owner. Raises `BadInput` when it is one already, in Graph's words."""
    with store.database.transaction():
        if owner_id in list_owners(store, object_id):
            raise BadInput(
                "One or more added object references already exist for the following modified "
                "properties: 'owners'",
                code="Request_BadRequest",
                where=owner_id,
            )
        order = store.documents.next_number("directory owners")
        store.documents.create(_KIND, f"{object_id}/{owner_id}", {"order": order})


def remove(store: Store, *, object_id: str, owner_id: str) -> None:
    """Remove an owner. Raises `NotFound`."""
    if not store.documents.delete(_KIND, f"{object_id}/{owner_id}"):
        raise NotFound(
            f"Resource '{owner_id}' does not exist or one of its queried reference-property "
            "objects are not present",
            code="Request_ResourceNotFound",
            where=owner_id,
        )


def remove_all(store: Store, object_id: str) -> None:
    """Forget the owners of what is deleted, and what it owned itself."""
    for document in store.documents.list(_KIND):
        if object_id in document.key.split("/"):
            store.documents.delete(_KIND, document.key)
