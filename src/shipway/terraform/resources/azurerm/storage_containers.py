"""azurerm_storage_container: by the account's id, or by its name as in older configurations.

By name, the id is the container's address, as the real provider writes it; the calls are those of
Resource Manager all the same, so that no account key is needed.
Source: azurerm's internal/services/storage/storage_container_resource.go.
"""

from typing import Any
from urllib.parse import urlsplit

from shipway.terraform.calls import Calls
from shipway.terraform.resource import (
    AtAttribute,
    Change,
    Problem,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azurerm import arm_ids, rules, storage_accounts
from shipway.terraform.resources.azurerm.arm_nouns import Body, refuse_taken, taken
from shipway.terraform.resources.azurerm.mapping import (
    Beside,
    Field,
    Mapped,
    computed,
    expand,
    flatten,
)
from shipway.terraform.resources.azurerm.storage_lookup import account_id, find_account
from shipway.terraform.unknown import UNKNOWN

TYPE_NAME = "azurerm_storage_container"
API_VERSION = "2025-08-01"
_BY_ID, _BY_NAME = "storage_account_id", "storage_account_name"
_ACCESS = {"private": "None", "blob": "Blob", "container": "Container"}
_SCOPE = "$account-encryption-key"

ROWS: tuple[Mapped, ...] = (
    Field(
        "container_access_type", "properties.publicAccess", absent="private",
        to_wire=lambda word: _ACCESS[word],
        from_wire=lambda word: next((k for k, v in _ACCESS.items() if v == word), "private"),
    ),
    Field("metadata", "properties.metadata", absent={}),
    computed("default_encryption_scope", "properties.defaultEncryptionScope", _SCOPE),
    Field("encryption_scope_override_enabled", "", sent=False, from_wire=lambda _: True,
          absent=True),
    computed("has_immutability_policy", "properties.hasImmutabilityPolicy", absent=False),
    computed("has_legal_hold", "properties.hasLegalHold", absent=False),
    Beside(("name", "resource_manager_id", _BY_ID, _BY_NAME, "url")),
)  # fmt: skip
NAME = rules.every(
    rules.matches(
        r"\$root|\$web|[0-9a-z-]+",
        'only lowercase alphanumeric characters and hyphens allowed in "{path}": "{value}"',
    ),
    rules.matches(".{3,63}", '"{path}" must be between 3 and 63 characters: "{value}"'),
    rules.matches("[^-].*", '"{path}" cannot begin with a hyphen: "{value}"'),
    rules.matches(
        "(?!.*--).*[^-]", '"{path}" cannot end with a hyphen or hold two in a row: "{value}"'
    ),
)
METADATA = rules.keys(
    r"[a-z_][a-z0-9_]*",
    "MetaData must start with a letter or an underscore, and hold only lower-case letters, digits "
    'and underscores: got "{value}"',
)
RULES: dict[str, rules.Rule] = {
    "name": NAME,
    _BY_ID: rules.id_of(arm_ids.STORAGE_ACCOUNT),
    _BY_NAME: storage_accounts.NAME,
    "metadata": METADATA,
    "container_access_type": rules.only(
        "private", why="Containers here are private: blobs are given to who has a role or a key."
    ),
    "default_encryption_scope": rules.refused(
        "There are no encryption scopes: files lie on your own disk.", but=(_SCOPE,)
    ),
    "encryption_scope_override_enabled": rules.only(True, why="There are no encryption scopes."),
}


def _arm_id(calls: Calls, state: Values) -> str | None:
    """The container's id of Resource Manager; None when its account is gone."""
    if state["id"].startswith("/"):
        return str(state["id"])
    account, container = _of_address(state["id"])
    found = find_account(calls, account)
    return None if found is None else _below(str(found["id"]), container)


def _below(account: str, container: str) -> str:
    return f"{account}/blobServices/default/containers/{container}"


def _address(account: str, container: str) -> str:
    return f"https://{account}.blob.core.windows.net/{container}"


def _of_address(text: str) -> tuple[str, str]:
    parts = urlsplit(text)
    account, _, rest = (parts.hostname or "").partition(".blob.")
    container = parts.path.strip("/")
    if parts.scheme != "https" or not rest or not container or "/" in container:
        raise AtAttribute(
            "id",
            f'parsing "{text}": expected the id or the address of a container',
            f"Such as {arm_ids.STORAGE_CONTAINER.example}",
        )
    return account, container


def _create(calls: Calls, values: Values) -> Values:
    rules.enforce(RULES, values)
    by_id = values.get(_BY_ID)
    account = str(by_id) if by_id else account_id(calls, str(values[_BY_NAME]))
    arm_ids.STORAGE_ACCOUNT.parse(account, _BY_ID)
    path = _below(account, values["name"])
    address = _address(account.rpartition("/")[2], values["name"])
    if by_id:
        refuse_taken(calls, TYPE_NAME, path, API_VERSION)
    elif calls.arm("GET", path, api_version=API_VERSION, missing_ok=True) is not None:
        raise taken(TYPE_NAME, address)
    calls.arm("PUT", path, api_version=API_VERSION, body=_body(values))
    return {"id": path if by_id else address}


def _body(values: Values) -> Body:
    body = expand(ROWS, values)
    body["properties"].setdefault("metadata", {})
    return body


def _read(calls: Calls, state: Values) -> Values | None:
    path = _arm_id(calls, state)
    answer = path and calls.arm("GET", path, api_version=API_VERSION, missing_ok=True)
    if not path or not isinstance(answer, dict):
        return None
    parts = arm_ids.STORAGE_CONTAINER.parse(path)
    by_id = state["id"].startswith("/")
    return {
        **flatten(ROWS, answer),
        "name": parts["container"],
        _BY_ID: arm_ids.STORAGE_ACCOUNT.fill(**_account_parts(parts)) if by_id else None,
        _BY_NAME: None if by_id else parts["name"],
        "resource_manager_id": path,
        "url": _address(parts["name"], parts["container"]),
    }


def _account_parts(parts: dict[str, str]) -> dict[str, str]:
    return {name: parts[name] for name in ("subscription", "group", "name")}


def _update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    rules.enforce(RULES, planned)
    path = _arm_id(calls, prior)
    if path is None:
        raise AtAttribute(_BY_NAME, f'the storage account "{prior[_BY_NAME]}" is gone')
    calls.arm("PUT", path, api_version=API_VERSION, body=_body(planned))
    return {"id": path} if planned.get(_BY_ID) else None


def _delete(calls: Calls, state: Values) -> None:
    path = _arm_id(calls, state)
    if path is not None:
        calls.arm("DELETE", path, api_version=API_VERSION, missing_ok=True)


def _import_state(calls: Calls, text: str) -> Values:
    del calls
    if text.startswith("/"):
        if arm_ids.STORAGE_CONTAINER.parts_of(text, exact=True) is None:
            raise AtAttribute("id", *arm_ids.STORAGE_CONTAINER.complaint(text))
    else:
        _of_address(text)
    return {"id": text}


def _validate(config: Values) -> list[Problem]:
    return list(rules.problems(RULES, config))


def _customize(change: Change) -> None:
    """Another account is another container; naming the same by its id is not."""
    if change.prior is None:
        return
    before, after = _account_of(change.prior), _account_of(change.planned)
    # an id that is not known yet is that of an account to come
    if before != after:
        change.requires_replace.add(_BY_ID if change.planned.get(_BY_ID) else _BY_NAME)
    if bool(change.prior.get(_BY_ID)) != bool(change.planned.get(_BY_ID)):
        change.planned["id"] = UNKNOWN


def _account_of(values: Values) -> Any:  # noqa: ANN401  # a name, or UNKNOWN
    by_id, by_name = values.get(_BY_ID), values.get(_BY_NAME)
    if by_id is UNKNOWN or by_name is UNKNOWN:
        return UNKNOWN
    return str(by_id or by_name).rpartition("/")[2].lower()


RESOURCE = TerraformResource(
    type_name=TYPE_NAME,
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    import_state=_import_state,
    validate=_validate,
    customize=_customize,
)
