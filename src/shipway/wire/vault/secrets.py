"""Secrets on the wire, deleted ones among them.

Source: https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from shipway.azure.arm.resources import ArmResource
from shipway.azure.vault import secrets
from shipway.azure.vault.secrets import Attributes, DeletedSecret, SecretVersion
from shipway.base.errors import BadInput, Forbidden, NotFound
from shipway.store.store import Store
from shipway.wire.arm.shapes import object_of, tags_of, text_of
from shipway.wire.http import Request, Response, json_response
from shipway.wire.vault.access import vault_of

_PAGE = 25
Item = TypeVar("Item")


def put(store: Store, request: Request) -> Response:
    """`PUT /secrets/{name}`: a new version. Raises `BadInput`, `Conflict`."""
    vault, body = vault_of(store, request), request.json()
    if not isinstance(body.get("value"), str):
        raise BadInput(
            "The request body must have the secret's value", code="BadParameter", where="value"
        )
    made = secrets.set_secret(
        store, vault=vault.name.lower(), name=request.params["name"], value=body["value"],
        attributes=_attributes(body),
    )  # fmt: skip
    return json_response(_bundle(vault, made) | {"value": body["value"]})


def get(store: Store, request: Request) -> Response:
    """`GET /secrets/{name}[/{version}]`: with its value."""
    vault = vault_of(store, request)
    found = secrets.get(
        store, vault=vault.name.lower(), name=request.params["name"],
        version=request.params.get("version", ""),
    )  # fmt: skip
    return json_response(_bundle(vault, found) | {"value": secrets.value_of(store, found)})


def patch(store: Store, request: Request) -> Response:
    """`PATCH /secrets/{name}[/{version}]`: attributes, tags, content type."""
    vault = vault_of(store, request)
    changed = secrets.update(
        store, vault=vault.name.lower(), name=request.params["name"],
        version=request.params.get("version", ""), attributes=_attributes(request.json()),
    )  # fmt: skip
    return json_response(_bundle(vault, changed))


def list_secrets(store: Store, request: Request) -> Response:
    """`GET /secrets`: without versions and values."""
    vault = vault_of(store, request)
    found = secrets.list_secrets(store, vault=vault.name.lower())
    return _page(request, found, lambda one: _bundle(vault, one, with_version=False))


def list_versions(store: Store, request: Request) -> Response:
    """`GET /secrets/{name}/versions`: without values."""
    vault = vault_of(store, request)
    found = secrets.versions(store, vault=vault.name.lower(), name=request.params["name"])
    return _page(request, found, lambda one: _bundle(vault, one))


def delete(store: Store, request: Request) -> Response:
    """`DELETE /secrets/{name}`: it can be recovered until it is purged."""
    vault = vault_of(store, request)
    days = int(vault.properties.get("softDeleteRetentionInDays") or 90)
    gone = secrets.delete(store, vault=vault.name.lower(), name=request.params["name"], days=days)
    return json_response(_deleted(vault, gone))


def list_deleted(store: Store, request: Request) -> Response:
    """`GET /deletedsecrets`."""
    vault = vault_of(store, request)
    found = secrets.list_deleted(store, vault=vault.name.lower())
    return _page(request, found, lambda one: _deleted(vault, one, with_version=False))


def get_deleted(store: Store, request: Request) -> Response:
    """`GET /deletedsecrets/{name}`. Raises `NotFound`."""
    vault = vault_of(store, request)
    return json_response(_deleted(vault, _find_deleted(store, vault, request)))


def recover(store: Store, request: Request) -> Response:
    """`POST /deletedsecrets/{name}/recover`. Raises `NotFound`."""
    vault = vault_of(store, request)
    back = secrets.recover(store, vault=vault.name.lower(), name=request.params["name"])
    return json_response(_bundle(vault, back))


def purge(store: Store, request: Request) -> Response:
    """`DELETE /deletedsecrets/{name}`. Raises `Forbidden` where the vault protects from it."""
    vault = vault_of(store, request)
    _find_deleted(store, vault, request)
    if vault.properties.get("enablePurgeProtection"):
        raise Forbidden(
            "Operation 'purge' is not allowed because purge protection is enabled for this vault. "
            "Key Vault service will automatically purge it after the retention period has passed.",
            code="Forbidden",
        )
    secrets.purge(store, vault=vault.name.lower(), name=request.params["name"])
    return Response(status=204)


def get_contacts(store: Store, request: Request) -> Response:
    """`GET /certificates/contacts`. Raises `NotFound` where there are none."""
    vault = vault_of(store, request)
    found = secrets.contacts(store, vault=vault.name.lower())
    if not found:
        raise NotFound("Contacts not found", code="ContactsNotFound", where=vault.name)
    return json_response(_contacts(vault, found))


def put_contacts(store: Store, request: Request) -> Response:
    """`PUT /certificates/contacts`: kept and shown; there are no certificates to announce."""
    vault, given = vault_of(store, request), request.json().get("contacts")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise BadInput("'contacts' must be a list of objects", code="BadParameter")
    found = [{k: str(v) for k, v in one.items()} for one in given]
    secrets.set_contacts(store, vault=vault.name.lower(), given=found)
    return json_response(_contacts(vault, found))


def delete_contacts(store: Store, request: Request) -> Response:
    """`DELETE /certificates/contacts`: those that were. Raises `NotFound`."""
    answer = get_contacts(store, request)
    secrets.set_contacts(store, vault=vault_of(store, request).name.lower(), given=[])
    return answer


def _find_deleted(store: Store, vault: ArmResource, request: Request) -> DeletedSecret:
    name = request.params["name"]
    found = secrets.find_deleted(store, vault=vault.name.lower(), name=name)
    if found is None:
        raise NotFound(
            f"Deleted Secret not found: {name}", code="SecretNotFound", where=name
        )  # fmt: skip
    return found


def _attributes(body: Mapping[str, Any]) -> Attributes:
    given = object_of(body, "attributes")
    enabled = given.get("enabled")
    if enabled is not None and not isinstance(enabled, bool):
        raise BadInput("'enabled' must be true or false", code="BadParameter", where="enabled")
    return Attributes(
        content_type=text_of(body, "contentType") if body.get("contentType") is not None else None,
        tags=tags_of(body) if body.get("tags") is not None else None,
        enabled=enabled, not_before=_seconds(given, "nbf"), expires=_seconds(given, "exp"),
    )  # fmt: skip


def _seconds(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadInput(f"'{name}' must be a Unix time", code="BadParameter", where=name)
    return value


def _bundle(
    vault: ArmResource, secret: SecretVersion, *, with_version: bool = True
) -> dict[str, Any]:
    is_protected = bool(vault.properties.get("enablePurgeProtection"))
    attributes: dict[str, Any] = {
        "enabled": secret.enabled, "created": secret.created, "updated": secret.updated,
        "recoveryLevel": "Recoverable" if is_protected else "Recoverable+Purgeable",
        "recoverableDays": int(vault.properties.get("softDeleteRetentionInDays") or 90),
    }  # fmt: skip
    if secret.not_before is not None:
        attributes["nbf"] = secret.not_before
    if secret.expires is not None:
        attributes["exp"] = secret.expires
    tail = f"/{secret.version}" if with_version else ""
    shape: dict[str, Any] = {
        "id": f"{_base(vault)}/secrets/{secret.name}{tail}", "attributes": attributes,
    }  # fmt: skip
    if secret.content_type:
        shape["contentType"] = secret.content_type
    if secret.tags:
        shape["tags"] = dict(secret.tags)
    return shape


def _deleted(
    vault: ArmResource, gone: DeletedSecret, *, with_version: bool = True
) -> dict[str, Any]:
    return _bundle(vault, gone.latest, with_version=with_version) | {
        "recoveryId": f"{_base(vault)}/deletedsecrets/{gone.latest.name}",
        "deletedDate": int(gone.deleted_at.timestamp()),
        "scheduledPurgeDate": int(gone.purge_at.timestamp()),
    }


def _contacts(vault: ArmResource, found: list[dict[str, str]]) -> dict[str, Any]:
    return {"id": f"{_base(vault)}/certificates/contacts", "contacts": found}


def _base(vault: ArmResource) -> str:
    return f"https://{vault.name.lower()}.vault.azure.net"


def _page(
    request: Request, items: Sequence[Item], shape: Callable[[Item], dict[str, Any]]
) -> Response:
    start, top = _number(request, "$skiptoken", 0), _number(request, "maxresults", _PAGE)
    body: dict[str, Any] = {
        "value": [shape(one) for one in items[start : start + top]], "nextLink": None,
    }  # fmt: skip
    if start + top < len(items):
        version = quote(request.arg("api-version"))
        body["nextLink"] = (
            f"https://{request.host}{request.path}?api-version={version}"
            f"&$skiptoken={start + top}&maxresults={top}"
        )
    return json_response(body)


def _number(request: Request, name: str, default: int) -> int:
    text = request.arg(name)
    if not text:
        return default
    if not text.isdecimal() or (name == "maxresults" and not 1 <= int(text) <= _PAGE):
        raise BadInput(
            f"'{text}' is not a value of {name}", code="BadParameter", where=name,
            hint=f"maxresults is 1 to {_PAGE}.",
        )  # fmt: skip
    return int(text)
