"""Secrets of a key vault: versions, attributes, deletion and recovery.

Knows: documents; values lie sealed in `store.secrets`. Must not know: HTTP, who may.
Source: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipway.base import ids
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

_VERSION, _DELETED, _CONTACTS = "vault_secret", "vault_deleted_secret", "vault_contacts"
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_VALUE_BYTES = 25_600
_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """One version of a secret, without its value. Times in whole seconds, as the service has."""

    vault: str
    name: str
    version: str
    content_type: str
    tags: Mapping[str, str]
    enabled: bool
    not_before: int | None
    expires: int | None
    created: int
    updated: int
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedSecret:
    """A deleted secret and until when it can be recovered."""

    latest: SecretVersion
    deleted_at: datetime
    purge_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What may be said about a version; None: as it was, or the service's default."""

    content_type: str | None = None
    tags: Mapping[str, str] | None = None
    enabled: bool | None = None
    not_before: int | None = None
    expires: int | None = None


def set_secret(
    store: Store, *, vault: str, name: str, value: str, attributes: Attributes
) -> SecretVersion:
    """Write a new version, which is then the current one.

    Raises `BadInput` for a bad name or a value past 25 KiB and `Conflict`
    (ObjectIsDeletedButRecoverable) when a deleted secret has the name.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The request URI contains an invalid name: {name}",
            code="BadParameter", where="secret-name",
            hint="1 to 127 letters, digits and hyphens.",
        )  # fmt: skip
    if len(value.encode()) > _VALUE_BYTES:
        raise BadInput(
            f"The value is longer than {_VALUE_BYTES} bytes", code="BadParameter", where="value"
        )
    now = int(store.clock.now().timestamp())
    version = ids.new_guid().replace("-", "")
    with store.database.transaction():
        if find_deleted(store, vault=vault, name=name) is not None:
            raise Conflict(
                f"Secret {name} is currently in a deleted but recoverable state, and its name "
                "cannot be reused; in this state, the secret can only be recovered or purged.",
                code="Conflict", where=name,
            )  # fmt: skip
        body = {
            "name": name,
            "content_type": attributes.content_type or "",
            "tags": dict(attributes.tags or {}),
            "enabled": attributes.enabled is not False,
            "not_before": attributes.not_before,
            "expires": attributes.expires,
            "created": now,
            "updated": now,
            "order": store.documents.next_number("vault secret versions"),
        }
        document = store.documents.create(_VERSION, _key(vault, name, version), body)
        store.secrets.put(_sealed(vault, name, version), value)
    return _version(document)


def update(
    store: Store, *, vault: str, name: str, version: str, attributes: Attributes
) -> SecretVersion:
    """Change what is said about a version; its value never changes. Raises `NotFound`."""
    with store.database.transaction():
        known = get(store, vault=vault, name=name, version=version)
        given = {
            "content_type": attributes.content_type,
            "tags": None if attributes.tags is None else dict(attributes.tags),
            "enabled": attributes.enabled,
            "not_before": attributes.not_before,
            "expires": attributes.expires,
        }
        changes = {k: v for k, v in given.items() if v is not None}
        changes["updated"] = int(store.clock.now().timestamp())
        key = _key(vault, name, known.version)
        return _version(store.documents.update(_VERSION, key, changes))


def versions(store: Store, *, vault: str, name: str) -> list[SecretVersion]:
    """All versions of a secret, the oldest first. Raises `NotFound` when it has none."""
    found = _versions(store, vault=vault, name=name)
    if not found or find_deleted(store, vault=vault, name=name) is not None:
        raise _absent(name)
    return found


def list_secrets(store: Store, *, vault: str) -> list[SecretVersion]:
    """The current version of each secret, by name."""
    current: dict[str, SecretVersion] = {}
    for document in store.documents.list(_VERSION, prefix=f"{vault}/".lower()):
        found = _version(document)
        known = current.get(found.name.lower())
        if known is None or known.order < found.order:
            current[found.name.lower()] = found
    gone = {d.latest.name.lower() for d in list_deleted(store, vault=vault)}
    return [found for name, found in sorted(current.items()) if name not in gone]


def get(store: Store, *, vault: str, name: str, version: str = "") -> SecretVersion:
    """A version, by default the current one. Raises `NotFound` (SecretNotFound)."""
    found = versions(store, vault=vault, name=name)
    if not version:
        return found[-1]
    wanted = next((one for one in found if one.version == version.lower()), None)
    if wanted is None:
        raise _absent(f"{name}/{version}")
    return wanted


def value_of(store: Store, secret: SecretVersion) -> str:
    """The value in clear. Raises `Forbidden` for a version that is disabled or not in its time."""
    if not secret.enabled:
        raise Forbidden(
            "Operation get is not allowed on a disabled secret.", code="Forbidden",
            where=secret.name,
        )  # fmt: skip
    now = store.clock.now().timestamp()
    if secret.not_before is not None and now < secret.not_before:
        raise Forbidden(
            "Operation get is not allowed on a secret that is not yet valid.", code="Forbidden",
            where=secret.name,
        )  # fmt: skip
    return store.secrets.find(_sealed(secret.vault, secret.name, secret.version)) or ""


def delete(store: Store, *, vault: str, name: str, days: int = _DAYS) -> DeletedSecret:
    """Put a secret with all its versions where it can be recovered from. Raises `NotFound`."""
    with store.database.transaction():
        latest = get(store, vault=vault, name=name)
        now = store.clock.now()
        body = {
            "deleted_at": timestamp(now),
            "purge_at": timestamp(now + timedelta(days=days)),
            "name": latest.name,
        }
        store.documents.put(_DELETED, _key(vault, name), body)
    found = find_deleted(store, vault=vault, name=name)
    if found is None:
        raise _absent(name)
    return found


def list_deleted(store: Store, *, vault: str) -> list[DeletedSecret]:
    """Secrets that can be recovered."""
    names = [d.body["name"] for d in store.documents.list(_DELETED, prefix=f"{vault}/".lower())]
    found = (find_deleted(store, vault=vault, name=name) for name in names)
    return [one for one in found if one is not None]


def find_deleted(store: Store, *, vault: str, name: str) -> DeletedSecret | None:
    """The deleted secret, or None; one whose time has passed is purged first."""
    document = store.documents.find(_DELETED, _key(vault, name))
    if document is None:
        return None
    purge_at = parse_timestamp(document.body["purge_at"])
    found = _versions(store, vault=vault, name=name)
    if not found or purge_at <= store.clock.now():
        purge(store, vault=vault, name=name)
        return None
    return DeletedSecret(
        latest=found[-1], deleted_at=parse_timestamp(document.body["deleted_at"]),
        purge_at=purge_at,
    )  # fmt: skip


def recover(store: Store, *, vault: str, name: str) -> SecretVersion:
    """Bring a deleted secret back. Raises `NotFound`."""
    with store.database.transaction():
        found = find_deleted(store, vault=vault, name=name)
        if found is None:
            raise _absent(name)
        store.documents.delete(_DELETED, _key(vault, name))
    return found.latest


def purge(store: Store, *, vault: str, name: str) -> None:
    """Remove a secret and its values for good."""
    with store.database.transaction():
        for one in _versions(store, vault=vault, name=name):
            store.secrets.delete(_sealed(vault, name, one.version))
            store.documents.delete(_VERSION, _key(vault, name, one.version))
        store.documents.delete(_DELETED, _key(vault, name))


def purge_all(store: Store, *, vault: str) -> None:
    """Remove everything in a vault for good."""
    with store.database.transaction():
        for document in store.documents.list(_VERSION, prefix=f"{vault}/".lower()):
            purge(store, vault=vault, name=document.body["name"])
        store.documents.delete(_CONTACTS, vault.lower())


def contacts(store: Store, *, vault: str) -> list[dict[str, str]]:
    """Whom the vault's certificates would be announced to."""
    found = store.documents.find(_CONTACTS, vault.lower())
    return [] if found is None else list(found.body["contacts"])


def set_contacts(store: Store, *, vault: str, given: list[dict[str, str]]) -> None:
    """Replace the contacts; none removes them."""
    if given:
        store.documents.put(_CONTACTS, vault.lower(), {"contacts": given})
    else:
        store.documents.delete(_CONTACTS, vault.lower())


def _versions(store: Store, *, vault: str, name: str) -> list[SecretVersion]:
    prefix = f"{_key(vault, name)}/"
    found = [_version(d) for d in store.documents.list(_VERSION, prefix=prefix)]
    return sorted(found, key=lambda one: one.order)


def _key(*parts: str) -> str:
    return "/".join(parts).lower()


def _sealed(vault: str, name: str, version: str) -> str:
    return f"vault {_key(vault, name, version)}"


def _absent(name: str) -> NotFound:
    return NotFound(
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted "
        "this secret you may be able to recover it using the correct recovery command. For help "
        "resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
        code="SecretNotFound",
        where=name,
    )


def _version(document: Document) -> SecretVersion:
    vault, _, version = document.key.split("/")
    return SecretVersion(vault=vault, version=version, **document.body)
