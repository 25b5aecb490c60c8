"""Where a storage account is, when only its name is known."""

from collections.abc import Mapping
from typing import Any

from shipway.base.errors import NotFound
from shipway.terraform.calls import Calls

API_VERSION = "2025-08-01"


def find_account(calls: Calls, name: str) -> Mapping[str, Any] | None:
    """The account of this name in the subscription, or None."""
    path = f"/subscriptions/{calls.subscription_id}/providers/Microsoft.Storage/storageAccounts"
    listed = (calls.arm("GET", path, api_version=API_VERSION) or {}).get("value") or []
    return next((one for one in listed if one["name"].lower() == name.lower()), None)


def account_id(calls: Calls, name: str) -> str:
    """The ARM id of the account. Raises `NotFound`."""
    found = find_account(calls, name)
    if found is None:
        raise NotFound(
            f'locating the Storage Account "{name}": it was not found in the subscription '
            f"{calls.subscription_id}",
            code="StorageAccountNotFound",
        )
    return str(found["id"])
