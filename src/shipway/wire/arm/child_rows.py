"""Routes below the simpler providers' resources: what else they answer."""

from collections.abc import Callable
from functools import partial

from shipway.store.store import Store
from shipway.wire import api_versions
from shipway.wire.arm import (
    insights_components,
    log_workspaces,
    registries,
    user_identities,
    vaults,
)
from shipway.wire.http import Request, Response, Route

_DOC = "https://learn.microsoft.com/rest/api/"
_SUB = "/subscriptions/{subscription}"
_GROUP = _SUB + "/resourcegroups/{group}"
_VAULT = "/providers/Microsoft.KeyVault"
_LOGS = "/providers/Microsoft.OperationalInsights"
_REGISTRY = _GROUP + "/providers/Microsoft.ContainerRegistry/registries/{name}"
_IDENTITY = _GROUP + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
_TRUSTED = _IDENTITY + "/federatedIdentityCredentials"
_COMPONENT = _GROUP + "/providers/Microsoft.Insights/components/{name}"
_DELETED = _SUB + _VAULT + "/locations/{location}/deletedVaults/{name}"

Verb = Callable[[Store, Request], Response]
# method, path, verb, permission, api-versions
Row = tuple[str, str, Verb, str, tuple[str, ...]]

# ruff: noqa: E501  # one row, one line
_ROWS: tuple[Row, ...] = (
    ("GET", _SUB + _VAULT + "/deletedVaults", vaults.list_deleted, "Microsoft.KeyVault/deletedVaults/read", api_versions.KEY_VAULT),
    ("GET", _DELETED, vaults.get_deleted, "Microsoft.KeyVault/locations/deletedVaults/read", api_versions.KEY_VAULT),
    ("POST", _DELETED + "/purge", vaults.purge, "Microsoft.KeyVault/locations/deletedVaults/purge/action", api_versions.KEY_VAULT),
    ("PUT", _GROUP + _VAULT + "/vaults/{name}/accessPolicies/{operation}", vaults.put_access_policies, "Microsoft.KeyVault/vaults/accessPolicies/write", api_versions.KEY_VAULT),
    ("GET", _SUB + _LOGS + "/deletedWorkspaces", log_workspaces.list_deleted, "Microsoft.OperationalInsights/workspaces/read", api_versions.LOG_ANALYTICS),
    ("GET", _GROUP + _LOGS + "/deletedWorkspaces", log_workspaces.list_deleted, "Microsoft.OperationalInsights/workspaces/read", api_versions.LOG_ANALYTICS),
    ("POST", _GROUP + _LOGS + "/workspaces/{name}/sharedKeys", log_workspaces.shared_keys, "Microsoft.OperationalInsights/workspaces/sharedKeys/action", api_versions.LOG_ANALYTICS),
    ("POST", _GROUP + _LOGS + "/workspaces/{name}/regenerateSharedKey", log_workspaces.regenerate, "Microsoft.OperationalInsights/workspaces/regenerateSharedKey/action", api_versions.LOG_ANALYTICS),
    ("GET", _COMPONENT + "/currentbillingfeatures", insights_components.get_billing, "Microsoft.Insights/components/currentbillingfeatures/read", api_versions.INSIGHTS_COMPONENTS),
    ("PUT", _COMPONENT + "/currentbillingfeatures", insights_components.put_billing, "Microsoft.Insights/components/currentbillingfeatures/write", api_versions.INSIGHTS_COMPONENTS),
    ("GET", _REGISTRY + "/replications", registries.list_replications, "Microsoft.ContainerRegistry/registries/replications/read", api_versions.CONTAINER_REGISTRY),
    ("POST", _REGISTRY + "/listCredentials", registries.list_credentials, "Microsoft.ContainerRegistry/registries/listCredentials/action", api_versions.CONTAINER_REGISTRY),
    ("POST", _REGISTRY + "/regenerateCredential", registries.regenerate_credential, "Microsoft.ContainerRegistry/registries/regenerateCredential/action", api_versions.CONTAINER_REGISTRY),
    ("GET", _TRUSTED, user_identities.list_credentials, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", api_versions.MANAGED_IDENTITY),
    ("PUT", _TRUSTED + "/{credential}", user_identities.put_credential, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write", api_versions.MANAGED_IDENTITY),
    ("GET", _TRUSTED + "/{credential}", user_identities.get_credential, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", api_versions.MANAGED_IDENTITY),
    ("DELETE", _TRUSTED + "/{credential}", user_identities.delete_credential, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete", api_versions.MANAGED_IDENTITY),
)  # fmt: skip


def rows(store: Store) -> tuple[Route, ...]:
    """As the routes of the table."""
    return tuple(
        Route(
            method=method, pattern=pattern, handler=partial(verb, store), action=action,
            query=("$top", "$skip", "$skiptoken"), api_versions=versions, doc=_DOC,
        )
        for method, pattern, verb, action, versions in _ROWS
    )  # fmt: skip
