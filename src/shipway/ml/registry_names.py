"""The names of registries, and references to assets in them.

Apart from `registries.py`, so that every kind of asset can follow a reference into a registry.
Knows: documents. Must not know: what is in a registry.
"""

import re
from dataclasses import dataclass

from shipway.base.errors import NotFound
from shipway.store.store import Store

_KIND = "registry_name"
_REFERENCE = re.compile(
    r"(?:azureml:)?azureml://registries/([^/]+)/([a-z]+)/([^/]+)/(versions|labels)/([^/]+)/?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAsset:
    """`azureml://registries/R/models/N/versions/V`; `plain` names it inside its registry."""

    registry: str
    path: str
    plain: str


def parse(reference: str) -> SharedAsset | None:
    """What a reference to a registry names; None for any other reference."""
    found = _REFERENCE.fullmatch(reference.strip())
    if found is None:
        return None
    sign = ":" if found[4].lower() == "versions" else "@"
    return SharedAsset(
        registry=found[1], path=found[2].lower(), plain=f"azureml:{found[3]}{sign}{found[5]}"
    )


def key_of(store: Store, name: str) -> str:
    """The key of everything in a registry. Raises `NotFound` naming the registries."""
    found = store.documents.find(_KIND, name.lower())
    if found is None:
        known = ", ".join(d.key for d in store.documents.list(_KIND)) or "none"
        raise NotFound(
            f"The registry '{name}' was not found.", code="RegistryNotFound", where=name,
            hint=f"Registries here: {known}. Curated environments of 'azureml' are known as well.",
        )  # fmt: skip
    return str(found.body["key"])


def find_key(store: Store, name: str) -> str | None:
    """The key, or None."""
    found = store.documents.find(_KIND, name.lower())
    return str(found.body["key"]) if found else None


def keep(store: Store, name: str, key: str) -> None:
    """A registry's name is taken: it is one for all subscriptions, as on Azure."""
    store.documents.put(_KIND, name.lower(), {"key": key})


def forget(store: Store, name: str) -> None:
    """The name is free again."""
    store.documents.delete(_KIND, name.lower())
