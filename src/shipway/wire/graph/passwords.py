"""Passwords of applications and of service principals on Microsoft Graph.

Source: https://learn.microsoft.com/graph/api/resources/passwordcredential
"""

from datetime import datetime
from typing import Any

from shipway.azure.entra import service_principals
from shipway.azure.entra.service_principals import ClientSecret
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.arm.shapes import object_of
from shipway.wire.graph.shapes import text
from shipway.wire.http import Request


def add(
    store: Store, request: Request, *, app_id: str, is_of_principal: bool = False
) -> ClientSecret:
    """`POST .../addPassword`: the only answer that has the text. Raises `BadInput`."""
    given = object_of(request.json(), "passwordCredential")
    starts_at, ends_at = _moment(given, "startDateTime"), _moment(given, "endDateTime")
    if ends_at is not None and ends_at <= (starts_at or store.clock.now()):
        raise BadInput(
            "Credential lifetime is invalid: the end is before the start",
            code="Request_BadRequest",
            where="endDateTime",
        )
    return service_principals.add_secret(
        store,
        app_id=app_id,
        display_name=text(given, "displayName", "") if given.get("displayName") else "",
        starts_at=starts_at,
        ends_at=ends_at,
        is_of_principal=is_of_principal,
    )


def remove(store: Store, request: Request, *, app_id: str, is_of_principal: bool = False) -> None:
    """`POST .../removePassword`. Raises `BadInput` in Graph's words for one that is not there."""
    key_id = text(request.json(), "keyId")
    known = service_principals.list_secrets(store, app_id)
    if not any(s.key_id == key_id and s.is_of_principal is is_of_principal for s in known):
        raise BadInput(
            "No password credential found with keyId.", code="Request_BadRequest", where=key_id
        )
    service_principals.remove_secret(store, app_id=app_id, key_id=key_id)


def shape(secret: ClientSecret) -> dict[str, Any]:
    """A password on the wire; its text is there right after it was made."""
    return {
        "customKeyIdentifier": None,
        "displayName": secret.display_name or None,
        "endDateTime": _text(secret.ends_at),
        "hint": secret.first_letters,
        "keyId": secret.key_id,
        "secretText": secret.text or None,
        "startDateTime": _text(secret.starts_at),
    }


def _text(moment: datetime) -> str:
    # a date that was given comes back as it was given: in whole seconds
    return timestamp(moment).replace(".000000Z", "Z")


def _moment(given: dict[str, Any], name: str) -> datetime | None:
    if not given.get(name):
        return None
    try:
        return parse_timestamp(text(given, name))
    except ValueError:
        raise BadInput(
            f"'{given[name]}' is not a date", code="Request_BadRequest", where=name
        ) from None
