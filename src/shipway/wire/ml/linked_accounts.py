"""Who may link a storage account to a workspace: whoever could have its key anyway.

Jobs act on a linked account with its key and `listKeys` and `listSecrets` hand the key out, so
that linking must not be a way to it.
Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting (linked scopes)
"""

import hmac

from shipway.azure.arm import role_assignments
from shipway.azure.blob import accounts
from shipway.base.errors import Forbidden
from shipway.store.store import Store
from shipway.wire.http import Request

_ACTION = "Microsoft.Storage/storageAccounts/listKeys/action"


def check(store: Store, request: Request, name: str, *, key: str = "") -> None:
    """Raises `Forbidden` unless the caller shows a key of the account or has a role that gives it.

    An account that is not there is left to the caller.
    """
    account = accounts.find(store, name.lower())
    if account is None:
        return
    if not key:
        role_assignments.require(
            store, request.principal, action=_ACTION, scope=account.resource_id
        )  # fmt: skip
        return
    known = accounts.keys(store, account.name).values()
    if not any(hmac.compare_digest(key.encode(), one.encode()) for one in known):
        raise Forbidden(
            f"The key is not one of the storage account '{account.name}'.",
            code="InvalidCredentials", where="properties.credentials.secrets.key",
            hint="`az storage account keys list` prints them.",
        )  # fmt: skip
