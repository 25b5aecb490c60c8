"""A home with a developer, a resource group and a storage account, and the wire before it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient
from tests.wire.in_process import Wire, transport

from shipway.azure.arm import developer_credential, resource_groups, role_assignments
from shipway.azure.arm.developer_credential import DeveloperCredential
from shipway.azure.blob import accounts
from shipway.azure.entra import service_principals, tenant, tokens
from shipway.azure.entra.principals import Principal
from shipway.base.clock import Clock, SystemClock
from shipway.base.home import Home
from shipway.store.store import Store, open_store

ACCOUNT = "stone"
ACCOUNT_URL = f"https://{ACCOUNT}.blob.core.windows.net"


@dataclass
class AzureHome:
    """What a test of the wire stands on."""

    store: Store
    wire: Wire
    developer: DeveloperCredential

    @property
    def key(self) -> str:
        return accounts.keys(self.store, ACCOUNT)["key1"]

    @property
    def group_scope(self) -> str:
        return f"{tenant.facts(self.store).subscription_scope}/resourceGroups/rg"

    def credential(self, principal_id: str = "", secret: str = "") -> Any:
        return ClientSecretCredential(
            self.developer.tenant_id,
            principal_id or self.developer.client_id,
            secret or self.developer.client_secret,
            transport=transport(self.wire),
        )

    def robot(self, *roles: str, scope: str = "") -> tuple[Principal, Any]:
        """A service principal with these roles at the group, and its credential."""
        made = service_principals.create_with_application(self.store, display_name="robot")
        secret = service_principals.add_secret(self.store, app_id=made.app_id).text
        for role in roles:
            role_assignments.assign(
                self.store, principal_id=made.object_id, role=role,
                scope=scope or self.group_scope,
            )  # fmt: skip
        return made, self.credential(made.app_id, secret)

    def bearer(self, principal: Principal, audience: str) -> tuple[str, str]:
        token = tokens.issue(self.store, principal, audience=audience)
        return ("Authorization", f"Bearer {token}")

    def blobs(self, credential: Any = None, **how: Any) -> Any:
        """A BlobServiceClient, by default with the account's key."""
        return BlobServiceClient(
            ACCOUNT_URL, credential=credential or self.key, transport=transport(self.wire), **how
        )

    def fingerprint(self) -> str:
        """A hash over all rows and all files' names: the same before and after a refusal."""
        digest = hashlib.sha256()
        for table in ("documents", "journal", "queue", "timers", "secrets", "sequences", "edges"):
            for row in self.store.database.read().execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
                digest.update(repr(tuple(row)).encode())
        for path in sorted(self.store.home.files.rglob("*")):
            digest.update(str(path).encode())
        return digest.hexdigest()


def make(root: Path, clock: Clock | None = None) -> AzureHome:
    """A fresh home below `root`."""
    store = open_store(Home(root / "home"), clock or SystemClock())
    resource_groups.create_or_update(store, name="rg", location="West Europe")
    accounts.create_or_update(store, name=ACCOUNT, resource_group="rg")
    return AzureHome(store=store, wire=Wire(store), developer=developer_credential.get(store))
