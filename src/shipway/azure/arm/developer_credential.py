"""The credential that `shipway env` prints: an application of the developer at this machine.

Knows: applications, role assignments, sealed secrets. It is the only client secret that is kept
readable (sealed), so that the command can print it again; its check goes by hash like any other.
"""

from dataclasses import dataclass

from shipway.azure.arm import role_assignments
from shipway.azure.entra import personal_access_tokens, service_principals, tenant, users
from shipway.azure.entra.principals import Principal
from shipway.store.store import Store

DISPLAY_NAME = "shipway-developer"
ROLES = ("Owner", "Storage Blob Data Contributor", "Key Vault Secrets Officer")
_KIND, _KEY = "developer_credential", "developer"
_SECRET, _PAT = "developer client secret", "developer personal access token"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeveloperCredential:
    """What a client needs to act as the developer, in Azure and in Azure DevOps."""

    tenant_id: str
    subscription_id: str
    client_id: str
    client_secret: str
    object_id: str
    personal_access_token: str


def get(store: Store) -> DeveloperCredential:
    """The credential of this home; made at the first call, the same ever after."""
    with store.database.transaction():
        home = tenant.facts(store)
        found = store.documents.find(_KIND, _KEY)
        if found is None:
            principal = service_principals.create_with_application(store, display_name=DISPLAY_NAME)
            secret = service_principals.add_secret(
                store, app_id=principal.app_id, display_name="shipway env"
            )
            token = personal_access_tokens.create(
                store, user=users.owner(store).object_id, display_name="shipway env"
            )
            store.secrets.put(_SECRET, secret.text)
            store.secrets.put(_PAT, token.text)
            for role in ROLES:
                role_assignments.assign(
                    store,
                    principal_id=principal.object_id,
                    role=role,
                    scope=home.subscription_scope,
                )
            found = store.documents.create(_KIND, _KEY, _facts(principal))
    return DeveloperCredential(
        tenant_id=home.tenant_id,
        subscription_id=home.subscription_id,
        client_id=found.body["client_id"],
        client_secret=store.secrets.find(_SECRET) or "",
        object_id=found.body["object_id"],
        personal_access_token=store.secrets.find(_PAT) or "",
    )


def _facts(principal: Principal) -> dict[str, str]:
    return {"client_id": principal.app_id, "object_id": principal.object_id}
