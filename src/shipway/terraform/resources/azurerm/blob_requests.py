"""Calls of the blob data plane, signed with an account key as the real provider does it.

Without the right to list the account's keys, a token is sent instead, whose identity then needs a
role at the data. Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from shipway.base import clock
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resources.azurerm import storage_lookup

_VERSION = "2023-11-03"
_RESOURCE = "https://storage.azure.com/"
_SIGNED = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type",
    "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobAccess:
    """One account's blobs, and the key to them (`""`: a token has to do)."""

    calls: Calls
    account: str
    key: str

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        missing_ok: bool = False,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One call; `path` begins at the container. Raises `ApiError`."""
        url = f"https://{self.account}.blob.core.windows.net/{path}"
        fields = {"x-ms-version": _VERSION, **(headers or {})}
        if self.key:
            fields["x-ms-date"] = clock.http_date(clock.SystemClock().now())
            fields["Authorization"] = self._signature(method, url, fields, len(content or b""))
        return self.calls.data(
            method, url, resource=_RESOURCE, content=content, headers=fields, missing_ok=missing_ok
        )

    def _signature(self, method: str, url: str, fields: Mapping[str, str], length: int) -> str:
        lower = {name.lower(): value.strip() for name, value in fields.items()}
        lower["content-length"] = str(length) if length else ""
        named = "".join(
            f"{name}:{lower[name]}\n" for name in sorted(lower) if name.startswith("x-ms-")
        )
        parts = urlsplit(url)
        arguments = "".join(f"\n{name}:{value}" for name, value in sorted(parse_qsl(parts.query)))
        text = "\n".join([method, *(lower.get(name, "") for name in _SIGNED)])
        text += f"\n{named}/{self.account}{parts.path}{arguments}"
        digest = hmac.new(base64.b64decode(self.key), text.encode(), hashlib.sha256).digest()
        return f"SharedKey {self.account}:{base64.b64encode(digest).decode()}"


def access(calls: Calls, account: str) -> BlobAccess | None:
    """Access to an account's blobs; None when there is no such account."""
    found = storage_lookup.find_account(calls, account)
    if found is None:
        return None
    key = ""
    if (found.get("properties") or {}).get("allowSharedKeyAccess") is not False:
        key = _key(calls, str(found["id"]))
    return BlobAccess(calls=calls, account=account, key=key)


def _key(calls: Calls, account_id: str) -> str:
    try:
        listed = calls.arm("POST", f"{account_id}/listKeys", api_version=storage_lookup.API_VERSION)
    except ApiError as error:
        if error.status != 403:
            raise
        return ""
    return str(((listed or {}).get("keys") or [{}])[0].get("value") or "")


def blob_path(container: str, name: str) -> str:
    """Where a blob lies below its account, with a name's own characters made safe."""
    return f"{container}/{quote(name, safe='/')}"
