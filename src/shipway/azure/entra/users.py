"""People of the tenant: the owner of the machine, the demo users, whoever is added.

Knows: documents. Must not know: passwords (there are none: a person signs in with a one-time link
that only the owner's command can print), roles, HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shipway.azure.entra import tenant
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.store.documents import Document
from shipway.store.store import Store

DEMO_USERS = {"dana": "Dana Requester", "avery": "Avery Approver"}
_KIND, _MADE = "user", "demo_users"
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person. `name` is the short sign-in name, `principal_name` the full one (UPN)."""

    object_id: str
    name: str
    display_name: str
    principal_name: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def owner(store: Store) -> Principal:
    """The person whose machine this is, as who acts."""
    home = tenant.facts(store)
    return Principal(
        kind="Owner",
        object_id=home.owner_object_id,
        name=home.owner_name,
        tenant_id=home.tenant_id,
    )


def create(
    store: Store, *, name: str, display_name: str = "", fields: Mapping[str, Any] | None = None
) -> User:
    """Add a person. Raises `BadInput` for a name that is no sign-in name, `Conflict`."""
    name = name.lower()
    if not name or not set(name) <= _ALLOWED:
        raise BadInput(
            f"the user name {name!r} is not valid",
            where=name,
            hint="Use letters, digits, '.', '_' and '-'.",
        )
    home = tenant.facts(store)
    with store.database.transaction():
        if find(store, name) is not None:
            raise Conflict(f"the user '{name}' already exists", where=name)
        document = store.documents.create(
            _KIND,
            ids.new_guid(),
            {
                "name": name,
                "display_name": display_name or name,
                "domain": home.domain,
                "fields": dict(fields or {}),
            },
        )
    return _user(document)


def change(
    store: Store,
    object_id: str,
    *,
    display_name: str | None = None,
    fields: Mapping[str, Any] | None = None,
) -> User:
    """Replace some of what is said about a person. Raises `NotFound`; the owner stays as is."""
    with store.database.transaction():
        known = _user(store.documents.get(_KIND, object_id))
        changes = {
            "display_name": display_name or known.display_name,
            "fields": {**known.fields, **(fields or {})},
        }
        return _user(store.documents.update(_KIND, object_id, changes))


def ensure_demo_users(store: Store) -> tuple[User, ...]:
    """Make `dana` and `avery`, once per home: one that was deleted later stays away."""
    with store.database.transaction():
        if store.documents.find(_MADE, _MADE) is None:
            store.documents.create(_MADE, _MADE, {})
            for name, display_name in DEMO_USERS.items():
                if find(store, name) is None:
                    create(store, name=name, display_name=display_name)
    found = (find(store, name) for name in DEMO_USERS)
    return tuple(user for user in found if user is not None)


def list_users(store: Store) -> list[User]:
    """Everybody, the owner first."""
    return [_owner_user(store), *(_user(d) for d in store.documents.list(_KIND))]


def find(store: Store, name_or_id: str) -> User | None:
    """The user of that sign-in name, full name or object id."""
    wanted = name_or_id.lower()
    return next(
        (
            user
            for user in list_users(store)
            if wanted in (user.name, user.object_id, user.principal_name.lower())
        ),
        None,
    )


def get(store: Store, name_or_id: str) -> User:
    """The user. Raises `NotFound` that lists who there is."""
    user = find(store, name_or_id)
    if user is None:
        names = ", ".join(u.name for u in list_users(store))
        raise NotFound(
            f"there is no user '{name_or_id}'", where=name_or_id, hint=f"Known users: {names}."
        )
    return user


def delete(store: Store, object_id: str) -> bool:
    """Remove a person; False when there was none. The owner stays."""
    return store.documents.delete(_KIND, object_id)


def principal_of(store: Store, user: User) -> Principal:
    """The user as who acts."""
    home = tenant.facts(store)
    if user.object_id == home.owner_object_id:
        return owner(store)
    return Principal(
        kind="User", object_id=user.object_id, name=user.name, tenant_id=home.tenant_id
    )


def _owner_user(store: Store) -> User:
    home = tenant.facts(store)
    return User(
        object_id=home.owner_object_id,
        name=home.owner_name,
        display_name="Owner of this machine",
        principal_name=f"{home.owner_name}@{home.domain}",
    )


def _user(document: Document) -> User:
    body = document.body
    return User(
        object_id=document.key,
        name=body["name"],
        display_name=body["display_name"],
        principal_name=f"{body['name']}@{body['domain']}",
        fields=body.get("fields", {}),
    )
