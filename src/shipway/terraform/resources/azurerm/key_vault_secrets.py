"""azurerm_key_vault_secret: a value in a vault, with a version for each that it had.

Source: azurerm's internal/services/keyvault/key_vault_secret_resource.go.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from shipway.base.errors import NotFound
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import AtAttribute, Problem, TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, key_vaults, rules
from shipway.terraform.resources.azurerm.arm_nouns import feature, taken

TYPE_NAME = "azurerm_key_vault_secret"
_RESOURCE = "https://vault.azure.net"
_VERSION = "7.4"
_TIMES = {"not_before_date": "nbf", "expiration_date": "exp"}
RULES: dict[str, rules.Rule] = {
    "name": rules.matches(
        "[0-9a-zA-Z-]+", "`{path}` may only contain alphanumeric characters and dashes"
    ),
    "key_vault_id": rules.id_of(arm_ids.KEY_VAULT),
    "not_before_date": rules.rfc3339,
    "expiration_date": rules.rfc3339,
    "value_wo_version": rules.at_least(1),
}


HANDLED = (
    "id", "name", "key_vault_id", "value", "value_wo", "value_wo_version", "content_type", "tags",
    *_TIMES, "version", "versionless_id", "resource_id", "resource_versionless_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SecretId:
    """`https://{vault}.vault.azure.net/secrets/{name}/{version}`."""

    vault_uri: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.vault_uri}secrets/{self.name}/{self.version}"


def parse(text: str) -> SecretId:
    """The parts of a secret's id. Raises `AtAttribute`."""
    parts = urlsplit(text)
    kind, _, rest = parts.path.strip("/").partition("/")
    name, _, version = rest.partition("/")
    if parts.scheme != "https" or kind != "secrets" or not name or not version or "/" in version:
        raise AtAttribute(
            "id", f'parsing "{text}": expected a Key Vault secret id with its version',
            "Such as https://example-keyvault.vault.azure.net/secrets/example/"
            "fdf067c93bbb4b22bff4d8b7a9a56217",
        )  # fmt: skip
    return SecretId(f"https://{parts.netloc}/", name, version)


def call(
    calls: Calls, method: str, vault_uri: str, path: str, body: Values | None = None
) -> dict[str, Any] | None:
    """A call of a vault's data plane; None for a 404. Raises `ApiError`."""
    url = f"{vault_uri}{path}?api-version={_VERSION}"
    status, _, content = calls.data(
        method, url, resource=_RESOURCE, body=body, missing_ok=method != "PUT"
    )
    if status == 404:
        return None
    found = json.loads(content) if content else {}
    return found if isinstance(found, dict) else {}


def vault_uri(calls: Calls, key_vault_id: str) -> str:
    """The address of a vault. Raises `NotFound`."""
    found = calls.arm("GET", key_vault_id, api_version=key_vaults.API_VERSION, missing_ok=True)
    if found is None:
        raise NotFound(f"looking up Secret vault url from id {key_vault_id!r}: it was not found")
    return str(found["properties"]["vaultUri"])


def flatten(secret: Mapping[str, Any], state: Values) -> Values:
    """The attributes that a secret's answer has; times as they are written in the state."""
    current = parse(str(secret["id"]))
    attributes = secret.get("attributes") or {}
    vault_id = state.get("key_vault_id")
    below = f"{vault_id}/secrets/{current.name}"
    return {
        "name": current.name,
        "version": current.version,
        "versionless_id": f"{current.vault_uri}secrets/{current.name}",
        "resource_id": f"{below}/versions/{current.version}",
        "resource_versionless_id": below,
        "content_type": secret.get("contentType") or None,
        "tags": secret.get("tags") or None,
        **{name: _time(attributes.get(word), state.get(name)) for name, word in _TIMES.items()},
    }


def _time(seconds: int | None, before: str | None) -> str | None:
    if not seconds:
        return None
    if before and datetime.fromisoformat(before).timestamp() == seconds:
        return before
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _body(values: Values) -> Values:
    times = {
        word: int(datetime.fromisoformat(values[name]).timestamp())
        for name, word in _TIMES.items()
        if values.get(name)
    }
    return {
        "contentType": values.get("content_type") or "",
        "tags": values.get("tags") or {},
        "attributes": {"enabled": True, **times},
    }


