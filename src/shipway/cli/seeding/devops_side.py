"""The Azure DevOps half: project, repository, and for each environment its connection, variable
group, checks and definitions; the names and settings are those of the stack's Terraform."""

from collections.abc import Mapping
from typing import Any

from shipway.cli.seeding import azure_side
from shipway.cli.seeding.azure_side import AzureSide, Say
from shipway.cli.seeding.settings import StackSettings
from shipway.client.azure import AzureClient, AzureSaid

REPOSITORY = "flights"
_APPROVAL = {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"}
_EXCLUSIVE_LOCK = {"id": "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "name": "ExclusiveLock"}
_TASK_CHECK = {"id": "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "name": "Task Check"}
_BRANCH_CONTROL = {
    "id": "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b", "name": "evaluatebranchProtection",
    "version": "0.0.1",
}  # fmt: skip
_CHECKS_VERSION = "7.1-preview.1"
_MINUTES = 43200


def make_project(client: AzureClient, name: str, say: Say) -> dict[str, Any]:
    """The project and its repository."""
    try:
        project = client.devops("GET", f"/_apis/projects/{name}")
    except AzureSaid as error:
        if error.status != 404:
            raise
        client.devops("POST", "/_apis/projects", {
            "name": name, "visibility": "private",
            "capabilities": {
                "versioncontrol": {"sourceControlType": "Git"},
                "processTemplate": {"templateTypeId": "adcc42ab-9882-485e-a3ed-7678f01f66bc"},
            },
        })  # fmt: skip
        project = client.devops("GET", f"/_apis/projects/{name}")
    repositories = client.devops("GET", f"/{name}/_apis/git/repositories")["value"]
    if REPOSITORY not in [r["name"] for r in repositories]:
        body = {"name": REPOSITORY, "project": {"id": project["id"]}}
        client.devops("POST", f"/{name}/_apis/git/repositories", body)
    say(f"project {name} with the repository {REPOSITORY}")
    return project


def make_environment(
    client: AzureClient,
    project: Mapping[str, Any],
    settings: StackSettings,
    side: AzureSide,
    *,
    approvers: list[str],
    webhook: str,
    step_seconds: int | None,
    say: Say,
) -> None:
    """Connection, variable group, AzDO environment with its checks, and the two definitions."""
    name = str(project["name"])
    connection = _connection(client, project, settings, side)
    group = _group(client, project, settings, webhook=webhook, step_seconds=step_seconds)
    environment = _environment(client, name, settings, approvers)
    repository = client.devops("GET", f"/{name}/_apis/git/repositories/{REPOSITORY}")
    resources = [
        ("variablegroup", str(group)),
        ("environment", str(environment)),
        ("endpoint", connection),
    ]
    for kind in ("ml", "release"):
        made = _definition(client, name, settings, repository, kind)
        for resource, key in resources:
            path = f"/{name}/_apis/pipelines/pipelinepermissions/{resource}/{key}"
            body = {"pipelines": [{"id": made, "authorized": True}]}
            client.devops("PATCH", path, body, api_version=_CHECKS_VERSION)
    say(f"{settings.environment}: service connection without a secret, variable group, "
        "environment with approval, two pipelines")  # fmt: skip


def _connection(
    client: AzureClient, project: Mapping[str, Any], settings: StackSettings, side: AzureSide
) -> str:
    """The connection by workload identity federation; its identity has roles in its own
    environment only."""
    name, connection = str(project["name"]), settings.connection
    found = client.devops("GET", f"/{name}/_apis/serviceendpoint/endpoints")["value"]
    there = next((str(c["id"]) for c in found if c["name"] == connection), None)
    if there is None:
        there, app_id = _new_connection(client, project, settings)
        for role, scope in (
            ("AzureML Data Scientist", side.workspace_id),
            ("Storage Blob Data Contributor", side.storage_id),
        ):
            azure_side.assign(client, principal_id=app_id, role=role, scope=scope)
    _check(client, name, "endpoint", there, connection, _branch_control(settings))
    return there


def _new_connection(
    client: AzureClient, project: Mapping[str, Any], settings: StackSettings
) -> tuple[str, str]:
    """A new connection and its application; ids of the connection and the service principal."""
    name, connection = str(project["name"]), settings.connection
    shown = f"{settings.environment}-ml-devops"
    app = client.graph("POST", "/applications", {"displayName": shown})
    principal = client.graph("POST", "/servicePrincipals", {"appId": app["appId"]})
    made = client.devops("POST", "/_apis/serviceendpoint/endpoints", {
        "name": connection, "type": "azurerm", "url": "https://management.azure.com/",
        "authorization": {
            "scheme": "WorkloadIdentityFederation",
            "parameters": {"tenantid": client.tenant_id, "serviceprincipalid": app["appId"]},
        },
        "data": {
            "environment": "AzureCloud", "scopeLevel": "Subscription", "creationMode": "Manual",
            "subscriptionId": client.subscription_id, "subscriptionName": "shipway",
        },
        "isShared": False, "isReady": True,
        "serviceEndpointProjectReferences": [
            {"name": connection, "projectReference": {"id": project["id"], "name": name}}
        ],
    })  # fmt: skip
    parameters = made["authorization"]["parameters"]
    client.graph("POST", f"/applications/{app['id']}/federatedIdentityCredentials", {
        "name": connection, "audiences": ["api://AzureADTokenExchange"],
        "issuer": parameters["workloadIdentityFederationIssuer"],
        "subject": parameters["workloadIdentityFederationSubject"],
    })  # fmt: skip
    return str(made["id"]), str(principal["id"])


def _group(
    client: AzureClient,
    project: Mapping[str, Any],
    settings: StackSettings,
    *,
    webhook: str,
    step_seconds: int | None,
) -> int:
    name = f"ml-{settings.environment}"
    values = {
        "subscriptionId": client.subscription_id,
        "resourceGroup": settings.resource_group,
        "workspaceName": settings.workspace,
        "computeName": settings.get("compute_name"),
        "instanceType": settings.get("instance_type"),
        "modelName": settings.get("model_name"),
        "endpointName": settings.get("endpoint_name"),
        "aucThreshold": settings.get("auc_threshold"),
        "stepSeconds": str(step_seconds or settings.get("step_seconds")),
        "retrainFrequency": settings.get("retrain_frequency"),
        "retrainInterval": settings.get("retrain_interval"),
        "registryName": settings.get("registry_name"),
        "notifyWebhook": webhook or settings.get("notify_webhook") or "none",
    }
    body = {
        "name": name,
        "type": "Vsts",
        "variables": {n: {"value": v, "isSecret": False} for n, v in values.items()},
        "variableGroupProjectReferences": [
            {"name": name, "projectReference": {"id": project["id"], "name": project["name"]}}
        ],
    }
    found = client.devops(
        "GET", f"/{project['name']}/_apis/distributedtask/variablegroups?groupName={name}"
    )["value"]
    if found:
        path = f"/_apis/distributedtask/variablegroups/{found[0]['id']}"
        return int(client.devops("PUT", path, body)["id"])
    return int(client.devops("POST", "/_apis/distributedtask/variablegroups", body)["id"])


def _environment(
    client: AzureClient, project: str, settings: StackSettings, approvers: list[str]
) -> int:
    path = f"/{project}/_apis/distributedtask/environments"
    found = client.devops("GET", f"{path}?name={settings.environment_name}")["value"]
    made = found[0] if found else client.devops("POST", path, {"name": settings.environment_name})
    approval = {
        "type": _APPROVAL, "timeout": _MINUTES,
        "settings": {
            "approvers": [{"id": one} for one in approvers],
            "executionOrder": "anyOrder",
            "minRequiredApprovers": int(settings.get("minimum_approvers")),
            "requesterCannotBeApprover": True,
            "instructions": "Compare the metrics with the champion's in the run's summary.",
            "blockedApprovers": [],
        },
    }  # fmt: skip
    lock = {"type": _EXCLUSIVE_LOCK, "timeout": _MINUTES, "settings": {}}
    for check in (approval, _branch_control(settings), lock):
        key = str(made["id"])
        _check(client, project, "environment", key, settings.environment_name, check)
    return int(made["id"])


def _branch_control(settings: StackSettings) -> dict[str, Any]:
    """Only the deploy branch: another one's YAML could name the resource as well."""
    branch = settings.get("deploy_branch")
    inputs = {
        "allowedBranches": f"refs/heads/{branch}", "ensureProtectionOfBranch": "false",
        "allowUnknownStatusBranch": "false",
    }  # fmt: skip
    return {
        "type": _TASK_CHECK, "timeout": 1440,
        "settings": {"displayName": f"Only {branch}", "definitionRef": _BRANCH_CONTROL,
                     "inputs": inputs, "retryInterval": 5},
    }  # fmt: skip


def _check(  # a check and the resource that it stands on
    client: AzureClient, project: str, kind: str, key: str, name: str, check: dict[str, Any]
) -> None:
    """Put a check on a resource, unless one of its type is there."""
    path = f"/{project}/_apis/pipelines/checks/configurations"
    found = client.devops(
        "GET", f"{path}?resourceType={kind}&resourceId={key}", api_version=_CHECKS_VERSION
    )["value"]
    if check["type"]["id"] not in [one["type"]["id"] for one in found]:
        body = {**check, "resource": {"type": kind, "id": key, "name": name}}
        client.devops("POST", path, body, api_version=_CHECKS_VERSION)


def _definition(
    client: AzureClient,
    project: str,
    settings: StackSettings,
    repository: Mapping[str, Any],
    kind: str,
) -> int:
    name = f"{settings.environment}-{kind}-pipeline"
    path = f"/{project}/_apis/build/definitions"
    found = client.devops("GET", f"{path}?name={name}")["value"]
    if found:
        return int(found[0]["id"])
    branch = f"refs/heads/{settings.get('deploy_branch')}"
    trigger = {
        "triggerType": "continuousIntegration",
        "branchFilters": [f"+{branch}"],
        "pathFilters": [f"+{one}" for one in settings.trigger_paths] if kind == "ml" else [],
        "settingsSourceType": 1 if kind == "ml" else 2,
        "batchChanges": False,
    }
    body = {
        "name": name,
        "path": "\\",
        "type": "build",
        "queueStatus": "enabled",
        "process": {"type": 2, "yamlFilename": f"azure-devops/{kind}-pipeline.yml"},
        "repository": {
            "id": repository["id"],
            "name": repository["name"],
            "type": "TfsGit",
            "defaultBranch": branch,
        },
        "triggers": [trigger],
        "project": {"name": project},
    }
    return int(client.devops("POST", path, body)["id"])
