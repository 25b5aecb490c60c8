"""The tasks of agentless jobs (`pool: server`): their inputs.

Names, aliases, defaults, rules and what is required are those of each task.json.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/phases#agentless-tasks
"""

from shipway.devops.task_definition import TaskDefinition

_HEADERS = """\
{
"Content-Type":"application/json",\x20
"PlanUrl": "$(system.CollectionUri)",\x20
"ProjectId": "$(system.TeamProjectId)",\x20
"HubName": "$(system.HostType)",\x20
"PlanId": "$(system.PlanId)",\x20
"JobId": "$(system.JobId)",\x20
"TimelineId": "$(system.TimelineId)",\x20
"TaskInstanceId": "$(system.TaskInstanceId)",\x20
"AuthToken": "$(system.AccessToken)"
}"""
_CALL = {"method": "POST", "headers": _HEADERS, "body": ""}
_END = {"waitForCompletion": "false", "successCriteria": ""}
_CALL_RULES = {
    "body": "method != GET && method != HEAD",
    "successCriteria": "waitForCompletion = false",
}
_METHODS = ("OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "PATCH")
_CALL_OPTIONS = {"method": _METHODS, "waitForCompletion": ("true", "false")}
_TIMEOUTS = {"onTimeout": ("reject", "resume")}
_WAIT = {
    "serviceConnection": "",
    "resourceGroupName": "",
    "azureMLWorkspaceName": "",
    "azureMLJobName": "",
}


def _job_wait(version: int, inputs: dict[str, str]) -> TaskDefinition:
    return TaskDefinition(
        name="AzureMLJobWaitTask",
        version=version,
        inputs=inputs,
        required=("serviceConnection", "azureMLJobName"),
        connections={"serviceConnection": "azurerm"},
        runs_on_server=True,
        summary="Waits until a job of Azure ML has ended; its end is the step's.",
    )


SERVER_TASKS: tuple[TaskDefinition, ...] = (
    TaskDefinition(
        name="ManualValidation",
        version=0,
        inputs={"notifyUsers": "", "instructions": "", "onTimeout": "reject"},
        options=_TIMEOUTS,
        runs_on_server=True,
        summary="Waits until a person resumes or rejects: REST, studio, `shipway approve`.",
        limits=("No mail is sent.",),
    ),
    TaskDefinition(
        name="ManualValidation",
        version=1,
        inputs={
            "notifyUsers": "",
            "approvers": "",
            "allowApproversToApproveTheirOwnRuns": "true",
            "instructions": "",
            "onTimeout": "reject",
        },
        options=_TIMEOUTS,
        runs_on_server=True,
        summary="Waits until an approver resumes or rejects: REST, studio, `shipway approve`.",
        limits=("No mail is sent.",),
    ),
    TaskDefinition(
        name="Delay",
        version=1,
        inputs={"delayForMinutes": "0"},
        required=("delayForMinutes",),
        runs_on_server=True,
        summary="Waits for some minutes.",
    ),
    TaskDefinition(
        name="InvokeRESTAPI",
        version=1,
        inputs={
            "connectedServiceNameSelector": "connectedServiceName",
            "connectedServiceName": "",
            "connectedServiceNameARM": "",
            "connectedServiceNameAzureDevOps": "",
            **_CALL,
            "urlSuffix": "",
            **_END,
        },
        aliases={
            "connectionType": "connectedServiceNameSelector",
            "serviceConnection": "connectedServiceName",
            "genericService": "connectedServiceName",
            "azureServiceConnection": "connectedServiceNameARM",
            "azureSubscription": "connectedServiceNameARM",
            "azureDevOpsServiceConnection": "connectedServiceNameAzureDevOps",
        },
        required=(
            "connectedServiceNameSelector",
            "connectedServiceName",
            "connectedServiceNameARM",
            "connectedServiceNameAzureDevOps",
            "method",
            "waitForCompletion",
        ),
        visible={
            "connectedServiceName": "connectedServiceNameSelector = connectedServiceName",
            "connectedServiceNameARM": "connectedServiceNameSelector = connectedServiceNameARM",
            "connectedServiceNameAzureDevOps": (
                "connectedServiceNameSelector = connectedServiceNameAzureDevOps"
            ),
            **_CALL_RULES,
        },
        options={
            "connectedServiceNameSelector": (
                "connectedServiceName",
                "connectedServiceNameARM",
                "connectedServiceNameAzureDevOps",
            ),
            **_CALL_OPTIONS,
        },
        connections={"connectedServiceName": "generic", "connectedServiceNameARM": "azurerm"},
        runs_on_server=True,
        summary="Calls a REST API: its answer or its callback ends the step.",
        limits=("Connections of the type Azure DevOps are refused.",),
    ),
    TaskDefinition(
        name="AzureFunction",
        version=1,
        inputs={"function": "", "key": "", **_CALL, "queryParameters": "", **_END},
        required=("function", "key", "method", "waitForCompletion"),
        visible=_CALL_RULES,
        options=_CALL_OPTIONS,
        runs_on_server=True,
        summary="Calls a function by its URL: its answer or its callback ends the step.",
        limits=("There are no function apps here: give the URL of a function that runs.",),
    ),
    TaskDefinition(
        name="AzureFunction",
        version=2,
        inputs={
            "azureServiceConnection": "",
            "function": "",
            "key": "",
            **_CALL,
            "queryParameters": "",
            **_END,
        },
        aliases={
            "azureSubscription": "azureServiceConnection",
            "connectedServiceARM": "azureServiceConnection",
        },
        required=("function", "method", "waitForCompletion"),
        visible=_CALL_RULES,
        options=_CALL_OPTIONS,
        connections={"azureServiceConnection": "azurerm"},
        runs_on_server=True,
        summary="As version 1; with a service connection it signs in as that.",
        limits=("There are no function apps here: give the URL of a function that runs.",),
    ),
    _job_wait(0, {**_WAIT, "azureMLWorkspaceLocation": ""}),
    _job_wait(1, _WAIT),
)
