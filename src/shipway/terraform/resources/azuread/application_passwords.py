"""Passwords: `azuread_application_password`, `azuread_service_principal_password` and the block
`password` of an application.

The text of a password is in one answer only; it is kept in the state, where the providers force it,
and never read again. Source: azuread's internal/helpers/credentials.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from shipway.base.clock import SystemClock, parse_timestamp
from shipway.terraform.calls import Calls
from shipway.terraform.resource import (
    AtAttribute,
    Problem,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuread.graph_values import Json, text
from shipway.terraform.resources.azuread.resource_ids import (
    APPLICATION,
    SERVICE_PRINCIPAL,
    ObjectKind,
    parts_within,
    within,
)

_PASSWORD = "password"  # noqa: S105  # a segment of ids
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def create(kind: ObjectKind, parent: str, calls: Calls, values: Values) -> Values:
    """Make a password for the application or principal that `parent` names."""
    object_id = kind.object_id(str(values[parent]), at=parent)
    made = _add(calls, f"/{kind.segment}/{object_id}", values)
    return {
        "id": within(object_id, _PASSWORD, str(made["keyId"])),
        "value": made["secretText"],
    }


def read(kind: ObjectKind, parent: str, calls: Calls, values: Values) -> Values | None:
    """What is known of it beside its text; None when it was taken back."""
    object_id, key_id = parts_within(str(values["id"]), _PASSWORD)
    told = calls.graph("GET", f"/{kind.segment}/{object_id}", missing_ok=True)
    found = _credential(told or {}, key_id)
    if found is None:
        return None
    return {
        parent: kind.id_of(object_id),
        "display_name": text(found, "displayName"),
        "end_date": text(found, "endDateTime"),
        "key_id": key_id,
        "start_date": text(found, "startDateTime"),
    }


def delete(kind: ObjectKind, calls: Calls, values: Values) -> None:
    """Take it back; gone already is fine."""
    object_id, key_id = parts_within(str(values["id"]), _PASSWORD)
    told = calls.graph("GET", f"/{kind.segment}/{object_id}", missing_ok=True)
    if _credential(told or {}, key_id) is not None:
        path = f"/{kind.segment}/{object_id}/removePassword"
        calls.graph("POST", path, body={"keyId": key_id}, missing_ok=True)


def validate(kind: ObjectKind, parent: str, config: Values) -> Iterable[Problem]:
    """The parent's id, and dates that are dates."""
    yield from kind.problem(config, parent)
    for name in ("start_date", "end_date"):
        value = config.get(name)
        if isinstance(value, str) and not _is_date(value):
            yield Problem(
                name,
                f'expected "{name}" to be a valid RFC3339 date, got "{value}": parsing time '
                f'"{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"',
            )
    relative = config.get("end_date_relative")
    if isinstance(relative, str) and _span(relative) is None:
        yield Problem("end_date_relative", f'unable to parse "{relative}" as a duration')


def add_block(calls: Calls, object_id: str, block: Values) -> Values:
    """Make the password of an application's own block; the block with key and text."""
    made = _add(calls, f"/applications/{object_id}", block)
    return {**_shown(made), "value": str(made["secretText"])}


def block_of(told: Json, known: Values | None) -> list[Values]:
    """The block as read: only the password that the state knows, with the text that it has."""
    found = _credential(told, str((known or {}).get("key_id") or ""))
    return [] if found is None or known is None else [{**_shown(found), "value": known["value"]}]


def settle_block(
    calls: Calls, object_id: str, before: Values | None, wanted: Values | None
) -> Values:
    """Replace an application's own password where its block was changed."""
    names = ("display_name", "start_date", "end_date")
    if before and wanted and all(wanted.get(n) in (None, "", before.get(n)) for n in names):
        return {"password": [before]}
    if before and before.get("key_id"):
        path = f"/applications/{object_id}/removePassword"
        calls.graph("POST", path, body={"keyId": before["key_id"]}, accept=(200, 204, 400, 404))
    return {"password": [add_block(calls, object_id, wanted)] if wanted else []}


def _add(calls: Calls, path: str, values: Values) -> Json:
    credential: dict[str, Any] = {"displayName": values.get("display_name") or None}
    if values.get("start_date"):
        credential["startDateTime"] = values["start_date"]
    if values.get("end_date"):
        credential["endDateTime"] = values["end_date"]
    elif values.get("end_date_relative"):
        credential["endDateTime"] = _end(values)
    told = calls.graph("POST", f"{path}/addPassword", body={"passwordCredential": credential})
    return told or {}


def _end(values: Values) -> str:
    span = _span(str(values["end_date_relative"]))
    if span is None:
        raise AtAttribute("end_date_relative", "unable to parse it as a duration")
    start = values.get("start_date")
    begin = parse_timestamp(str(start)) if start else SystemClock().now()
    return f"{begin + span:%Y-%m-%dT%H:%M:%SZ}"


def _span(value: str) -> timedelta | None:
    found = _DURATION.fullmatch(value)
    if not value or found is None:
        return None
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _is_date(value: str) -> bool:
    try:
        parse_timestamp(value)
    except ValueError:
        return False
    return "T" in value


def _credential(told: Json, key_id: str) -> Json | None:
    found = told.get("passwordCredentials") or ()
    return next((one for one in found if key_id and one.get("keyId") == key_id), None)


def _shown(credential: Json) -> Values:
    return {
        "display_name": text(credential, "displayName"),
        "end_date": text(credential, "endDateTime"),
        "key_id": text(credential, "keyId"),
        "start_date": text(credential, "startDateTime"),
    }


def _resource(type_name: str, kind: ObjectKind, parent: str) -> TerraformResource:
    return TerraformResource(
        type_name=type_name,
        create=partial(create, kind, parent),
        read=partial(read, kind, parent),
        delete=partial(delete, kind),
        validate=partial(validate, kind, parent),
        import_state=_no_import,
    )


def _no_import(calls: Calls, given_id: str) -> Values:
    del calls, given_id
    raise AtAttribute("id", "resource does not support import: the password's text cannot be read")


OF_APPLICATION = _resource("azuread_application_password", APPLICATION, "application_id")
OF_SERVICE_PRINCIPAL = _resource(
    "azuread_service_principal_password", SERVICE_PRINCIPAL, "service_principal_id"
)
