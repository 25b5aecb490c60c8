"""What every stored Azure ML thing shares: author, times, etag, and its way to and from a document.

Knows: documents, principals. Must not know: HTTP, YAML.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.store.documents import Document

_NOT_STORED = frozenset({"created_at", "updated_at", "etag"})

# ARM's systemData.createdByType for each kind of identity
_AUTHOR_TYPES = {
    "User": "User",
    "Owner": "User",
    "ServicePrincipal": "Application",
    "ManagedIdentity": "ManagedIdentity",
    "Anonymous": "User",
}


_stored: dict[type, dict[str, None]] = {}


def _stored_fields(entity: type["Entity"]) -> dict[str, None]:
    """The names of what is stored of an entity, in order; worked out once: each step asks."""
    if entity not in _stored:
        names = (field.name for field in dataclasses.fields(entity))
        _stored[entity] = dict.fromkeys(name for name in names if name not in _NOT_STORED)
    return _stored[entity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The part that each stored thing has. Times and etag are the document's own."""

    author: str = ""
    author_type: str = "User"
    author_id: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    etag: str = ""

    def body(self) -> dict[str, Any]:
        """What is stored."""
        return {name: getattr(self, name) for name in _stored_fields(type(self))}

    @classmethod
    def read(cls, document: Document) -> Self:
        """The entity of a document; fields that a later shipway added there are left aside."""
        known = _stored_fields(cls)
        body = {name: value for name, value in document.body.items() if name in known}
        return cls(
            **body,
            created_at=document.created_at,
            updated_at=document.updated_at,
            etag=document.etag,
        )


def authorship(principal: Principal = ANONYMOUS) -> Mapping[str, Any]:
    """The author fields of an entity that `principal` makes."""
    return {
        "author": principal.name,
        "author_type": _AUTHOR_TYPES[principal.kind],
        "author_id": principal.object_id,
    }
