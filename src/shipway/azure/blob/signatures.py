"""Shared access signatures: their string to sign in every version, made and checked.

Knows: account keys, user delegation keys. Must not know: HTTP requests; fields come as a mapping.
Sources: https://learn.microsoft.com/rest/api/storageservices/create-service-sas,
create-account-sas, create-user-delegation-sas
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from shipway.azure.blob import accounts
from shipway.base import ids
from shipway.base.clock import timestamp
from shipway.store.store import Store

VERSION = "2023-11-03"
_DELEGATION_SECRET = "user delegation key seed"  # noqa: S105  # the name under which it is sealed


def sign(key: str, text: str) -> str:
    """HMAC-SHA256 of `text` with a key in base64, in base64."""
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def matches_key(store: Store, account: str, *, text: str, signature: str) -> bool:
    """Whether `signature` is `text` signed with one of the account's keys."""
    return any(
        hmac.compare_digest(sign(key, text).encode(), signature.encode())
        for key in accounts.keys(store, account).values()
    )


def issue_container_sas(
    store: Store, *, account: str, container: str, permissions: str = "racwdl", seconds: int = 3600
) -> str:
    """The query text of a SAS for a container, signed with the account's first key.

    `permissions` are letters of `racwdl...` in that order.
    """
    return _issue(store, account, f"/blob/{account}/{container}", "c", permissions, seconds)


def issue_blob_sas(
    store: Store,
    *,
    account: str,
    container: str,
    name: str,
    permissions: str = "r",
    seconds: int = 3600,
) -> str:
    """The query text of a SAS for one blob, signed with the account's first key."""
    return _issue(store, account, f"/blob/{account}/{container}/{name}", "b", permissions, seconds)


def service_text(fields: Mapping[str, str], resource: str) -> str:
    """The string to sign of a service SAS; `resource` is `/blob/account/container[/blob]`."""
    version = fields.get("sv", "")
    parts = [fields.get(n, "") for n in ("sp", "st", "se")]
    parts += [resource, *(fields.get(n, "") for n in ("si", "sip", "spr", "sv"))]
    if version >= "2018-11-09":
        parts += [fields.get("sr", ""), fields.get("snapshot", "")]
    if version >= "2020-12-06":
        parts.append(fields.get("ses", ""))
    return "\n".join(parts + [fields.get(n, "") for n in _OVERRIDES])


def delegation_text(fields: Mapping[str, str], resource: str) -> str:
    """The string to sign of a user delegation SAS."""
    version = fields.get("sv", "")
    parts = [fields.get(n, "") for n in ("sp", "st", "se")]
    parts += [resource, *(fields.get(n, "") for n in _KEY_FIELDS)]
    if version >= "2020-02-10":
        parts += [fields.get(n, "") for n in ("saoid", "suoid", "scid")]
    if version >= "2025-07-05":
        parts += [fields.get(n, "") for n in ("skdutid", "sduoid")]
    parts += [fields.get(n, "") for n in ("sip", "spr", "sv", "sr", "snapshot")]
    if version >= "2020-12-06":
        parts.append(fields.get("ses", ""))
    if version >= "2026-04-06":
        parts += ["", ""]  # srh and srq, which are refused by name when they are given
    return "\n".join(parts + [fields.get(n, "") for n in _OVERRIDES])


def account_text(fields: Mapping[str, str], account: str) -> str:
    """The string to sign of an account SAS; it ends with a line feed."""
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if fields.get("sv", "") >= "2020-12-06":
        names.append("ses")
    return "\n".join([account, *(fields.get(n, "") for n in names)]) + "\n"


def delegation_key(store: Store, fields: Mapping[str, str]) -> str:
    """The user delegation key for `skoid sktid skt ske sks skv`; always the same for the same."""
    seed = store.secrets.find(_DELEGATION_SECRET)
    if seed is None:
        with store.database.transaction():
            seed = store.secrets.find(_DELEGATION_SECRET) or ids.new_key()
            store.secrets.put(_DELEGATION_SECRET, seed)
    return sign(seed, "\n".join(fields.get(n, "") for n in _KEY_FIELDS))


_OVERRIDES = ("rscc", "rscd", "rsce", "rscl", "rsct")
_KEY_FIELDS = ("skoid", "sktid", "skt", "ske", "sks", "skv")


def _issue(
    store: Store, account: str, resource: str, kind: str, permissions: str, seconds: int
) -> str:
    now = store.clock.now()
    fields = {
        "sv": VERSION,
        "st": _seconds(timestamp(now - timedelta(minutes=5))),
        "se": _seconds(timestamp(now + timedelta(seconds=seconds))),
        "sr": kind,
        "sp": permissions,
        "spr": "https",
    }
    key = accounts.keys(store, account)["key1"]
    return urlencode(fields | {"sig": sign(key, service_text(fields, resource))})


def _seconds(text: str) -> str:
    return text.partition(".")[0] + "Z"
