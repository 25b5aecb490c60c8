"""The local tenant: ids that belong to this home and exist nowhere at Microsoft.

Knows: one document. Must not know: HTTP, roles, who holds which secret.
"""

from dataclasses import dataclass

from shipway.base import ids
from shipway.store.store import Store

DOMAIN = "shipway.local"
REGION = "westeurope"
SUBSCRIPTION_NAME = "shipway"
_KIND, _KEY = "tenant", "tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Facts of this home's tenant.

    `owner_object_id` is the person whose machine this is; `organization_id` the Azure DevOps
    organization's id, which is part of the issuer of federated assertions.
    """

    tenant_id: str
    subscription_id: str
    subscription_name: str
    organization_id: str
    owner_object_id: str
    owner_name: str
    domain: str
    region: str

    @property
    def subscription_scope(self) -> str:
        """The widest scope of this home: `/subscriptions/<id>`."""
        return f"/subscriptions/{self.subscription_id}"


def facts(store: Store) -> Tenant:
    """The tenant of this home; made at the first call, the same ever after."""
    found = store.documents.find(_KIND, _KEY)
    if found is None:
        with store.database.transaction():
            found = store.documents.find(_KIND, _KEY) or store.documents.create(
                _KIND,
                _KEY,
                {
                    "tenant_id": ids.new_guid(),
                    "subscription_id": ids.new_guid(),
                    "subscription_name": SUBSCRIPTION_NAME,
                    "organization_id": ids.new_guid(),
                    "owner_object_id": ids.new_guid(),
                    "owner_name": "owner",
                    "domain": DOMAIN,
                    "region": REGION,
                },
            )
    return Tenant(**found.body)