def _value(values: Values) -> str:
    value = values.get("value") if values.get("value") is not None else values.get("value_wo")
    return str(value or "")


def _create(calls: Calls, values: Values) -> Values:
    rules.enforce(RULES, values)
    uri, name = vault_uri(calls, values["key_vault_id"]), values["name"]
    before = call(calls, "GET", uri, f"secrets/{name}/")
    if before is not None:
        raise taken(TYPE_NAME, str(before["id"]))
    body = {"value": _value(values), **_body(values)}
    try:
        made = call(calls, "PUT", uri, f"secrets/{name}", body)
    except ApiError as error:
        recovers = feature(calls, "key_vault", "recover_soft_deleted_secrets", default=True)
        if error.status != 409 or not recovers:
            raise
        call(calls, "POST", uri, f"deletedsecrets/{name}/recover")
        _await(calls, uri, f"secrets/{name}/")
        made = call(calls, "PUT", uri, f"secrets/{name}", body)
    return {"id": str((made or {})["id"])}


def _await(calls: Calls, uri: str, path: str) -> None:
    """Vaults delete and recover in their own time."""
    while call(calls, "GET", uri, path) is None:
        calls.wait(0.5)


def _read(calls: Calls, state: Values) -> Values | None:
    known = parse(state["id"])
    found_vault = state.get("key_vault_id") or _find_vault(calls, known.vault_uri)
    if found_vault is None or not _is_there(calls, found_vault):
        return None
    secret = call(calls, "GET", known.vault_uri, f"secrets/{known.name}/")
    if secret is None:
        return None
    values = flatten(secret, {**state, "key_vault_id": found_vault})
    written_only = state.get("value_wo_version") is not None
    values["value"] = None if written_only else secret.get("value")
    return {**values, "key_vault_id": found_vault}


def _is_there(calls: Calls, vault: str) -> bool:
    version = key_vaults.API_VERSION
    return calls.arm("GET", vault, api_version=version, missing_ok=True) is not None


def _find_vault(calls: Calls, uri: str) -> str | None:
    path = f"/subscriptions/{calls.subscription_id}/providers/Microsoft.KeyVault/vaults"
    listed = (calls.arm("GET", path, api_version=key_vaults.API_VERSION) or {}).get("value") or []
    found = (one["id"] for one in listed if one["properties"]["vaultUri"].lower() == uri.lower())
    return next(found, None)


def _update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    rules.enforce(RULES, planned)
    known = parse(prior["id"])
    is_new = any(prior.get(name) != planned.get(name) for name in ("value", "value_wo_version"))
    if is_new:
        body = {"value": _value(planned), **_body(planned)}
        made = call(calls, "PUT", known.vault_uri, f"secrets/{known.name}", body)
        return {"id": str((made or {})["id"])}
    version = prior.get("version") or known.version
    path = f"secrets/{known.name}/{version}"
    call(calls, "PATCH", known.vault_uri, path, _body(planned))
    return None


def _delete(calls: Calls, state: Values) -> None:
    known = parse(state["id"])
    if not _is_there(calls, state["key_vault_id"]):
        return
    if call(calls, "DELETE", known.vault_uri, f"secrets/{known.name}") is None:
        return
    if feature(calls, "key_vault", "purge_soft_deleted_secrets_on_destroy", default=True):
        _purge(calls, known, state["key_vault_id"])


def _purge(calls: Calls, known: SecretId, vault: str) -> None:
    found = calls.arm("GET", vault, api_version=key_vaults.API_VERSION, missing_ok=True) or {}
    if (found.get("properties") or {}).get("enablePurgeProtection"):
        return
    path = f"deletedsecrets/{known.name}"
    _await(calls, known.vault_uri, path)
    call(calls, "DELETE", known.vault_uri, path)


def _import_state(calls: Calls, text: str) -> Values:
    del calls
    parse(text)
    return {"id": text}


def _validate(config: Values) -> list[Problem]:
    return list(rules.problems(RULES, config))


RESOURCE = TerraformResource(
    type_name=TYPE_NAME,
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    import_state=_import_state,
    validate=_validate,
)
