"""Azure's built-in roles, as data: their true ids and what they permit.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles. Only roles that
the supported resources can use are listed; within a role only actions that can be asked here.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from shipway.base.errors import NotFound

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_ML = "Microsoft.MachineLearningServices/workspaces"
_VAULT = "Microsoft.KeyVault/vaults"
_DELEGATION = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"

# actions on data, which '*' among a role's plain actions does not give
_DATA_ACTIONS = (
    f"{_BLOBS}/*",
    f"{_VAULT}/secrets/*/action",
    f"{_VAULT}/secrets/delete",
    f"{_VAULT}/keys/*/action",
    f"{_VAULT}/certificatecontacts/write",
    f"{_VAULT}/certificates/read",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDefinition:
    """A role: what it permits on resources (`actions`) and on their data (`data_actions`)."""

    role_id: str
    name: str
    description: str = ""
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    is_custom: bool = False
    assignable_scopes: tuple[str, ...] = ("/",)

    def permits(self, action: str) -> bool:
        """Whether the role gives `action`."""
        if is_data_action(action):
            given, taken = self.data_actions, self.not_data_actions
        else:
            given, taken = self.actions, self.not_actions
        return any(_matches(p, action) for p in given) and not any(
            _matches(p, action) for p in taken
        )


ROLES: tuple[RoleDefinition, ...] = (
    RoleDefinition(
        role_id="8e3af657-a8ff-443c-a75c-2fe8c4bcb635", name="Owner",
        description="Grants full access to manage all resources, including the ability to assign "
        "roles in Azure RBAC.", actions=("*",),
    ),
    RoleDefinition(
        role_id="b24988ac-6180-42a0-ab88-20f7382dd24c", name="Contributor",
        description="Grants full access to manage all resources, but does not allow you to assign "
        "roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.",
        actions=("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
        ),
    ),
    RoleDefinition(
        role_id="acdd72a7-3385-48ef-bd42-f606fba81ae7", name="Reader",
        description="View all resources, but does not allow you to make any changes.",
        actions=("*/read",),
    ),
    RoleDefinition(
        role_id="18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", name="User Access Administrator",
        description="Lets you manage user access to Azure resources.",
        actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    RoleDefinition(
        role_id="f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        name="Role Based Access Control Administrator",
        description="Manage access to Azure resources by assigning roles using Azure RBAC.",
        actions=(
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete", "*/read", "Microsoft.Support/*",
        ),
    ),
    RoleDefinition(
        role_id="f6c7c914-8db3-469d-8ca1-694a8f32e121", name="AzureML Data Scientist",
        description="Can perform all actions within an Azure Machine Learning workspace, except "
        "for creating or deleting compute resources and modifying the workspace itself.",
        actions=(f"{_ML}/*/read", f"{_ML}/*/action", f"{_ML}/*/delete", f"{_ML}/*/write"),
        not_actions=(
            f"{_ML}/delete", f"{_ML}/write", f"{_ML}/computes/*/write", f"{_ML}/computes/*/delete",
            f"{_ML}/computes/listKeys/action", f"{_ML}/listKeys/action", f"{_ML}/hubs/write",
            f"{_ML}/hubs/delete", f"{_ML}/featurestores/write", f"{_ML}/featurestores/delete",
        ),
    ),
    RoleDefinition(
        role_id="e503ece1-11d0-4e8e-8e2c-7a6c3bf38815", name="AzureML Compute Operator",
        description="Can access and perform CRUD operations on Machine Learning Services managed "
        "compute resources (including Notebook VMs).",
        actions=(f"{_ML}/computes/*", f"{_ML}/notebooks/vm/*"),
    ),
    RoleDefinition(
        role_id="635dd51f-9968-44d3-b7fb-6d9a6bd613ae", name="AzureML Metrics Writer (preview)",
        description="Lets you write metrics to AzureML workspace",
        actions=(f"{_ML}/metrics/*/write",),
    ),
    RoleDefinition(
        role_id="1823dd4f-9b8c-4ab6-ab4e-7397a3684615", name="AzureML Registry User",
        description="Can perform all actions on Machine Learning Services Registry assets as well "
        "as get Registry resources.",
        actions=(
            "Microsoft.MachineLearningServices/registries/read",
            "Microsoft.MachineLearningServices/registries/assets/*",
        ),
    ),
    RoleDefinition(
        role_id="ea01e6af-a1c1-4350-9563-ad00f8c72ec5",
        name="Azure Machine Learning Workspace Connection Secrets Reader",
        description="Can list workspace connection secrets",
        actions=(f"{_ML}/connections/listsecrets/action", f"{_ML}/metadata/secrets/read"),
    ),
    RoleDefinition(
        role_id="17d1049b-9a84-46fb-8f53-869881c3d3ab", name="Storage Account Contributor",
        description="Lets you manage storage accounts, including accessing storage account keys "
        "which provide full access to storage account data.",
        actions=(
            "Microsoft.Authorization/*/read", "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Storage/storageAccounts/*",
        ),
    ),
    RoleDefinition(
        role_id="b7e6dc6d-f1e8-4753-8033-0f276bb0955b", name="Storage Blob Data Owner",
        description="Allows for full access to Azure Storage blob containers and data, including "
        "assigning POSIX access control.",
        actions=(f"{_CONTAINERS}/*", _DELEGATION), data_actions=(f"{_BLOBS}/*",),
    ),
    RoleDefinition(
        role_id="ba92f5b4-2d11-453d-a403-e96b0029c9fe", name="Storage Blob Data Contributor",
        description="Allows for read, write and delete access to Azure Storage blob containers "
        "and data",
        actions=(
            f"{_CONTAINERS}/delete", f"{_CONTAINERS}/read", f"{_CONTAINERS}/write", _DELEGATION,
        ),
        data_actions=(
            f"{_BLOBS}/delete", f"{_BLOBS}/read", f"{_BLOBS}/write", f"{_BLOBS}/move/action",
            f"{_BLOBS}/add/action",
        ),
    ),
    RoleDefinition(
        role_id="2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", name="Storage Blob Data Reader",
        description="Allows for read access to Azure Storage blob containers and data",
        actions=(f"{_CONTAINERS}/read", _DELEGATION), data_actions=(f"{_BLOBS}/read",),
    ),
    RoleDefinition(
        role_id="db58b8e5-c6ad-4a2a-8342-4190687cbf4a", name="Storage Blob Delegator",
        description="Allows for generation of a user delegation key which can be used to sign SAS "
        "tokens", actions=(_DELEGATION,),
    ),
    RoleDefinition(
        role_id="7f951dda-4ed3-4680-a7ca-43fe172d538d", name="AcrPull",
        description="acr pull", actions=("Microsoft.ContainerRegistry/registries/pull/read",),
    ),
    RoleDefinition(
        role_id="8311e382-0749-4cb8-b61a-304f252e45ec", name="AcrPush", description="acr push",
        actions=(
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
    ),
    RoleDefinition(
        role_id="00482a5a-887f-4fb3-b363-3b7fe8e74483", name="Key Vault Administrator",
        description="Perform all data plane operations on a key vault and all objects in it, "
        "including certificates, keys, and secrets.",
        actions=(f"{_VAULT}/*/read",), data_actions=(f"{_VAULT}/*",),
    ),
    RoleDefinition(
        role_id="21090545-7ca7-4776-b22c-e363652d74d2", name="Key Vault Reader",
        description="Read metadata of key vaults and its certificates, keys, and secrets.",
        actions=(f"{_VAULT}/*/read",),
        data_actions=(f"{_VAULT}/*/read", f"{_VAULT}/secrets/readMetadata/action"),
    ),
    RoleDefinition(
        role_id="b86a8fe4-44ce-4948-aee5-eccb2c155cd7", name="Key Vault Secrets Officer",
        description="Perform any action on the secrets of a key vault, except manage permissions.",
        actions=(f"{_VAULT}/*/read",), data_actions=(f"{_VAULT}/secrets/*",),
    ),
    RoleDefinition(
        role_id="4633458b-17de-408a-b874-0445c86b69e6", name="Key Vault Secrets User",
        description="Read secret contents.",
        data_actions=(
            f"{_VAULT}/secrets/getSecret/action", f"{_VAULT}/secrets/readMetadata/action",
        ),
    ),
    RoleDefinition(
        role_id="e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", name="Managed Identity Contributor",
        description="Create, Read, Update, and Delete User Assigned Identity",
        actions=(
            "Microsoft.ManagedIdentity/userAssignedIdentities/*", "Microsoft.Authorization/*/read",
        ),
    ),
    RoleDefinition(
        role_id="f1a07417-d97a-45cb-824c-7a7467783830", name="Managed Identity Operator",
        description="Read and Assign User Assigned Identity",
        actions=(
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.Authorization/*/read",
        ),
    ),
    RoleDefinition(
        role_id="749f88d5-cbae-40b8-bcfc-e573ddc772fa", name="Monitoring Contributor",
        description="Can read all monitoring data and update monitoring settings.",
        actions=("*/read", "Microsoft.Insights/*", "Microsoft.OperationalInsights/workspaces/*"),
    ),
    RoleDefinition(
        role_id="43d0d8ad-25c7-4714-9337-8ba259a9fe05", name="Monitoring Reader",
        description="Can read all monitoring data.", actions=("*/read",),
    ),
)  # fmt: skip
_BY_WORD = {word.lower(): role for role in ROLES for word in (role.name, role.role_id)}


def find(name_or_id: str) -> RoleDefinition | None:
    """The built-in role of that name, GUID or resource id, or None."""
    word = name_or_id.rstrip("/").rpartition("/")[2].lower()
    return _BY_WORD.get(word) or _BY_WORD.get(name_or_id.lower())


def get(name_or_id: str) -> RoleDefinition:
    """The built-in role of that name, GUID or resource id.

    Raises `NotFound` (RoleDefinitionDoesNotExist).
    """
    role = find(name_or_id)
    if role is None:
        raise NotFound(
            f"The specified role definition with ID '{name_or_id}' does not exist",
            code="RoleDefinitionDoesNotExist",
            where=name_or_id,
            hint=f"Known roles: {', '.join(r.name for r in ROLES)}.",
        )
    return role


def is_data_action(action: str) -> bool:
    """Whether an action is on the data within a resource."""
    return any(_matches(pattern, action) for pattern in _DATA_ACTIONS)


@lru_cache(maxsize=4096)
def _matches(pattern: str, action: str) -> bool:
    # '*' stands for any text; between two slashes also for nothing, so that AzureML Data
    # Scientist's 'workspaces/*/read' lets the workspace itself be read, as on Azure
    text = re.escape(pattern).replace(r"/\*/", "/(?:.*/)?").replace(r"\*", ".*")
    return re.fullmatch(text, action, re.IGNORECASE) is not None
