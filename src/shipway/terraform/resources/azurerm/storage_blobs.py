"""azurerm_storage_blob: a file, a text or a copy as a block blob.

Source: azurerm's internal/services/storage/storage_blob_resource.go and blobs/.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shipway.base.errors import NotFound
from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, Change, Problem, TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules, storage_containers
from shipway.terraform.resources.azurerm.arm_nouns import taken
from shipway.terraform.resources.azurerm.blob_requests import BlobAccess, access, blob_path
from shipway.terraform.resources.azurerm.storage_lookup import account_id
from shipway.terraform.unknown import UNKNOWN

TYPE_NAME = "azurerm_storage_blob"
_CONTAINER = "storage_container_id"
_NAMES = ("storage_account_name", "storage_container_name")
_META = "x-ms-meta-"
RULES: dict[str, rules.Rule] = {
    "name": rules.not_empty,
    _CONTAINER: rules.id_of(arm_ids.STORAGE_CONTAINER),
    "type": rules.only("Block", why="Append and page blobs are not served."),
    "size": rules.refused("Only page blobs have a size of their own, and they are not served."),
    "encryption_scope": rules.refused("There are no encryption scopes."),
    "parallelism": rules.at_least(1),
    "metadata": storage_containers.METADATA,
}
HANDLED = (
    "access_tier", "cache_control", "content_md5", "content_type", "id", "metadata", "name",
    "parallelism", "source", "source_content", "source_uri", "type", "url", _CONTAINER, *_NAMES,
)  # fmt: skip


def _place(values: Values) -> tuple[str, str]:
    """Account and container, by whichever they are named."""
    if values.get(_CONTAINER):
        parts = arm_ids.STORAGE_CONTAINER.parse(str(values[_CONTAINER]), _CONTAINER)
        return parts["name"], parts["container"]
    for name in _NAMES:
        if not values.get(name):
            raise AtAttribute(
                name, f"one of `{_CONTAINER}` or both of `{_NAMES[0]}` and `{_NAMES[1]}` is needed"
            )
    return str(values[_NAMES[0]]), str(values[_NAMES[1]])


def _of_id(text: str) -> tuple[str, str, str]:
    parts = urlsplit(text)
    account, _, rest = (parts.hostname or "").partition(".blob.")
    container, _, name = unquote(parts.path).strip("/").partition("/")
    if parts.scheme != "https" or not (rest and container and name):
        raise AtAttribute(
            "id", f'parsing "{text}": expected the address of a blob',
            "Such as https://account.blob.core.windows.net/container/name",
        )  # fmt: skip
    return account, container, name


def _create(calls: Calls, values: Values) -> Values:
    rules.enforce(RULES, values)
    account, container = _place(values)
    blobs = access(calls, account)
    if blobs is None:
        raise NotFound(f'Unable to locate Storage Account "{account}"!')
    name = str(values["name"])
    path = blob_path(container, name)
    blob_id = f"https://{account}.blob.core.windows.net/{container}/{name}"
    if blobs.send("HEAD", path, missing_ok=True)[0] != 404:
        raise taken(TYPE_NAME, blob_id)
    headers = {**_content_headers(values), **_metadata_headers(values)}
    if values.get("source_uri"):
        metadata = _metadata_headers(values)
        blobs.send("PUT", path, headers={"x-ms-copy-source": values["source_uri"], **metadata})
        _await_copy(blobs, path)
        blobs.send("PUT", f"{path}?comp=properties", headers=_content_headers(values))
    else:
        headers |= {"x-ms-blob-type": "BlockBlob"}
        blobs.send("PUT", path, headers=headers, content=_content(values))
    if values.get("access_tier"):
        blobs.send("PUT", f"{path}?comp=tier", headers={"x-ms-access-tier": values["access_tier"]})
    return {"id": blob_id}


def _await_copy(blobs: BlobAccess, path: str) -> None:
    while True:
        _, headers, _ = blobs.send("HEAD", path)
        state = headers.get("x-ms-copy-status", "success")
        if state == "success":
            return
        if state != "pending":
            told = headers.get("x-ms-copy-status-description", state)
            raise AtAttribute("source_uri", f"copying the blob failed: {told}")
        blobs.calls.wait(0.5)


def _content(values: Values) -> bytes:
    if values.get("source_content") is not None:
        content = str(values["source_content"]).encode()
    elif values.get("source"):
        try:
            content = Path(values["source"]).read_bytes()
        except OSError as error:
            raise AtAttribute("source", f"opening: {error}") from None
    else:
        content = b""
    given = values.get("content_md5")
    if given and _md5(content).hex() != str(given).lower():
        raise AtAttribute(
            "content_md5", f"the MD5 of the content is {_md5(content).hex()}, not {given}"
        )
    return content


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


def _content_headers(values: Values) -> dict[str, str]:
    headers = {}
    if values.get("content_type"):
        headers["x-ms-blob-content-type"] = str(values["content_type"])
    if values.get("cache_control"):
        headers["x-ms-blob-cache-control"] = str(values["cache_control"])
    if values.get("content_md5"):
        digest = bytes.fromhex(values["content_md5"])
        headers["x-ms-blob-content-md5"] = base64.b64encode(digest).decode()
    return headers


def _metadata_headers(values: Values) -> dict[str, str]:
    return {_META + name: str(text) for name, text in (values.get("metadata") or {}).items()}


def _read(calls: Calls, state: Values) -> Values | None:
    account, container, name = _of_id(state["id"])
    blobs = access(calls, account)
    if blobs is None:
        return None
    status, headers, _ = blobs.send("HEAD", blob_path(container, name), missing_ok=True)
    if status == 404:
        return None
    known = arm_ids.STORAGE_CONTAINER.parts_of(str(state.get(_CONTAINER) or ""))
    below = f"/blobServices/default/containers/{container}"
    return {
        "name": name,
        "storage_account_name": account,
        "storage_container_name": container,
        _CONTAINER: state[_CONTAINER] if known else account_id(calls, account) + below,
        "type": headers.get("x-ms-blob-type", "BlockBlob").removesuffix("Blob"),
        "url": f"https://{account}.blob.core.windows.net/{blob_path(container, name)}",
        "access_tier": headers.get("x-ms-access-tier", ""),
        "content_type": headers.get("content-type") or None,
        "cache_control": headers.get("cache-control") or None,
        "content_md5": _read_md5(headers) if state.get("content_md5") else None,
        "metadata": {
            key.removeprefix(_META): value
            for key, value in headers.items()
            if key.startswith(_META)
        },
        "parallelism": state.get("parallelism") or 8,
        "size": state.get("size") or 0,
    }


def _read_md5(headers: Mapping[str, str]) -> str:
    return base64.b64decode(headers.get("content-md5", "")).hex()


def _update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    rules.enforce(RULES, planned)
    account, container, name = _of_id(prior["id"])
    blobs = access(calls, account)
    if blobs is None:
        raise NotFound(f'Unable to locate Storage Account "{account}"!')
    path = blob_path(container, name)
    blobs.send("PUT", f"{path}?comp=properties", headers=_content_headers(planned))
    if planned.get("metadata") != prior.get("metadata"):
        blobs.send("PUT", f"{path}?comp=metadata", headers=_metadata_headers(planned))
    tier = planned.get("access_tier")
    if tier and tier != prior.get("access_tier"):
        blobs.send("PUT", f"{path}?comp=tier", headers={"x-ms-access-tier": tier})
    return None


def _delete(calls: Calls, state: Values) -> None:
    account, container, name = _of_id(state["id"])
    blobs = access(calls, account)
    if blobs is not None:
        headers = {"x-ms-delete-snapshots": "include"}
        blobs.send("DELETE", blob_path(container, name), headers=headers, missing_ok=True)


def _import_state(calls: Calls, text: str) -> Values:
    del calls
    _of_id(text)
    return {"id": text}


def _validate(config: Values) -> list[Problem]:
    return list(rules.problems(RULES, config))


def _customize(change: Change) -> None:
    """Names and id of a container follow from each other: the same container stays."""
    if change.prior is None:
        return
    given = change.config.get(_CONTAINER)
    if given is UNKNOWN or (given is None and UNKNOWN in [change.config.get(n) for n in _NAMES]):
        return
    same = _place(change.prior) == _place(
        {**{n: change.config.get(n) for n in _NAMES}, _CONTAINER: given}
    )
    if same:
        for name in (_CONTAINER, *_NAMES):
            change.planned[name] = change.prior.get(name)
            change.requires_replace.discard(name)


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
