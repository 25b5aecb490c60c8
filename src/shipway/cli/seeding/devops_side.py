"""The Azure DevOps half: project, repository, connection, groups, approvals, definitions."""

from collections.abc import Mapping
from typing import Any

from shipway.cli.seeding import azure_side
from shipway.cli.seeding.azure_side import AzureSide, Say
from shipway.cli.seeding.settings import StackSettings
from shipway.client.azure import AzureClient, AzureSaid

CONNECTION = "azure-ml-connection"
REPOSITORY = "flights"
_APPROVAL_TYPE = "8c6f20a7-a545-4486-9777-f762fafe0d4d"


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


def make_connection(
    client: AzureClient, project: Mapping[str, Any], sides: Mapping[str, AzureSide], say: Say
) -> str:
    """The service connection by workload identity federation, and what its identity may do."""
    name = str(project["name"])
    found = client.devops("GET", f"/{name}/_apis/serviceendpoint/endpoints")["value"]
    if CONNECTION in [c["name"] for c in found]:
        return str(next(c["id"] for c in found if c["name"] == CONNECTION))
    app = client.graph("POST", "/applications", {"displayName": f"{name}-devops"})
    principal = client.graph("POST", "/servicePrincipals", {"appId": app["appId"]})
    made = client.devops("POST", "/_apis/serviceendpoint/endpoints", {
        "name": CONNECTION, "type": "azurerm", "url": "https://management.azure.com/",
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
            {"name": CONNECTION, "projectReference": {"id": project["id"], "name": name}}
        ],
    })  # fmt: skip
    parameters = made["authorization"]["parameters"]
    client.graph("POST", f"/applications/{app['id']}/federatedIdentityCredentials", {
        "name": CONNECTION, "audiences": ["api://AzureADTokenExchange"],
        "issuer": parameters["workloadIdentityFederationIssuer"],
        "subject": parameters["workloadIdentityFederationSubject"],
    })  # fmt: skip
    for side in sides.values():
        group = side.workspace_id.split("/providers/")[0]
        for role, scope in (
            ("AzureML Data Scientist", side.workspace_id),
            ("Reader", group),
            ("Storage Blob Data Contributor", side.storage_id),
        ):
            azure_side.assign(client, principal_id=str(principal["id"]), role=role, scope=scope)
    say(f"service connection {CONNECTION} (workload identity federation, no secret)")
    return str(made["id"])


def make_environment(
    client: AzureClient,
    project: Mapping[str, Any],
    settings: StackSettings,
    *,
    approvers: list[str],
    webhook: str,
    step_seconds: int | None,
    say: Say,
) -> None:
    """Variable group, AzDO environment with its approval, and the two definitions."""
    name = str(project["name"])
    group = _group(client, project, settings, webhook=webhook, step_seconds=step_seconds)
    environment = _environment(client, name, settings, approvers)
    repository = client.devops("GET", f"/{name}/_apis/git/repositories/{REPOSITORY}")
    connections = client.devops("GET", f"/{name}/_apis/serviceendpoint/endpoints")["value"]
    resources = [
        ("variablegroup", str(group)),
        ("environment", str(environment)),
        *(("endpoint", str(c["id"])) for c in connections),
    ]
    for kind in ("ml", "release"):
        made = _definition(client, name, settings, repository, kind)
        for resource, key in resources:
            path = f"/{name}/_apis/pipelines/pipelinepermissions/{resource}/{key}"
            body = {"pipelines": [{"id": made, "authorized": True}]}
            client.devops("PATCH", path, body, api_version="7.1-preview.1")
    say(f"{settings.environment}: variable group, environment with approval, two pipelines")


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
    if found:
        return int(found[0]["id"])
    made = client.devops("POST", path, {"name": settings.environment_name})
    body = {
        "type": {"id": _APPROVAL_TYPE, "name": "Approval"},
        "settings": {
            "approvers": [{"id": one} for one in approvers],
            "executionOrder": "anyOrder",
            "minRequiredApprovers": int(settings.get("minimum_approvers")),
            "requesterCannotBeApprover": True,
            "instructions": "Compare the metrics with the champion's in the run's summary.",
            "blockedApprovers": [],
        },
        "resource": {
            "type": "environment",
            "id": str(made["id"]),
            "name": settings.environment_name,
        },
        "timeout": 43200,
    }
    client.devops(
        "POST", f"/{project}/_apis/pipelines/checks/configurations", body,
        api_version="7.1-preview.1",
    )  # fmt: skip
    return int(made["id"])


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
        "pathFilters": [],
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
